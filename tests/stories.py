"""Deployments that have come to a certain point, as if a person and a worker had been at it.

Answers are saved by the services. What a far end would have found out is written as the task that found it.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tests import plans
from tests.builders import make_deployment
from tests.far_side import descriptor, inventory, rights
from wizard.models import (
    CheckResult,
    CollectorIssue,
    Credential,
    Deployment,
    DeploymentPlan,
    DeploymentState,
    HostFacts,
    Machine,
    Operator,
    Task,
    TaskEvent,
    TaskState,
    VCenter,
)
from wizard.services import credentials, deployments, physical_servers, tasks
from wizard.services.applicable import fingerprint, requirements_for
from wizard.services.discovery import judging, rows
from wizard.text import Text
from wizard.vsphere.machines import AdapterFacts, ControllerFacts, DiskFacts, MachineFacts

SHA256 = ":".join(["AB"] * 32)
OTHER_SHA256 = ":".join(["CD"] * 32)
PASSWORD = "canary-password-7314"
INSTANCE = "11111111-2222-3333-4444-555555555555"

ABOUT = {
    "product": "VMware vCenter Server 8.0.3",
    "version": "8.0.3",
    "build": "24022515",
    "api_version": "8.0.3.0",
    "api_type": "VirtualCenter",
    "instance_uuid": INSTANCE,
}
ADDRESS = {"host": "vcenter.lab.test", "port": 443}

ANSWERS: dict[str, dict[str, Any]] = {
    "source": {"protects": ["vmware"], "method": "ova"},
    "capacity": {"machines": 120, "daily_change_gb": 700},
    "vcenter": {**ADDRESS, "thumbprint_sha256": SHA256},
    "placement": {
        "datacenter": "DC0",
        "compute": "DC0_C0",
        "datastore": "shared",
        "network": "VM Network",
        "folder": "",
        "vm_name": "lyon-cs01",
        "disk_provisioning": "eagerZeroedThick",
    },
    "template": {
        "source": "folder",
        "file": "asr.ova",
        "networks": {"Network 1": "VM Network"},
        "accept_license": True,
    },
    "network": {
        "host_name": "cs01",
        "dns_suffix": "lab.test",
        "address": "192.0.2.10",
        "netmask": "255.255.255.0",
        "gateway": "192.0.2.1",
        "dns": ["192.0.2.2"],
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
STATES = ("checked", "deployed", "registered", "recorded")


def answered(actor: Operator, upto: str = "vault", *, name: str | None = None) -> Deployment:
    """A deployment with all steps up to `upto` complete: a question step, or one of STATES."""
    deployment = make_deployment(actor, name)
    for step in ANSWERS:
        answer(deployment, step, actor)
        if step == upto:
            return deployment
    check(deployment, actor)
    plan(deployment, actor)
    if upto == "checked":
        return deployment
    deploy(deployment, actor)
    if upto == "deployed":
        return deployment
    register(deployment, actor)
    if upto == "registered":
        return deployment
    assert upto == "recorded", upto
    task = tasks.launch("record_topology", deployment=deployment, actor=actor)
    tasks.execute(task.pk, "story")
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED, task.error
    deployment.refresh_from_db()
    return deployment


def answer(deployment: Deployment, step: str, actor: Operator) -> None:
    data = dict(ANSWERS[step])
    if step == "vcenter":
        data["credential"] = sign_in(deployment, actor).name
    if step == "template":
        inspect(deployment, actor)
    deployments.answer(deployment, step, data, actor=actor)


def sign_in(deployment: Deployment, actor: Operator, **changed: Any) -> Credential:
    """The credential, and the tasks that looked at the server and signed in with it."""
    probe(deployment, actor)
    name = f"{deployment.name}-vcenter"
    credential = credentials.keep(
        name=name, kind=Credential.Kind.VCENTER, username="asr@vsphere.local", secret=PASSWORD, actor=actor
    )
    Credential.objects.filter(pk=credential.pk).update(standing=Credential.Standing.ACCEPTED)
    result = {
        "about": ABOUT,
        "signed_in_as": "VSPHERE.LOCAL\\asr",
        "clock_offset_s": 0.4,
        "privileges": {
            "discovery": [],
            "full": [
                {
                    "object": "DC1",
                    "privilege_id": "VirtualMachine.State.CreateSnapshot",
                    "name": "Create snapshot",
                }
            ],
            "ova": [],
        },
        "rights": rights().to_json(),
        "user_name": "VSPHERE.LOCAL\\asr",
        "inventory": inventory().to_json(),
        **changed,
    }
    inputs = {**ADDRESS, "thumbprint_sha256": SHA256, "credential": name}
    succeeded(deployment, "sign_in_vcenter", actor, inputs=inputs, result=result)
    return credential


def probe(deployment: Deployment, actor: Operator, *, sha256: str = SHA256) -> Task:
    layers = [
        {
            "name": name,
            "status": "pass",
            "detail": {"text": f"The layer {name} answers."},
            "remedy": None,
            "seconds": 0.012,
        }
        for name in ("dns", "tcp", "tls", "soap")
    ]
    certificate = {
        "subject": "CN=vcenter.lab.test",
        "issuer": "CN=Lab CA",
        "not_before": "2026-01-01T00:00:00+00:00",
        "not_after": "2036-01-01T00:00:00+00:00",
        "sha256": sha256,
        "names": ["vcenter.lab.test"],
        "self_signed": False,
        "matches_host": True,
    }
    result = {**ADDRESS, "ok": True, "layers": layers, "certificate": certificate, "about": ABOUT}
    return succeeded(deployment, "probe_vcenter", actor, inputs=dict(ADDRESS), result=result)


def inspect(deployment: Deployment, actor: Operator) -> Task:
    result = {
        "descriptor": descriptor().to_json(),
        "manifest": {"has_manifest": True, "verified": True, "has_certificate": False},
        "size_bytes": 9 * 2**30,
        "modified_ns": "1",
    }
    return succeeded(
        deployment, "inspect_template", actor, inputs={"source": "folder", "file": "asr.ova"}, result=result
    )


def check(deployment: Deployment, actor: Operator, *, failing: tuple[str, ...] = ()) -> Task:
    """A preflight run with three results of the real catalogue; those named in `failing` are not met."""
    asked = fingerprint(requirements_for(deployment))
    result = {"blocked": bool(failing), "requirements_sha256": asked}
    task = succeeded(deployment, "preflight", actor, result=result)
    rows = (
        ("TPL-01", "template", "block", "operator"),
        ("TPL-02", "template", "block", "operator"),
        ("LIFE-01", "azure", "info", "azure"),
    )
    CheckResult.objects.bulk_create(
        CheckResult(
            deployment=deployment,
            task=task,
            requirement_id=requirement,
            position=position,
            category=category,
            severity=severity,
            owner=owner,
            status="fail" if requirement in failing else "warn" if severity == "info" else "pass",
            title=Text("The title of %(id)s", id=requirement),
            summary=Text("The summary of %(id)s.", id=requirement),
            observed=Text("seen"),
            expected=Text("wanted"),
            remedy=Text("Mend %(id)s.", id=requirement),
            details=[Text("A detail of %(id)s.", id=requirement).to_json()],
            observed_from="this server",
            observed_at=timezone.now(),
            seconds=0.25,
        )
        for position, (requirement, category, severity, owner) in enumerate(rows)
    )
    deployment.refresh_from_db()
    if not failing:
        deployments.move_to(deployment, DeploymentState.CHECKED)
    return task


def plan(deployment: Deployment, actor: Operator, **parts: Any) -> DeploymentPlan:
    """The plan of the import, as it was recorded just now; `parts` are other than in `tests.plans`."""
    record = plans.recorded(secrets.token_hex(16), **parts)
    task = succeeded(deployment, "plan_deployment", actor, result={"plan_sha256": record.sha256})
    return DeploymentPlan.objects.create(
        deployment=deployment, task=task, record=record.to_json(), sha256=record.sha256
    )


def approval(deployment: Deployment) -> dict[str, str]:
    """The inputs with which somebody starts the deployment who has seen the newest plan."""
    found = deployment.plans.first()
    return {"plan_sha256": found.sha256} if found else {}


def deploy(deployment: Deployment, actor: Operator) -> None:
    guest = {
        "tools_status": "toolsOk",
        "host_name": "cs01",
        "addresses": ["192.0.2.10"],
        "power_state": "poweredOn",
    }
    result = {"moid": "vm-42", "vm_name": "lyon-cs01", "guest": guest}
    succeeded(deployment, "deploy_ova", actor, inputs=approval(deployment), result=result)
    deployment.plans.update(approved_by=actor, approved_at=timezone.now())
    deployments.move_to(deployment, DeploymentState.DEPLOYED)


def register(deployment: Deployment, actor: Operator, *, machines: int = 3) -> VCenter:
    vcenter = VCenter.objects.filter(instance_uuid=INSTANCE).first() or _vcenter(
        Credential.objects.get(name=f"{deployment.name}-vcenter")
    )
    vcenter.deployments.add(deployment)
    grow(vcenter, machines)
    succeeded(deployment, "register_vcenter", actor, result={"machines": machines})
    deployments.move_to(deployment, DeploymentState.REGISTERED)
    return vcenter


def register_only(deployment: Deployment, actor: Operator) -> VCenter:
    """A vCenter of which nothing is known yet, for a deployment in whatever state."""
    vcenter = _vcenter(
        credentials.keep(name="empty", kind="vcenter", username="asr@lab", secret=PASSWORD, actor=actor)
    )
    vcenter.deployments.add(deployment)
    return vcenter


def _vcenter(credential: Credential) -> VCenter:
    return VCenter.objects.create(
        friendly_name="vcenter.lab.test",
        thumbprint_sha256=SHA256,
        credential=credential,
        discovered_at=timezone.now(),
        **ADDRESS,
        **ABOUT,
    )


def grow(vcenter: VCenter, machines: int) -> None:
    """Let the vCenter show some more machines."""
    known = vcenter.machines.count()
    shown = [machine_facts(known + number) for number in range(machines)]
    with transaction.atomic():
        rows.write_machines(vcenter, shown, judging.around(vcenter), timezone.now())


def machine_facts(number: int) -> MachineFacts:
    """A machine against which nothing speaks."""
    return MachineFacts(
        moid=f"vm-{number}",
        name=f"app-{number:03}",
        instance_uuid=str(UUID(int=2**64 + number)),
        bios_uuid=str(UUID(int=2**65 + number)),
        guest_id="windows2019srv_64Guest",
        guest_full_name="Microsoft Windows Server 2019 (64-bit)",
        host_name=f"app-{number:03}.lab.test",
        ip_addresses=(f"198.51.100.{number % 250}",),
        power_state="poweredOn",
        connection_state="connected",
        cpu_count=4,
        memory_mb=8192,
        firmware="bios",
        secure_boot=False,
        encrypted=False,
        tools_status="guestToolsRunning",
        is_template=False,
        disks=tuple(
            DiskFacts(
                key=2000 + unit,
                label=f"Hard disk {unit + 1}",
                capacity_bytes=size * 2**30,
                backing="flat",
                file_name=f"[LocalDS_0] app-{number:03}/disk-{unit}.vmdk",
                datastore_moid="datastore-1",
                disk_mode="persistent",
                sharing="sharingNone",
                thin=True,
                controller_key=1000,
                unit_number=unit,
            )
            for unit, size in enumerate((100, 80))
        ),
        controllers=(ControllerFacts(key=1000, kind="pvscsi", bus_number=0, shared_bus="noSharing"),),
        adapters=(
            AdapterFacts(
                label="Network adapter 1",
                kind="vmxnet3",
                mac="00:50:56:00:00:01",
                network_moid="network-1",
                connected=True,
                addresses=(f"198.51.100.{number % 250}",),
            ),
        ),
        snapshot_count=0,
        extra_config={},
        host_moid="host-1",
        folder_moid="group-v1",
        pool_moid="resgroup-1",
        vapp_moid="",
        datastore_moids=("datastore-1",),
        network_moids=("network-1",),
    )


def tell_facts(deployment: Deployment, actor: Operator, facts: dict[str, Any]) -> HostFacts:
    """What a machine told of itself, as it is kept; how a document is taken is proven elsewhere."""
    issue = CollectorIssue(
        deployment=deployment,
        component="cs",
        language="powershell",
        nonce="n" * 32,
        issued_by=actor,
        expires_at=timezone.now(),
    )
    issue.hold(b"k")
    issue.save()
    return HostFacts.objects.create(
        deployment=deployment,
        component="cs",
        issue=issue,
        way="upload",
        host_name="cs01",
        collected_at=timezone.now(),
        facts=facts,
        digest="d",
        received_by=actor,
    )


def enter_server(deployment: Deployment, actor: Operator, name: str = "files-01", **cells: str) -> Machine:
    """A physical server, as somebody typed it."""
    known = {
        "name": name,
        "address": "192.0.2.77",
        "operating_system": "Windows Server 2019",
        "disks_gb": "120 500",
    }
    return physical_servers.add(deployment, {**known, **cells}, actor=actor)


def succeeded(
    deployment: Deployment,
    kind: str,
    actor: Operator,
    *,
    inputs: dict[str, Any] | None = None,
    result: dict[str, Any] | None = None,
) -> Task:
    return ended(deployment, kind, actor, TaskState.SUCCEEDED, inputs=inputs, result=result, progress=100)


def failed(
    deployment: Deployment,
    kind: str,
    actor: Operator,
    code: str,
    message: str,
    *,
    inputs: dict[str, Any] | None = None,
) -> Task:
    error = {"code": code, "message": {"text": message}, "remedy": {"text": "Do something about it."}}
    return ended(deployment, kind, actor, TaskState.FAILED, inputs=inputs, error=error)


def ended(deployment: Deployment, kind: str, actor: Operator, state: TaskState, **fields: Any) -> Task:
    now = timezone.now()
    task = running(
        deployment, kind, actor, **{"inputs": {}, **{k: v for k, v in fields.items() if v is not None}}
    )
    Task.objects.filter(pk=task.pk).update(state=state, finished_at=now, lease_until=None)
    task.refresh_from_db()
    return task


def running(deployment: Deployment, kind: str, actor: Operator, **fields: Any) -> Task:
    """A task that a worker has in hand, with one line in its log."""
    now = timezone.now()
    task = Task.objects.create(
        deployment=deployment,
        kind=kind,
        changing=kind in ("preflight", "deploy_ova", "register_vcenter", "record_topology"),
        state=TaskState.RUNNING,
        requested_by=actor,
        phase=Text("Counting sheep"),
        attempt=1,
        started_at=now,
        lease_until=now + timedelta(seconds=30),
        **{"progress": 30, **fields},
    )
    tell(task, "The work began.")
    return task


def tell(task: Task, message: str, **data: Any) -> TaskEvent:
    """Add a line to the log of a task."""
    Task.objects.filter(pk=task.pk).update(last_seq=task.last_seq + 1)
    task.refresh_from_db()
    return TaskEvent.objects.create(
        task=task, seq=task.last_seq, phase=task.phase, message=Text(message), data=data
    )
