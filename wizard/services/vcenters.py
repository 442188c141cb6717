"""vCenter: looked at before anybody trusts it, signed in to, registered, its machines discovered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from wizard.journey.errors import explain
from wizard.journey.vcenter import VCenterAddress, VCenterAnswers
from wizard.models import Credential, Deployment, DeploymentState, Machine, VCenter
from wizard.services import audit, credentials, deployments, evidence
from wizard.services.errors import Conflict, Invalid, UserError
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vcenter_access import address_book, fresh_session, open_session
from wizard.text import Text, _
from wizard.vsphere import inventory, machines, privileges, probe
from wizard.vsphere.session import Session

# --- probe ------------------------------------------------------------------------------------------------------------


def prepare_probe(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """Takes `host` and `port` from the inputs, else from what the vCenter step holds. Raises Invalid."""
    stored, _version = deployments.form_of(deployment, "vcenter")
    wanted = {name: inputs.get(name, stored.get(name)) for name in ("host", "port")}
    try:
        address = VCenterAddress.model_validate({k: v for k, v in wanted.items() if v not in (None, "")})
    except ValidationError as error:
        raise Invalid(explain(error)) from None
    return Prepared(inputs=address.model_dump(mode="json"))


def run_probe(progress: Progress) -> Done:
    host, port = progress.task.inputs["host"], progress.task.inputs["port"]
    progress.phase(Text(_("Looking at %(host)s, port %(port)s"), host=host, port=str(port)), 10)
    report = probe.probe(host, port, book=address_book())
    for layer in report.layers:
        if layer.status == "fail":
            progress.warning(layer.detail, layer=layer.name)
        else:
            progress.info(layer.detail, layer=layer.name)
    if not report.ok:
        failed = next(layer for layer in report.layers if layer.status == "fail")
        code = {"dns": "unreachable", "tcp": "unreachable", "tls": "tls_failed", "soap": "not_vsphere"}[
            failed.name
        ]
        raise UserError(failed.detail, remedy=failed.remedy, code=code)
    return Done(
        summary=Text(
            _("%(host)s is a vSphere server; compare its certificate before you trust it."), host=host
        ),
        result=report.to_json(),
    )


# --- sign in ----------------------------------------------------------------------------------------------------------


def prepare_sign_in(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """Takes the answers of the vCenter step from the inputs, else from the step. Raises Invalid, Conflict."""
    stored, _version = deployments.form_of(deployment, "vcenter")
    wanted = {name: inputs.get(name, stored.get(name)) for name in evidence.VCENTER_INPUTS}
    missing = []
    if not wanted["thumbprint_sha256"]:
        missing.append(Text(_("the confirmation of vCenter's certificate")))
    if not wanted["credential"]:
        missing.append(Text(_("the account for vCenter")))
    if missing:
        return Prepared(missing=tuple(missing))
    try:
        answers = VCenterAnswers.model_validate({k: v for k, v in wanted.items() if v not in (None, "")})
    except ValidationError as error:
        raise Invalid(explain(error)) from None
    credentials.usable(str(wanted["credential"]), Credential.Kind.VCENTER)
    return Prepared(inputs=answers.model_dump(mode="json"))


def run_sign_in(progress: Progress) -> Done:
    task = progress.task
    progress.phase(Text(_("Signing in to %(host)s"), host=task.inputs["host"]), 10)
    with fresh_session(task.inputs) as session:
        progress.info(
            Text(
                _("Signed in as %(user)s to %(product)s."),
                user=session.account_name,
                product=session.about.product,
            )
        )
        # Said while the address can still be changed; it is asked again when the vCenter is registered.
        _refuse_second_name(_identity(session.about, task.inputs), task.inputs)
        offset = (session.server_time() - datetime.now(UTC)).total_seconds()
        progress.phase(Text(_("Reading the inventory")), 35)
        placement = inventory.read_placement(session)
        progress.phase(Text(_("Comparing privileges")), 70)
        gaps = _privilege_gaps(session, [datacenter.ref for datacenter in placement.datacenters])
        result = {
            "about": session.about.to_json(),
            "signed_in_as": session.account_name,
            "clock_offset_s": round(offset, 1),
            "privileges": gaps,
            "inventory": placement.to_json(),
        }
    return Done(
        summary=Text(_("The account can sign in; the inventory is known.")),
        result=result,
        commit=lambda: _save_vcenter_answers(task.deployment, task.inputs, progress),
    )


def tidy_sign_in(progress: Progress) -> None:
    credentials.forget_attempt(progress.task.inputs["credential"])


def tidy_visit(progress: Progress) -> None:
    """Before work that signs in on the way is done again. Raises Conflict where its password may have been sent already."""
    deployment = progress.task.deployment
    names = set(deployment.vcenters.values_list("credential__name", flat=True))
    # A deployment without vCenter has no such account.
    if "vcenter" in (answers := deployments.answers_of(deployment)):
        names.add(answers["vcenter"]["credential"])
    credentials.refuse_second_attempt(names)


def _privilege_gaps(session: Session, objects: list[inventory.ObjectRef]) -> dict[str, list[dict[str, str]]]:
    return {
        level: [
            {"object": gap.object.name, "privilege_id": gap.privilege_id, "name": gap.name} for gap in gaps
        ]
        for level, gaps in privileges.missing(session, privileges.LEVELS, objects).items()
    }


def _save_vcenter_answers(deployment: Deployment, inputs: dict[str, Any], progress: Progress) -> None:
    row = deployment.steps.filter(step="vcenter").first()
    # To save the same once more would look like a change, to preflight and to whoever has the page open.
    if not deployment.is_open or (row and row.data == inputs and row.draft is None):
        return
    stored, _version = deployments.form_of(deployment, "vcenter")
    # Not where somebody has typed another address meanwhile: that one is not proven.
    if not stored.get("host") or _same_address(stored, inputs):
        deployments.answer(deployment, "vcenter", inputs, actor=progress.task.requested_by)


def _same_address(stored: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Whether what the step holds, perhaps as it was typed, is the address that a task looked at."""
    names = tuple(VCenterAddress.model_fields)
    try:
        address = VCenterAddress.model_validate({name: stored[name] for name in names if name in stored})
    except ValidationError:
        return False
    return all(getattr(address, name) == inputs[name] for name in names)


# --- register ---------------------------------------------------------------------------------------------------------


def prepare_register(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    if deployment.is_open:
        return Prepared(missing=(Text(_("the deployed appliance")),))
    return Prepared()


def run_register(progress: Progress) -> Done:
    task = progress.task
    answers = deployments.answers_of(task.deployment)["vcenter"]
    progress.phase(Text(_("Signing in to %(host)s"), host=answers["host"]), 5)
    with open_session(answers) as session:
        about = session.about
        progress.info(
            Text(_("%(product)s, instance %(uuid)s."), product=about.product, uuid=about.instance_uuid)
        )
        _refuse_second_name(_identity(about, answers), answers)
        progress.phase(Text(_("Comparing privileges")), 15)
        placement = inventory.read_placement(session)
        gaps = _privilege_gaps(session, [datacenter.ref for datacenter in placement.datacenters])
        if gaps["full"]:
            progress.warning(
                Text(
                    _(
                        "The account lacks %(count)s privileges of the full role: replication works, failback does not."
                    ),
                    count=len(gaps["full"]),
                )
            )
        found = _discover(session, progress, start=30)
    counts = {
        "machines": sum(not row.is_template for row in found),
        "templates": sum(row.is_template for row in found),
    }

    def commit() -> None:
        vcenter = _save_vcenter(task.deployment, answers, about)
        _save_machines(vcenter, found)
        if task.deployment.state == DeploymentState.DEPLOYED:
            deployments.move_to(task.deployment, DeploymentState.REGISTERED)
        audit.record(
            "vcenter.registered",
            subject=vcenter,
            actor=task.requested_by,
            sentence=Text(
                _("%(who)s registered vCenter %(name)s for %(deployment)s."),
                who=task.requested_by.username,
                name=vcenter.friendly_name,
                deployment=task.deployment.name,
            ),
            after={"host": vcenter.host, "instance_uuid": vcenter.instance_uuid},
        )

    return Done(
        summary=Text(
            _("%(host)s is registered; %(count)s machines discovered."),
            host=answers["host"],
            count=counts["machines"],
        ),
        result={"about": about.to_json(), "privileges": gaps, **counts},
        commit=commit,
    )


def prepare_discover(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    if not deployment.vcenters.exists():
        return Prepared(missing=(Text(_("a registered vCenter")),))
    return Prepared()


def run_discover(progress: Progress) -> Done:
    vcenter = progress.task.deployment.vcenters.select_related("credential").get()
    progress.phase(Text(_("Signing in to %(host)s"), host=vcenter.host), 5)
    answers = {
        "host": vcenter.host,
        "port": vcenter.port,
        "thumbprint_sha256": vcenter.thumbprint_sha256,
        "credential": vcenter.credential.name,
    }
    with open_session(answers) as session:
        found = _discover(session, progress, start=15)
    counts = {
        "machines": sum(not row.is_template for row in found),
        "templates": sum(row.is_template for row in found),
    }
    return Done(
        summary=Text(_("%(count)s machines discovered."), count=counts["machines"]),
        result=counts,
        commit=lambda: _save_machines(vcenter, found),
    )


def _discover(session: Session, progress: Progress, *, start: int) -> list[machines.MachineFacts]:
    progress.phase(Text(_("Discovering machines")), start)
    found: list[machines.MachineFacts] = []
    for page in machines.iter_machines(session):
        found.extend(page)
        progress.check()
        progress.info(Text(_("%(count)s machines read."), count=len(found)))
    progress.percent(90)
    return found


def _identity(about: probe.About, answers: dict[str, Any]) -> str:
    """The instance UUID; a standalone ESXi host has none, so there its address stands in for it."""
    return about.instance_uuid or str(uuid5(NAMESPACE_DNS, f"{answers['host']}:{answers['port']}"))


def _refuse_second_name(instance_uuid: str, answers: dict[str, Any]) -> None:
    other = (
        VCenter.objects.filter(instance_uuid=instance_uuid)
        .exclude(host=answers["host"], port=answers["port"])
        .first()
    )
    if other is not None:
        raise Conflict(
            Text(
                _("This vCenter is registered already, as %(name)s at %(host)s, port %(port)s."),
                name=other.friendly_name,
                host=other.host,
                port=str(other.port),
            ),
            remedy=Text(
                _(
                    "Use that address in the vCenter step. One vCenter under two addresses makes machines appear twice."
                )
            ),
            code="vcenter_registered",
        )


def _save_vcenter(deployment: Deployment, answers: dict[str, Any], about: probe.About) -> VCenter:
    seen = {
        "host": answers["host"],
        "port": answers["port"],
        "thumbprint_sha256": answers["thumbprint_sha256"],
        "credential": Credential.objects.get(name=answers["credential"]),
        "product": about.product,
        "version": about.version,
        "build": about.build,
        "api_type": about.api_type,
        "api_version": about.api_version,
    }
    vcenter, _created = VCenter.objects.update_or_create(
        instance_uuid=_identity(about, answers),
        defaults=seen,
        create_defaults={"friendly_name": answers["host"], **seen},
    )
    # Where the same address leads to another instance by now, the deployment goes with it.
    deployment.vcenters.set([vcenter])
    return vcenter


# SQLite takes at most 32,766 values in one statement, and a machine has some twenty.
_ROWS_PER_STATEMENT = 1000


@transaction.atomic
def _save_machines(vcenter: VCenter, found: list[machines.MachineFacts]) -> None:
    """Write what was seen; what was not seen any more is marked as gone, not forgotten."""
    now = timezone.now()
    rows = [
        Machine(
            vcenter=vcenter,
            moid=fact.moid,
            instance_uuid=fact.instance_uuid,
            bios_uuid=fact.bios_uuid,
            name=fact.name,
            host_name=fact.host_name,
            guest_id=fact.guest_id,
            guest_full_name=fact.guest_full_name,
            power_state=fact.power_state,
            tools_status=fact.tools_status,
            firmware=fact.firmware,
            cpu_count=fact.cpu_count,
            memory_mb=fact.memory_mb,
            disk_count=fact.disk_count,
            disk_gb=fact.disk_gb,
            ip_addresses=list(fact.ip_addresses),
            is_template=fact.is_template,
            seen_at=now,
            gone_at=None,
        )
        for fact in found
    ]
    keys = ["vcenter", "moid"]
    fields = [field.name for field in Machine._meta.concrete_fields if field.name not in ("id", *keys)]
    Machine.objects.bulk_create(
        rows, batch_size=_ROWS_PER_STATEMENT, update_conflicts=True, unique_fields=keys, update_fields=fields
    )
    vcenter.machines.filter(seen_at__lt=now, gone_at=None).update(gone_at=now)
    VCenter.objects.filter(pk=vcenter.pk).update(discovered_at=now)
