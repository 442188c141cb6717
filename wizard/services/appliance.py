"""The configuration server's virtual machine: imported from the template, started, waited for."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from wizard.models import DeploymentState
from wizard.services import (
    audit,
    credentials,
    deployment_plan,
    deployments,
    go_ahead,
    template_contents,
    template_passwords,
    templates,
)
from wizard.services.errors import UserError
from wizard.services.import_answers import import_plan, refuse_replaced
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done
from wizard.services.vcenter_access import open_session
from wizard.text import Text, _
from wizard.vsphere import guest, inventory
from wizard.vsphere.errors import TimedOut, VSphereError
from wizard.vsphere.import_attempt import Patience, find_marked
from wizard.vsphere.import_record import ImportRecord
from wizard.vsphere.ova_import import import_ova
from wizard.vsphere.removal import LeftBehind, remove_vm
from wizard.vsphere.session import Session
from wizard.vsphere.template import open_template
from wizard.vsphere.transfer import Transfer

UPLOAD_FROM, UPLOAD_TO = 8, 88
POWER_ON_SECONDS = 120.0
# The session that made the machine has less time than usual to remove it again, as another one is tried after it.
PATIENCE = Patience(removal_s=20.0)


def run_deploy(progress: Progress) -> Done:
    task = progress.task
    go_ahead.refuse_unfit(progress, Text(_("Deploy the appliance")))
    answers = deployments.answers_of(task.deployment)
    approved = deployment_plan.approved_record(task)
    refuse_replaced(task.deployment, answers)
    progress.phase(Text(_("Signing in to %(host)s"), host=answers["vcenter"]["host"]), 2)
    try:
        reference, state = _make(progress, answers, approved)
    except LeftBehind as left:
        _remove_by_a_fresh_session(progress, left)
        raise (left.__cause__ or left) from None
    result = {
        "moid": reference.moid,
        "vm_name": reference.name,
        "guest": {
            "tools_status": state.tools_status,
            "host_name": state.host_name,
            "addresses": list(state.addresses),
            "power_state": state.power_state,
        },
    }

    def commit() -> None:
        deployments.move_to(task.deployment, DeploymentState.DEPLOYED)
        template_passwords.drop(task.deployment)
        audit.record(
            "appliance.deployed",
            subject=task.deployment,
            actor=task.requested_by,
            sentence=Text(
                _("%(who)s deployed the virtual machine %(vm)s for %(deployment)s."),
                who=task.requested_by.username,
                vm=reference.name,
                deployment=task.deployment.name,
            ),
            after=result,
        )

    return Done(
        summary=Text(_("%(vm)s is deployed and running."), vm=reference.name), result=result, commit=commit
    )


def _make(
    progress: Progress, answers: dict[str, dict[str, Any]], approved: ImportRecord
) -> tuple[inventory.ObjectRef, guest.GuestState]:
    """The machine, imported and started. Raises LeftBehind where a half-made one could not be removed."""
    path = templates.local_path(answers["template"])
    deployment = progress.task.deployment
    with open_session(answers["vcenter"], deployment) as session, open_template(path) as template:
        progress.leave(vm_name=answers["placement"]["vm_name"])
        reference = import_ova(
            session,
            template,
            import_plan(
                answers,
                template.descriptor,
                passwords=template_contents.passwords_of(deployment, answers["template"]),
            ),
            mark=progress.task.pk.hex,
            on_phase=lambda text: progress.phase(text),
            on_transfer=lambda transfer: progress.percent(
                UPLOAD_FROM + (UPLOAD_TO - UPLOAD_FROM) * transfer.sent / max(transfer.total, 1),
                phase=_how_far(transfer),
            ),
            on_created=lambda moid: progress.leave(moid=moid),
            should_stop=progress.should_stop,
            approved=approved,
            patience=PATIENCE,
        )
        try:
            return reference, _start(progress, session, reference.moid, answers)
        except BaseException as failure:
            # Cancelled, or failed, before it was of use: nothing half-made stays behind in vCenter.
            try:
                remove_vm(session, reference.moid, timeout_s=PATIENCE.removal_s)
            except VSphereError as obstacle:
                raise _left_behind(answers, reference.moid, _cause(failure), obstacle.text) from failure
            raise


def _how_far(transfer: Transfer) -> Text:
    """For example "42 % · 118 MB/s · 1 min left"."""
    megabytes = transfer.bytes_per_second / 1e6
    values = {
        "percent": transfer.percent,
        "speed": f"{megabytes:.0f}" if megabytes >= 10 else f"{megabytes:.1f}",
    }
    left = transfer.seconds_left
    if left is None:
        return Text(_("Sending the disks: %(percent)d %% · %(speed)s MB/s"), **values)
    if left < 60:
        template = _("Sending the disks: %(percent)d %% · %(speed)s MB/s · %(seconds)d s left")
        return Text(template, **values, seconds=round(left))
    template = _("Sending the disks: %(percent)d %% · %(speed)s MB/s · %(minutes)d min left")
    return Text(template, **values, minutes=round(left / 60))


def _remove_by_a_fresh_session(progress: Progress, left: LeftBehind) -> None:
    """What stood in the way may have been the session itself, which does not come back once vCenter has ended it."""
    try:
        tidy_deploy(progress)
    except LeftBehind:
        # The first one tells what went wrong to begin with.
        raise left from left.__cause__


def tidy_deploy(progress: Progress) -> None:
    """Remove the virtual machine that nobody goes on with. Raises LeftBehind where it could not be removed."""
    task = progress.task
    answers = deployments.answers_of(task.deployment)
    credentials.forget_attempt(answers["vcenter"]["credential"])
    if "vm_name" not in task.leftovers:
        # It had not come to the import.
        return
    moid = task.leftovers.get("moid")
    try:
        with open_session(answers["vcenter"], task.deployment) as session:
            # A worker that died while vCenter was making the machine never learnt its id.
            moid = moid or _marked(session, answers["placement"], task.pk.hex)
            removed = moid is not None and remove_vm(session, moid)
    except (UserError, VSphereError) as obstacle:
        raise _left_behind(answers, moid, Text(_("The work broke off.")), obstacle.text) from None
    if removed:
        progress.info(
            Text(_("The half-made virtual machine %(vm)s was removed."), vm=answers["placement"]["vm_name"])
        )


def _marked(session: Session, placement: dict[str, Any], mark: str) -> str | None:
    datacenter = inventory.read_placement(session).datacenter(placement["datacenter"])
    folder = datacenter.find_folder(placement["folder"]).ref.path
    return find_marked(session, datacenter.ref, folder, placement["vm_name"], mark)


def _cause(failure: BaseException) -> Text:
    return failure.text if isinstance(failure, VSphereError) else Text(_("The work broke off."))


def _left_behind(
    answers: dict[str, dict[str, Any]], moid: str | None, cause: Text, obstacle: Text
) -> LeftBehind:
    return LeftBehind(
        name=answers["placement"]["vm_name"],
        moid=moid,
        cause=cause,
        obstacle=obstacle,
        address=f"{answers['vcenter']['host']}:{answers['vcenter']['port']}",
    )


def _start(
    progress: Progress, session: Any, moid: str, answers: dict[str, dict[str, Any]]
) -> guest.GuestState:
    address = answers["network"]["address"]
    progress.phase(Text(_("Powering on")), UPLOAD_TO)
    guest.power_on(session, moid, timeout_s=POWER_ON_SECONDS)
    progress.phase(
        Text(_("Waiting for the guest to report the address %(address)s"), address=address), UPLOAD_TO + 2
    )
    progress.info(
        Text(
            _(
                "If the template asks questions at its console (licence, administrator password, address), answer them there now."
            )
        )
    )
    try:
        return guest.wait_for_guest(
            session,
            moid,
            timeout_s=settings.GUEST_WAIT_SECONDS,
            should_stop=progress.should_stop,
            on_state=lambda state: progress.check(),
            expected_address=address,
        )
    except TimedOut as error:
        # The import is done and the machine runs; only a person at its console can go on.
        progress.warning(error.text)
        progress.warning(
            Text(
                _("Open the console of the virtual machine and set the static address %(address)s."),
                address=address,
            )
        )
        return guest.read_guest(session, moid)
