"""Makes a virtual machine of a template: all of it, or nothing.

vCenter judges the template, makes an empty machine and lends a lease; the disks are sent from inside the
archive to the ESXi host; the lease is completed. Whatever happens in between, nothing half-made stays behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import unquote

from pyVmomi import vim

from wizard.text import Text, _
from wizard.vsphere.content_digest import content_digest
from wizard.vsphere.errors import LeaseFailed, OvaInvalid, TimedOut
from wizard.vsphere.host_reach import candidates, check_hosts
from wizard.vsphere.import_attempt import PATIENCE, ImportAttempt
from wizard.vsphere.import_attempt import Patience as Patience
from wizard.vsphere.import_plan import ImportPlan as ImportPlan
from wizard.vsphere.import_plan import locate
from wizard.vsphere.import_record import ImportRecord, expect_unchanged, record_plan
from wizard.vsphere.import_spec import create_import_spec, start_import
from wizard.vsphere.inventory import ObjectRef, escaped
from wizard.vsphere.pace import Brake
from wizard.vsphere.removal import remove_vm as remove_vm
from wizard.vsphere.session import Session
from wizard.vsphere.shipping import Shipment, Shipping, Tries
from wizard.vsphere.template import Template
from wizard.vsphere.transfer import Meter
from wizard.vsphere.transfer import Transfer as Transfer
from wizard.vsphere.upload_target import upload_target
from wizard.vsphere.wire import Deadline


def import_ova(
    session: Session,
    template: Template,
    plan: ImportPlan,
    *,
    mark: str,
    on_phase: Callable[[Text], None],
    on_transfer: Callable[[Transfer], None],
    on_created: Callable[[str], None],
    should_stop: Callable[[], bool],
    approved: ImportRecord | None = None,
    patience: Patience = PATIENCE,
) -> ObjectRef:
    """Import the template as `plan` says and return the machine, powered off.

    With an `approved` record only exactly that import is run: where anything differs, PlanChanged names it.

    `mark`, told by nobody else, is written into the machine: by it `find_marked` knows the machine of this import.
    `on_phase` gets a sentence for each stage and each warning; `on_transfer` how far the disks are, at most five
    times a second; `on_created` gets the machine's id as soon as it exists, so that it can be removed later by
    whoever finds this work unfinished. `should_stop` is asked about five times a second. All four are called in the
    caller's thread.

    Raises, with nothing left in vCenter: Stopped; NotFound, Ambiguous, NameTaken, ImportRefused, PlanChanged, NoPermission and
    Unreachable (no host that may take the disks can be reached) before anything was changed; LeaseFailed, TimedOut,
    UploadFailed, ConnectionLost and OvaInvalid in the middle. Where the half-made machine could not be removed,
    LeftBehind says so instead, with the first failure in it. What a callback raises comes out as well, after the
    same tidying up.
    """
    brake = Brake(should_stop)
    deadline = Deadline.after(patience.import_s)
    content = None
    if approved is not None:
        on_phase(Text(_("Comparing the template with the one that was approved.")))
        content = content_digest(template, on_progress=_unseen, should_stop=should_stop)
    on_phase(Text(_("Asking vCenter whether it takes the template.")))
    target = locate(session, template.descriptor, plan)
    order = create_import_spec(session, template, plan, target)
    if approved is not None and content is not None:
        now = record_plan(session, template, plan, target, order, content=content.digest, salt=approved.salt)
        expect_unchanged(approved, now, address=session.address)
    for warning in order.warnings:
        on_phase(Text(_("vCenter warns: %(message)s"), message=warning))
    brake.check()
    hosts = candidates(session, target, order.host)
    check_hosts(hosts, book=session.book, deadline_s=patience.connect_s, on_phase=on_phase)
    brake.check()
    on_phase(Text(_("Having the virtual machine “%(name)s” made."), name=plan.vm_name))
    attempt = ImportAttempt(session, plan, target, mark, patience)
    with attempt.undone_unless_completed():
        lease = attempt.lease = start_import(session, order, plan, target, mark=mark)
        info = lease.wait_until_ready(timeout_s=min(patience.ready_s, deadline.left()), brake=brake)
        moid = attempt.moid = str(info.entity._moId)
        on_created(moid)

        def check() -> None:
            lease.check()
            brake.check()
            if deadline.over():
                raise _too_slow(session, patience)

        shipments = _shipments(session, template, order.files, info)
        meter = Meter(on_transfer, total=sum(item.payload.size for item in shipments))
        shipping = Shipping(
            template,
            shipments,
            meter,
            sums=content.sums if content is not None else {},
            book=session.book,
            tries=_tries(patience),
            check=check,
            verdict=lease.verdict,
            on_phase=on_phase,
        )
        # 100 is for vCenter to say, when everything is completed.
        with lease.kept_alive(
            lambda: min(meter.percent, 99),
            lease_timeout_s=info.leaseTimeout,
            interval_s=patience.keep_alive_s,
        ):
            shipping.run()
        lease.check()
        on_phase(Text(_("Completing the import.")))
        lease.complete()
    place = "/".join(part for part in (target.folder.ref.path, escaped(plan.vm_name)) if part)
    return ObjectRef(type="VirtualMachine", moid=moid, name=plan.vm_name, path=place)


def prepare_import(
    session: Session,
    template: Template,
    plan: ImportPlan,
    *,
    on_progress: Callable[[int, int], None],
    should_stop: Callable[[], bool],
) -> ImportRecord:
    """What `import_ova` would do, recorded for approval; nothing is changed in vCenter.

    `on_progress(done, total)` counts the bytes of a template that has to be read (see `content_digest`). Raises what
    `import_ova` raises before anything was changed, but for hosts, which may be reached later, and OvaInvalid.
    """
    content = content_digest(template, on_progress=on_progress, should_stop=should_stop)
    target = locate(session, template.descriptor, plan)
    order = create_import_spec(session, template, plan, target)
    return record_plan(session, template, plan, target, order, content=content.digest)


def _unseen(_done: int, _total: int) -> None:
    """The approved import shows its progress once bytes are sent."""


def _tries(patience: Patience) -> Tries:
    return Tries(
        at_once=patience.at_once,
        tries=patience.tries,
        pause_s=patience.again_s,
        connect_s=patience.connect_s,
        stall_s=patience.stall_s,
    )


def _too_slow(session: Session, patience: Patience) -> TimedOut:
    return TimedOut(
        Text(
            _("The import into %(address)s did not end within %(minutes)d minutes."),
            address=session.address,
            minutes=round(patience.import_s / 60),
        ),
        remedy=Text(
            _("Look for what is slow: the datastore, or the network to the ESXi host; then deploy again.")
        ),
        address=session.address,
        step="upload",
    )


def _shipments(
    session: Session,
    template: Template,
    files: Sequence[vim.OvfManager.FileItem],
    info: vim.HttpNfcLease.Info,
) -> list[Shipment]:
    """Pair the files that vCenter wants with the addresses of the lease."""
    devices = {device.importKey: device for device in info.deviceUrl}
    payloads = {unquote(href): item for href, item in template.payloads.items()}
    shipments = []
    for file in files:
        payload = template.payloads.get(file.path) or payloads.get(unquote(file.path))
        if payload is None:
            raise OvaInvalid(
                Text(
                    _("vCenter asks for “%(name)s”, which the template does not hold."),
                    name=unquote(file.path),
                ),
                reason="missing_file",
            )
        device = devices.get(file.deviceId)
        if device is None:
            raise LeaseFailed(
                Text(
                    _("%(address)s gave no host to send “%(name)s” to."),
                    address=session.address,
                    name=payload.name,
                ),
                address=session.address,
                step="lease",
            )
        target = upload_target(device, session.endpoint, session.book)
        shipments.append(Shipment(payload=payload, target=target, create=bool(file.create)))
    return shipments
