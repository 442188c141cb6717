"""Takes a virtual machine out of the inventory, its disks with it, and makes sure that it is gone."""

from __future__ import annotations

import time

from pyVmomi import vim, vmodl

from wizard.text import Text, _
from wizard.vsphere.collector import read
from wizard.vsphere.errors import CallFailed, NoPermission, VSphereError
from wizard.vsphere.faults import explain
from wizard.vsphere.session import Session
from wizard.vsphere.vsphere_task import wait_for_task

POLL_S = 0.25
REMOVAL_S = 60.0


class LeftBehind(VSphereError):
    """Something went wrong, and the half-made machine could not be removed, or nobody could look."""

    code = "left_behind"

    def __init__(self, *, name: str, moid: str | None, cause: Text, obstacle: Text, address: str) -> None:
        super().__init__(
            Text(
                _(
                    "%(cause)s The half-made machine “%(name)s” (%(moid)s) may still be there, "
                    "as removing it failed: %(obstacle)s"
                ),
                cause=cause,
                name=name,
                moid=moid or "?",
                obstacle=obstacle,
            ),
            remedy=Text(
                _(
                    "vCenter removes it by itself some minutes after an import has broken off. "
                    "Look for “%(name)s” then; if it is still there, delete it from disk before deploying again."
                ),
                name=name,
            ),
            address=address,
            step="removal",
        )
        self.moid = moid


def exists(session: Session, moid: str) -> bool:
    """Whether the machine is in the inventory. Raises VSphereError where vCenter cannot be asked."""
    try:
        read(session, session.managed(vim.VirtualMachine, moid), ("name",))
    except vmodl.fault.ManagedObjectNotFound:
        return False
    except vmodl.MethodFault as fault:
        failure = explain(fault, address=session.address, step="RetrievePropertiesEx")
    else:
        return True
    raise failure


def wait_until_gone(session: Session, moid: str, *, timeout_s: float) -> bool:
    """Whether the machine leaves the inventory by itself within that time."""
    give_up = time.monotonic() + timeout_s
    while exists(session, moid):
        if time.monotonic() >= give_up:
            return False
        time.sleep(POLL_S)
    return True


def remove_vm(session: Session, moid: str, *, timeout_s: float = REMOVAL_S) -> bool:
    """Power the machine off if need be, delete it from disk, and see that it is gone.

    False where it was not there to begin with. A refusal may be a passing one, as when vCenter is at the machine
    itself, and a lost connection may come back. So everything is tried again until `timeout_s` seconds are over, but
    NoPermission and what a session says that is over; then the last failure is raised: ConnectionLost, TimedOut or
    another VSphereError.
    """
    give_up = time.monotonic() + timeout_s
    seen = False
    while True:
        failure: VSphereError | None = None
        try:
            if not exists(session, moid):
                return seen
            seen = True
            _delete(session, moid, give_up)
            if not exists(session, moid):
                return True
        except vmodl.MethodFault as fault:
            failure = explain(fault, address=session.address, step="Destroy_Task")
        except VSphereError as error:
            failure = error
        in_vain = isinstance(failure, NoPermission) or not session.usable
        if in_vain or time.monotonic() >= give_up:
            raise failure or _still_there(session, moid)
        time.sleep(POLL_S)


def _delete(session: Session, moid: str, give_up: float) -> None:
    vm = session.managed(vim.VirtualMachine, moid)
    state = read(session, vm, ("runtime.powerState",)).get("runtime.powerState")
    if state in (vim.VirtualMachine.PowerState.poweredOn, vim.VirtualMachine.PowerState.suspended):
        wait_for_task(
            session,
            vm.PowerOffVM_Task(),
            what=Text(_("powering off the virtual machine")),
            timeout_s=max(give_up - time.monotonic(), POLL_S),
        )
    wait_for_task(
        session,
        vm.Destroy_Task(),
        what=Text(_("removing the virtual machine")),
        timeout_s=max(give_up - time.monotonic(), POLL_S),
    )


def _still_there(session: Session, moid: str) -> CallFailed:
    return CallFailed(
        Text(
            _("vCenter says that it removed the virtual machine %(moid)s, yet it is still there."), moid=moid
        ),
        address=session.address,
        step="Destroy_Task",
    )
