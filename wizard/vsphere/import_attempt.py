"""One attempt at an import: what has begun so far, how long it may take, and how it is undone."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from pyVmomi import vim, vmodl

from wizard.text import Text, _, verbatim
from wizard.vsphere.collector import read
from wizard.vsphere.errors import ConnectionLost, Stopped, VSphereError
from wizard.vsphere.faults import explain
from wizard.vsphere.import_plan import ImportPlan, ImportTarget
from wizard.vsphere.import_spec import MARK_KEY
from wizard.vsphere.inventory import ObjectRef, vm_exists
from wizard.vsphere.nfc_lease import KEEP_ALIVE_S, NfcLease
from wizard.vsphere.removal import LeftBehind, remove_vm, wait_until_gone
from wizard.vsphere.session import Session

RETRY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long what may take, in seconds, and how often it is tried.

    `import_s` bounds all of it but the removal. `ready_s` is generous, as a host may zero whole disks before it takes
    a byte. So many disks are sent `at_once`, each up to `tries` times, `again_s` apart. `grace_s` is left to vCenter
    for removing the half-made machine by itself, `removal_s` to both of us together.
    """

    import_s: float = 12 * 3600.0
    connect_s: float = 20.0
    at_once: int = 3
    tries: int = 3
    again_s: float = 2.0
    stall_s: float = 60.0
    ready_s: float = 3600.0
    keep_alive_s: float = KEEP_ALIVE_S
    grace_s: float = 10.0
    removal_s: float = 60.0


PATIENCE = Patience()


class ImportAttempt:
    """What has been begun so far, and how it is undone."""

    def __init__(
        self, session: Session, plan: ImportPlan, target: ImportTarget, mark: str, patience: Patience
    ) -> None:
        self._session = session
        self._plan = plan
        self._target = target
        self._mark = mark
        self._patience = patience
        self.lease: NfcLease | None = None
        self.moid: str | None = None

    @contextlib.contextmanager
    def undone_unless_completed(self) -> Iterator[None]:
        try:
            yield
        except BaseException as failure:
            obstacle = self._undo(answered=not isinstance(failure, ConnectionLost))
            if obstacle is not None:
                raise LeftBehind(
                    name=self._plan.vm_name,
                    moid=self.moid,
                    cause=_cause(failure),
                    obstacle=obstacle.text,
                    address=self._session.address,
                ) from failure
            raise

    def _undo(self, *, answered: bool) -> VSphereError | None:
        """Abort the lease and see that the machine is gone; the answer is what stood in the way, if anything.

        A lost connection may come back, so everything is tried again until the time is over. A machine that
        vCenter was about to make, or whose making was not answered, is waited for: it may appear late.
        """
        give_up = time.monotonic() + self._patience.removal_s
        unsettled = self.lease.preparing if self.lease is not None else not answered
        while True:
            try:
                self._remove(unsettled=unsettled, give_up=give_up)
            except vmodl.MethodFault as fault:
                obstacle = explain(fault, address=self._session.address, step="removal")
            except VSphereError as error:
                obstacle = error
            else:
                return None
            if time.monotonic() >= give_up:
                return obstacle
            time.sleep(RETRY_S)

    def _remove(self, *, unsettled: bool, give_up: float) -> None:
        if self.lease is not None:
            try:
                self.lease.abort()
            except VSphereError:
                # A machine that is known can be removed all the same; one that is still being made cannot.
                if self.moid is None:
                    raise
        appears_until = time.monotonic() + (self._patience.grace_s if unsettled else 0.0)
        while self.moid is None:
            # Broken off before vCenter told its id, it is known by the mark of this very attempt.
            self.moid = find_marked(
                self._session,
                self._target.datacenter,
                self._target.folder.ref.path,
                self._plan.vm_name,
                self._mark,
            )
            if self.moid is None and time.monotonic() >= appears_until:
                return
            time.sleep(0.0 if self.moid else RETRY_S)
        # vCenter removes the machine of an aborted lease itself; the account needs no right for that.
        if not wait_until_gone(self._session, self.moid, timeout_s=self._patience.grace_s):
            remove_vm(self._session, self.moid, timeout_s=max(give_up - time.monotonic(), RETRY_S))


def find_marked(session: Session, datacenter: ObjectRef, folder: str, name: str, mark: str) -> str | None:
    """The id of the machine that the import with this `mark` has made; None for a stranger of the same name."""
    found = vm_exists(session, datacenter, folder, name)
    if found is None or found.type != "VirtualMachine":
        return None
    seen = read(session, session.managed(vim.VirtualMachine, found.moid), ("config.extraConfig",))
    options = seen.get("config.extraConfig") or ()
    return found.moid if any(o.key == MARK_KEY and o.value == mark for o in options) else None


def _cause(failure: BaseException) -> Text:
    if isinstance(failure, VSphereError):
        return failure.text
    if isinstance(failure, Stopped):
        return Text(_("The import was stopped on request."))
    return Text(_("The import broke off (%(reason)s)."), reason=verbatim(type(failure).__name__))
