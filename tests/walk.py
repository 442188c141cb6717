"""A deployment on its way against the lab: each answer given as an operator does, each task run as a worker does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from tests.builders import make_deployment
from tests.lab_fixtures import leave_vcenter
from tests.places import Place, untouched
from wizard.lab.ova import make_ova
from wizard.lab.vcenter import LabVCenter
from wizard.models import Attestation, Credential, Deployment, Operator, Task, TaskState
from wizard.services import (
    attestations,
    credentials,
    deployment_plan,
    deployment_progress,
    deployments,
    tasks,
)
from wizard.text import Text

TEMPLATE = "template.ova"
VM_NAME = "lyon-cs01"
PORT = 443

ANSWERS: dict[str, dict[str, Any]] = {
    "source": {"protects": ["vmware"], "method": "ova"},
    "capacity": {"machines": 120, "daily_change_gb": 700},
    "placement": {
        "datacenter": "DC0",
        "compute": "DC0_C0",
        "datastore": "LocalDS_0",
        "network": "VM Network",
        "folder": "Infrastructure/Recovery",
        "vm_name": VM_NAME,
    },
    "template": {"file": TEMPLATE, "networks": {"Network 1": "VM Network"}, "accept_license": True},
    "network": {
        "host_name": "cs01",
        "dns_suffix": "lab.test",
        "address": "192.0.2.10",
        "netmask": "255.255.255.0",
        "gateway": "192.0.2.1",
        "dns": ["127.0.0.1"],
        "ntp": ["127.0.0.1"],
    },
    "vault": {
        "cloud": "public",
        "subscription": "00000000-0000-0000-0000-000000000001",
        "resource_group": "rg-lyon-dr",
        "vault": "lyon-vault",
        "region": "francecentral",
        "confirm_name": "lyon-vault",
    },
}
WORK = {
    "checked": "preflight",
    "deployed": "deploy_ova",
    "registered": "register_vcenter",
    "recorded": "record_topology",
}
PLACES: dict[str, Place] = {}
STAGES = ("source", "capacity", "vcenter", "placement", "template", "network", "vault", *WORK)


class Walk:
    """One deployment, its operator, and the vCenter that it is meant for.

    What is asked for of a deployment that nobody has touched is walked once in each process, and put back after that:
    most tests are about what comes next. `on_foot` is for those that are about the way, too.
    """

    def __init__(
        self, operator: Operator, vcenter: LabVCenter, name: str | None = None, *, on_foot: bool = False
    ) -> None:
        self.operator = operator
        self.vcenter = vcenter
        self.control = vcenter.control
        self.deployment: Deployment = make_deployment(operator, name)
        self._may_leap = name is None and not on_foot

    def to(self, stage: str, **options: Any) -> Walk:
        """Go on from where it is until `stage` is done, with everything before it. `options` go to `make_template`."""
        # What is in vCenter cannot be put back: leaps end before the first machine is made.
        leap = min(stage, "checked", key=STAGES.index)
        if self._may_leap and untouched(self.deployment):
            way = self._way_to(leap, options)
            if way not in PLACES:
                PLACES[way] = Place(self._walk(leap, options), TEMPLATE)
                # Nobody who leaps is signed in or counted there.
                leave_vcenter()
                self.control.reset_logins()
            else:
                PLACES[way].put_back(self)
            if stage == leap:
                return self
        return self._walk(stage, options)

    def _way_to(self, stage: str, options: dict[str, Any]) -> str:
        """Everything that decides how things are when one has come there."""
        around = settings.CONNECT_TO, settings.PROBE_CA_FILE, self.vcenter.thumbprint_sha256
        return repr((stage, sorted(options.items()), ANSWERS, around))

    def _walk(self, stage: str, options: dict[str, Any]) -> Walk:
        done = deployment_progress.completed_steps(self.deployment)
        for step in STAGES[: STAGES.index(stage) + 1]:
            if step in WORK:
                if STAGES.index(step) > STAGES.index(self.state):
                    self.done(WORK[step])
                if step == self.state == "checked" and deployment_plan.current(self.deployment) is None:
                    self.done("plan_deployment")
            elif step == "vcenter" and step not in done:
                self.trust()
                self.done("sign_in_vcenter")
            elif step not in done:
                if step == "template":
                    if options or not (settings.TEMPLATE_DIR / TEMPLATE).exists():
                        self.make_template(**options)
                    self.done("inspect_template", file=TEMPLATE)
                self.answer(step)
                if step == "vault":
                    self.attest()
        return self

    @property
    def credential(self) -> str:
        return f"{self.deployment.name}-vcenter"

    # --- what the operator does --------------------------------------------------------------------------------------

    def answer(self, step: str, **changes: Any) -> None:
        deployments.answer(self.deployment, step, {**ANSWERS.get(step, {}), **changes}, actor=self.operator)

    def enter_password(self, account: str = "asr-operator", password: str | None = None) -> Credential:
        """Enter one of the lab's accounts; with another password than its own if so wished."""
        known = self.vcenter.account(account)
        return credentials.keep(
            name=self.credential,
            kind=Credential.Kind.VCENTER,
            username=known.username,
            secret=known.password if password is None else password,
            actor=self.operator,
        )

    def trust(self, account: str = "asr-operator", password: str | None = None) -> None:
        """Confirm the certificate that vCenter has now, and enter the account."""
        self.enter_password(account, password)
        self.answer("vcenter", **self.address, credential=self.credential)

    def attest(self) -> None:
        """Yes to every question that no probe can answer, as it is kept: how one is answered is proven elsewhere."""
        Attestation.objects.bulk_create(
            Attestation(
                deployment=self.deployment,
                requirement_id=row.id,
                answer=Attestation.Answer.YES,
                answered_by=self.operator,
                answered_at=timezone.now(),
            )
            for row in attestations.questions_for(self.deployment)
        )

    def make_template(self, **options: Any) -> Path:
        return make_ova(settings.TEMPLATE_DIR / TEMPLATE, **options)

    def launch(self, kind: str, **inputs: Any) -> Task:
        """What is deployed is the newest plan, unless the inputs say otherwise."""
        if kind == "deploy_ova" and "plan_sha256" not in inputs:
            plan = deployment_plan.newest(self.deployment)
            inputs |= {"plan_sha256": plan.sha256} if plan else {}
        return tasks.launch(kind, deployment=self.deployment, actor=self.operator, inputs=inputs)

    # --- what a worker does ------------------------------------------------------------------------------------------

    def run(self, kind: str, **inputs: Any) -> Task:
        """The task as it ended, whichever way."""
        return self.execute(self.launch(kind, **inputs))

    def execute(self, task: Task) -> Task:
        tasks.execute(task.pk, "test")
        task.refresh_from_db()
        self.deployment.refresh_from_db()
        return task

    def done(self, kind: str, **inputs: Any) -> Task:
        task = self.run(kind, **inputs)
        assert task.state == TaskState.SUCCEEDED, f"{kind} {task.state}: {task.error}"
        return task

    def failed(self, kind: str, **inputs: Any) -> Failure:
        task = self.run(kind, **inputs)
        assert task.state == TaskState.FAILED, f"{kind} {task.state}: {task.result}"
        return Failure(task)

    # --- what there is -----------------------------------------------------------------------------------------------

    @property
    def address(self) -> dict[str, Any]:
        """What the operator confirmed of this vCenter."""
        return {
            "host": self.vcenter.name,
            "port": PORT,
            "thumbprint_sha256": self.vcenter.thumbprint_sha256,
        }

    @property
    def state(self) -> str:
        self.deployment.refresh_from_db()
        return "vault" if self.deployment.state == "draft" else self.deployment.state

    @property
    def standing(self) -> str:
        return Credential.objects.get(name=self.credential).standing

    def machines(self, name: str = VM_NAME) -> list[dict[str, Any]]:
        """The machines of that name in vCenter."""
        return [machine for machine in self.control.machines() if machine["name"] == name]


class Failure:
    """How a task failed, in the words that a person reads: the log says the same, and a remedy is never missing."""

    def __init__(self, task: Task) -> None:
        assert task.error is not None, task.state
        self.task = task
        self.code: str = task.error["code"]
        self.message = str(Text.from_json(task.error["message"]))
        self.remedy = str(Text.from_json(task.error["remedy"]))
        last = task.events.last()
        assert last is not None
        assert (last.level, str(last.message)) == ("error", self.message)
        assert self.remedy, f"no remedy for: {self.message}"

    def __str__(self) -> str:
        return f"{self.code}: {self.message} {self.remedy}"
