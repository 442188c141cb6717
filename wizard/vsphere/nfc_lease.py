"""The lease under which disks may be sent to a new machine: awaited, kept alive, completed or aborted."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pyVmomi import vim, vmodl

from wizard.text import Text, _
from wizard.vsphere.collector import read
from wizard.vsphere.errors import (
    ConnectionLost,
    LeaseFailed,
    NameTaken,
    NoPermission,
    TimedOut,
    UploadFailed,
    VSphereError,
)
from wizard.vsphere.faults import explain, message_of
from wizard.vsphere.pace import Brake
from wizard.vsphere.session import Session
from wizard.wire import trace

Answer = TypeVar("Answer")

SHORTEST_S, LONGEST_S = 0.02, 0.5  # between two looks at a lease that is not ready yet
# A lease lives 300 s without a word, so this survives a few calls that do not get through.
KEEP_ALIVE_S = 15.0
RETRY_S = 3.0
# However short a lease vCenter claims to give.
SOONEST_S = 0.02


class NfcLease:
    """One import lease. Its calls may come from several threads."""

    def __init__(self, session: Session, lease: vim.HttpNfcLease) -> None:
        self._session = session
        self._lease = lease
        self._lost: VSphereError | None = None
        self._settled = False

    @property
    def preparing(self) -> bool:
        """Whether vCenter was last seen at making the machine."""
        return not self._settled

    def wait_until_ready(self, *, timeout_s: float, brake: Brake) -> vim.HttpNfcLease.Info:
        """What the lease offers, once vCenter has made the machine.

        Raises LeaseFailed with the reason that vCenter gives, NameTaken, TimedOut, or Stopped.
        """
        give_up, pause = time.monotonic() + timeout_s, SHORTEST_S
        while True:
            seen = self._call("lease", lambda: read(self._session, self._lease, ("state", "info", "error")))
            self._settled = seen.get("state") not in (None, vim.HttpNfcLease.State.initializing)
            info: vim.HttpNfcLease.Info | None = seen.get("info")
            if seen.get("state") == vim.HttpNfcLease.State.ready and info is not None:
                return info
            if seen.get("state") in (vim.HttpNfcLease.State.error, vim.HttpNfcLease.State.done):
                raise self._given_up(seen.get("error"), step="lease")
            if time.monotonic() >= give_up:
                raise self._not_ready(timeout_s)
            brake.check()
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_S)

    @contextlib.contextmanager
    def kept_alive(
        self, percent: Callable[[], int], *, lease_timeout_s: float, interval_s: float = KEEP_ALIVE_S
    ) -> Iterator[None]:
        """Tell vCenter the percent done, from a thread of its own, for as long as the block runs.

        A call that does not get through is tried again until the lease has run out; then `check` says so.
        """
        finished = threading.Event()
        thread = threading.Thread(
            target=trace.carried(self._keep_alive),
            args=(finished, percent, lease_timeout_s, max(min(interval_s, lease_timeout_s / 3), SOONEST_S)),
            name="lease keep-alive",
            daemon=True,
        )
        thread.start()
        try:
            yield
        finally:
            finished.set()
            thread.join()

    def check(self) -> None:
        """Raises what the keep-alive has run into; cheap enough to be called all the time."""
        if self._lost is not None:
            raise self._lost

    def verdict(self, failure: UploadFailed) -> VSphereError:
        """Why an upload really failed: a host hangs up when vCenter gives up the lease, and that knows why.

        A lease ends with the session that it belongs to.
        """
        try:
            seen = read(self._session, self._lease, ("state", "error"))
        except (vim.fault.NotAuthenticated, vmodl.fault.ManagedObjectNotFound) as fault:
            return self._ended(fault, "upload")
        except (vmodl.MethodFault, VSphereError):
            return failure
        if seen.get("state") == vim.HttpNfcLease.State.error:
            return self._given_up(seen.get("error"), step="upload")
        return failure

    def complete(self) -> None:
        """Tell vCenter that everything is there. Raises LeaseFailed, NoPermission or ConnectionLost."""
        self._call("HttpNfcLeaseComplete", self._lease.Complete)

    def abort(self) -> None:
        """Let go of the lease; vCenter then removes the half-made machine.

        A lease that has ended already is left alone. Raises VSphereError where vCenter cannot be told, or
        does not let go of a machine that it is still making.
        """
        try:
            self._lease.Abort(None)
        except vmodl.fault.ManagedObjectNotFound:
            return
        except vmodl.MethodFault as fault:
            failure = explain(fault, address=self._session.address, step="HttpNfcLeaseAbort")
        else:
            return
        with contextlib.suppress(vmodl.fault.ManagedObjectNotFound):
            if self._state() in (vim.HttpNfcLease.State.initializing, vim.HttpNfcLease.State.ready):
                raise failure

    def _keep_alive(
        self, finished: threading.Event, percent: Callable[[], int], lease_timeout_s: float, interval_s: float
    ) -> None:
        alive_until = time.monotonic() + lease_timeout_s
        pause = 0.0
        while not finished.wait(pause):
            try:
                self._lease.Progress(percent())
            except vmodl.MethodFault as fault:
                self._lost = self._ended(fault, "HttpNfcLeaseProgress")
                return
            except VSphereError as error:
                if time.monotonic() >= alive_until:
                    self._lost = error
                    return
                pause = min(RETRY_S, interval_s)
            else:
                alive_until = time.monotonic() + lease_timeout_s
                pause = interval_s

    def _call(self, step: str, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except vmodl.MethodFault as fault:
            failure = self._ended(fault, step)
        raise failure

    def _ended(self, fault: vmodl.MethodFault, step: str) -> VSphereError:
        """Why a call was refused: mostly because the lease has ended, and then the lease may know why."""
        explained = explain(fault, address=self._session.address, step=step)
        if isinstance(explained, NoPermission | ConnectionLost):
            return explained
        if isinstance(fault, vmodl.fault.ManagedObjectNotFound):
            return LeaseFailed(
                Text(
                    _(
                        "%(address)s no longer knows the lease of this import: "
                        "the session that it belongs to has ended, or somebody has ended it."
                    ),
                    address=self._session.address,
                ),
                remedy=Text(_("Start the work again; it signs in anew.")),
                address=self._session.address,
                step=step,
            )
        reason: Any = None
        with contextlib.suppress(vmodl.MethodFault, VSphereError):
            reason = read(self._session, self._lease, ("error",)).get("error")
        return self._given_up(reason or fault, step=step)

    def _given_up(self, reason: vmodl.MethodFault | None, *, step: str) -> VSphereError:
        if isinstance(reason, vim.fault.DuplicateName):
            return name_taken(reason.name, address=self._session.address)
        why = message_of(reason).rstrip(".") if reason is not None else Text(_("it does not say why"))
        return LeaseFailed(
            Text(_("%(address)s gave up the import: %(why)s."), address=self._session.address, why=why),
            address=self._session.address,
            step=step,
        )

    def _state(self) -> Any:
        return read(self._session, self._lease, ("state",)).get("state")

    def _not_ready(self, timeout_s: float) -> TimedOut:
        return TimedOut(
            Text(
                _(
                    "%(address)s did not get the new machine ready to take its disks within %(seconds)d seconds."
                ),
                address=self._session.address,
                seconds=round(timeout_s),
            ),
            remedy=Text(_("Look at the import task and the datastore's load in vCenter; then deploy again.")),
            address=self._session.address,
            step="lease",
        )


def name_taken(name: str, *, address: str) -> NameTaken:
    return NameTaken(
        Text(_("The folder already holds a virtual machine or folder named “%(name)s”."), name=name),
        address=address,
        step="name",
    )
