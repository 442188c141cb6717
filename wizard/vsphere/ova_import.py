"""Makes a virtual machine of an OVA: all of it, or nothing.

vCenter judges the template, makes an empty machine and lends a lease; the disks are sent from inside the
archive to the ESXi host; the lease is completed. Whatever happens in between, nothing half-made stays behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from pyVmomi import vim

from wizard.text import Text, _
from wizard.vsphere.disk_upload import upload
from wizard.vsphere.errors import LeaseFailed, OvaInvalid, UploadFailed
from wizard.vsphere.import_attempt import PATIENCE, ImportAttempt
from wizard.vsphere.import_attempt import Patience as Patience
from wizard.vsphere.import_plan import ImportPlan as ImportPlan
from wizard.vsphere.import_plan import locate
from wizard.vsphere.import_spec import create_import_spec, start_import
from wizard.vsphere.inventory import ObjectRef, escaped
from wizard.vsphere.nfc_lease import NfcLease
from wizard.vsphere.ova import Ova
from wizard.vsphere.pace import Brake, Pace
from wizard.vsphere.removal import remove_vm as remove_vm
from wizard.vsphere.session import Session
from wizard.vsphere.upload_target import UploadTarget, upload_target


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shipment:
    """One file on its way: its name in the archive, where it goes, whether it is put rather than posted."""

    name: str
    target: UploadTarget
    create: bool


def import_ova(
    session: Session,
    ova: Ova,
    plan: ImportPlan,
    *,
    mark: str,
    on_phase: Callable[[Text], None],
    on_progress: Callable[[int, int], None],
    on_created: Callable[[str], None],
    should_stop: Callable[[], bool],
    patience: Patience = PATIENCE,
) -> ObjectRef:
    """Import the template as `plan` says and return the machine, powered off.

    `mark`, told by nobody else, is written into the machine: by it `find_marked` knows the machine of this import.
    `on_phase` gets a sentence for each stage and each of vCenter's warnings; `on_progress(sent, total)`
    counts bytes, at most five times a second; `on_created` gets the machine's id as soon as it exists, so
    that it can be removed later by whoever finds this work unfinished. `should_stop` is asked about five
    times a second.

    Raises, with nothing left in vCenter: Stopped; NotFound, Ambiguous, NameTaken, ImportRefused and
    NoPermission before anything was changed; LeaseFailed, TimedOut, UploadFailed, ConnectionLost and
    OvaInvalid in the middle. Where the half-made machine could not be removed, LeftBehind says so instead,
    with the first failure in it. What a callback raises comes out as well, after the same tidying up.
    """
    brake = Brake(should_stop)
    on_phase(Text(_("Asking vCenter whether it takes the template.")))
    target = locate(session, ova.descriptor, plan)
    order = create_import_spec(session, ova, plan, target, mark=mark)
    for warning in order.warnings:
        on_phase(Text(_("vCenter warns: %(message)s"), message=warning))
    brake.check()
    on_phase(Text(_("Having the virtual machine “%(name)s” made."), name=plan.vm_name))
    attempt = ImportAttempt(session, plan, target, mark, patience)
    with attempt.undone_unless_completed():
        lease = attempt.lease = start_import(session, order, plan, target)
        info = lease.wait_until_ready(timeout_s=patience.ready_s, brake=brake)
        moid = attempt.moid = str(info.entity._moId)
        on_created(moid)
        _send(
            session,
            ova,
            _shipments(session, ova, order.files, info),
            lease,
            info,
            on_phase=on_phase,
            on_progress=on_progress,
            brake=brake,
            patience=patience,
        )
        lease.check()
        on_phase(Text(_("Completing the import.")))
        lease.complete()
    place = "/".join(part for part in (target.folder.ref.path, escaped(plan.vm_name)) if part)
    return ObjectRef(type="VirtualMachine", moid=moid, name=plan.vm_name, path=place)


def _send(
    session: Session,
    ova: Ova,
    shipments: Sequence[_Shipment],
    lease: NfcLease,
    info: vim.HttpNfcLease.Info,
    *,
    on_phase: Callable[[Text], None],
    on_progress: Callable[[int, int], None],
    brake: Brake,
    patience: Patience,
) -> None:
    """Send one file after the other, and keep the lease alive meanwhile."""
    pace = Pace(on_progress, total=sum(ova.members[item.name].size for item in shipments))

    def check() -> None:
        lease.check()
        brake.check()

    # 100 is for vCenter to say, when everything is completed.
    with lease.kept_alive(
        lambda: min(pace.percent, 99), lease_timeout_s=info.leaseTimeout, interval_s=patience.keep_alive_s
    ):
        for number, item in enumerate(shipments, start=1):
            on_phase(
                Text(
                    _("Sending “%(name)s” (%(number)d of %(count)d) to host %(host)s."),
                    name=item.name,
                    number=number,
                    count=len(shipments),
                    host=item.target.host,
                )
            )
            try:
                upload(
                    ova,
                    item.name,
                    item.target,
                    create=item.create,
                    pace=pace,
                    check=check,
                    book=session.book,
                    connect_s=patience.connect_s,
                    stall_s=patience.stall_s,
                )
            except UploadFailed as failure:
                raise lease.verdict(failure) from None
        pace.finish()


def _shipments(
    session: Session, ova: Ova, files: Sequence[vim.OvfManager.FileItem], info: vim.HttpNfcLease.Info
) -> list[_Shipment]:
    """Pair the files that vCenter wants with the addresses of the lease."""
    devices = {device.importKey: device for device in info.deviceUrl}
    shipments = []
    for file in files:
        name = unquote(file.path)
        if name not in ova.members:
            raise OvaInvalid(
                Text(_("vCenter asks for “%(name)s”, which the template does not hold."), name=name),
                reason="missing_file",
            )
        device = devices.get(file.deviceId)
        if device is None:
            raise LeaseFailed(
                Text(_("vCenter gave no address to send “%(name)s” to."), name=name),
                address=session.address,
                step="lease",
            )
        target = upload_target(device, session.endpoint, session.book)
        shipments.append(_Shipment(name=name, target=target, create=bool(file.create)))
    return shipments
