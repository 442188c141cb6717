"""What tasks found out, asked for by the inputs it was found with: an answer counts only with proof of the same thing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from wizard.journey import base as journey
from wizard.journey.template import TemplateAnswers
from wizard.models import Credential, Deployment, HostFacts, Task, TaskState
from wizard.planning.sizing import SizingAdvice, advise
from wizard.services.answers import Answers, answers_of, components_of, primary_component

VCENTER_INPUTS = ("host", "port", "thumbprint_sha256", "credential")
TEMPLATE_INPUTS = ("source", "file", "url", "sha256")
# By these parts of an inspection's result a file is known again.
FINGERPRINT = ("size_bytes", "modified_ns")


def latest(
    deployment: Deployment,
    kind: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    before: datetime | None = None,
) -> Task | None:
    """The newest successful task of that kind, or None; with `inputs` only one that was started with the same."""
    # A result may hold the inventory of a whole vCenter: it is read when somebody asks for it, not to compare inputs.
    found = (
        deployment.tasks.filter(kind=kind, state=TaskState.SUCCEEDED).order_by("-finished_at").defer("result")
    )
    if before is not None:
        found = found.filter(finished_at__lte=before)
    for task in found[:20]:
        if inputs is None or _started_with(task, inputs):
            return task
    return None


def newest(deployment: Deployment, kind: str, inputs: Mapping[str, Any] | None = None) -> Task | None:
    """The newest task of that kind in whatever state; with `inputs` only one that was started with the same."""
    found = deployment.tasks.filter(kind=kind).order_by("-queued_at").defer("result")
    if inputs is None:
        return found.first()
    return next((task for task in found[:20] if _started_with(task, inputs)), None)


def _started_with(task: Task, inputs: Mapping[str, Any]) -> bool:
    return all(task.inputs.get(name) == value for name, value in inputs.items())


def signed_in(deployment: Deployment, answers: Mapping[str, Any]) -> Task | None:
    """The sign-in with exactly these answers, as long as its credential is still accepted."""
    inputs = {name: answers.get(name) for name in VCENTER_INPUTS}
    accepted = Credential.objects.filter(
        name=inputs["credential"] or "", standing=Credential.Standing.ACCEPTED
    ).exists()
    return latest(deployment, "sign_in_vcenter", inputs) if accepted else None


def inspected(
    deployment: Deployment, answers: Mapping[str, Any], *, before: datetime | None = None
) -> Task | None:
    """The newest inspection of exactly this template; with `before` the one that was the newest at that time."""
    try:
        inputs = where_template_is(answers)
    except ValidationError:
        return None
    return latest(deployment, "inspect_template", inputs, before=before)


def template_replaced_since(deployment: Deployment, moment: datetime) -> bool:
    """Whether the template that is chosen was inspected after `moment` and found to be another file than before."""
    row = deployment.steps.filter(step="template").first()
    if row is None or row.data is None:
        return False
    seen = (inspected(deployment, row.data), inspected(deployment, row.data, before=moment))
    newest, judged = (task.result or {} if task else {} for task in seen)
    return any(newest.get(name) != judged.get(name) for name in FINGERPRINT)


def of_the_machine(
    deployment: Deployment, answers: Answers | None = None, *, before: datetime | None = None
) -> HostFacts | None:
    """The newest facts of the machine that is being set up, if they are of the machine that the network step names.

    With `before` those that were the newest at that time.
    """
    answers = answers_of(deployment) if answers is None else answers
    found = _facts_of(deployment, primary_component(deployment, answers), before)
    wanted = answers.get("network", {}).get("host_name")
    return found if found is not None and wanted and same_host(found.host_name, wanted) else None


def _facts_of(deployment: Deployment, component: str, before: datetime | None) -> HostFacts | None:
    # The facts themselves are large; most who ask want to know whether, when and of which machine.
    rows = deployment.host_facts.filter(component=component).defer("facts")
    return (rows if before is None else rows.filter(received_at__lte=before)).first()


def same_host(found: str, wanted: str) -> bool:
    """Whether two names are of one machine: case, domain and what NetBIOS cuts off (asr-facts 2.2) do not count."""
    return _netbios(found) == _netbios(wanted)


def _netbios(name: str) -> str:
    return name.partition(".")[0][:15].casefold()


def machine_replaced_since(deployment: Deployment, moment: datetime) -> bool:
    """Whether facts that were received after `moment` come from another machine than those before."""
    answers = answers_of(deployment)
    newest, judged = (of_the_machine(deployment, answers, before=time) for time in (None, moment))
    if newest is not None and (judged is None or newest.machine_id != judged.machine_id):
        return True
    if "mt_linux" not in components_of(deployment, answers):
        return False
    newest, judged = (_facts_of(deployment, "mt_linux", time) for time in (None, moment))
    # Before anybody had asked the master target, what it must show was not met; that it has spoken lifts nothing.
    return newest is not None and judged is not None and newest.machine_id != judged.machine_id


def where_template_is(answers: Mapping[str, Any]) -> dict[str, str]:
    """The part of the template's answers that says which file it is, in the form in which answers are stored.

    What else that step asks does not matter here. Raises pydantic's ValidationError.
    """
    given = {name: answers[name] for name in TEMPLATE_INPUTS if answers.get(name)}
    whole = TemplateAnswers.model_validate({**given, "networks": {"any": "any"}, "accept_license": True})
    return {name: value for name in TEMPLATE_INPUTS if (value := getattr(whole, name))}


def inventory_of(deployment: Deployment) -> dict[str, Any] | None:
    """The placement inventory of the vCenter that the deployment is signed in to."""
    given = answers_of(deployment).get("vcenter")
    if given is None:
        return None
    task = signed_in(deployment, given)
    return task.result["inventory"] if task and task.result else None


def own_machine(deployment: Deployment) -> str | None:
    """The managed object id of the appliance, once it is deployed."""
    task = latest(deployment, "deploy_ova")
    return task.result["moid"] if task and task.result else None


def hosts_of(deployment: Deployment, placement_answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ESXi hosts that may carry the appliance, as vCenter showed them at the last sign-in; see `HostInfo.to_json`."""
    inventory = inventory_of(deployment) or {"datacenters": []}
    for datacenter in inventory["datacenters"]:
        if placement_answers["datacenter"] in (datacenter["ref"]["name"], datacenter["ref"]["path"]):
            for compute in datacenter["compute"]:
                if placement_answers["compute"] in (compute["ref"]["name"], compute["ref"]["path"]):
                    return list(compute["hosts"])
    return []


def hosts_in_play(deployment: Deployment, answers: Answers) -> list[dict[str, Any]]:
    """The ESXi hosts that may carry the appliance, else all that vCenter showed; see `HostInfo.to_json`.

    `answers` are those in play.
    """
    if "placement" in answers:
        return hosts_of(deployment, answers["placement"])
    if "vcenter" not in answers:
        return []
    inventory = inventory_of(deployment) or {"datacenters": []}
    found = {
        host["ref"]["moid"]: host
        for datacenter in inventory["datacenters"]
        for compute in datacenter["compute"]
        for host in compute["hosts"]
    }
    return list(found.values())


def host_addresses(deployment: Deployment, answers: Answers) -> tuple[tuple[str, str], ...]:
    """Name and address of every ESXi host in play."""
    return tuple((host["ref"]["name"], host["address"]) for host in hosts_in_play(deployment, answers))


def sizing_of(deployment: Deployment) -> SizingAdvice | None:
    row = deployment.steps.filter(step="capacity").first()
    if row is None or row.data is None:
        return None
    model: Any = journey.step(deployment.profile, "capacity").answers
    return advise(model.model_validate(row.data).sizing_input(deployment.profile))


def joins_a_server(answers: Answers) -> bool:
    """Whether these answers name what a further process server joins, where that is what is installed."""
    needed = answers.get("source", {}).get("component") == "ps_scaleout"
    return not needed or bool(answers.get("installation", {}).get("cs_address"))


def secret_properties(deployment: Deployment, answers: Mapping[str, Any]) -> frozenset[str]:
    """The properties of the template that are passwords: no answer, draft, file or audit entry holds their values."""
    task = inspected(deployment, answers)
    properties = task.result["descriptor"]["properties"] if task and task.result else []
    return frozenset(
        entry["key"] for entry in properties if entry["type"] == "password" or entry.get("password")
    )
