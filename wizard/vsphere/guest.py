"""A machine's guest: switched on, and waited for until VMware Tools report its address."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pyVmomi import vim

from wizard.text import Text, _
from wizard.vsphere.collector import read
from wizard.vsphere.errors import ConnectionLost, Stopped, TimedOut, TlsFailed, Unreachable
from wizard.vsphere.guest_addresses import addresses_of
from wizard.vsphere.session import Session
from wizard.vsphere.vsphere_task import wait_for_task

POLL_S = 2.0  # between two looks at the guest
SLICE_S = 0.25  # between two looks at `should_stop`
PATIENCE_S = 60.0  # for how long vCenter may be away in the middle of a wait, as nothing is lost by that


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestState:
    """What VMware Tools told last, in vSphere's words; what is not known is ""."""

    tools_status: str
    host_name: str
    addresses: tuple[str, ...]
    power_state: str

    @property
    def tools_running(self) -> bool:
        return self.tools_status == "guestToolsRunning"


_PROPERTIES = (
    "guest.toolsRunningStatus",
    "guest.hostName",
    "guest.ipAddress",
    "guest.net",
    "runtime.powerState",
)


def power_on(session: Session, moid: str, timeout_s: float) -> None:
    """Switch the machine on, within `timeout_s` seconds; one that runs already is left alone.

    Raises TimedOut, NotFound, NoPermission, and CallFailed with vCenter's reason, for example a lack of
    resources.
    """
    machine = session.managed(vim.VirtualMachine, moid)
    try:
        wait_for_task(
            session,
            machine.PowerOnVM_Task(None),
            what=Text(_("powering on the virtual machine")),
            timeout_s=timeout_s,
        )
    except vim.fault.InvalidPowerState as fault:
        if fault.existingState != vim.VirtualMachine.PowerState.poweredOn:
            raise


def read_guest(session: Session, moid: str) -> GuestState:
    """What the guest reports now; one round trip. Raises NotFound when the session's block is left."""
    values = read(session, session.managed(vim.VirtualMachine, moid), _PROPERTIES)
    return GuestState(
        tools_status=str(values.get("guest.toolsRunningStatus", "")),
        host_name=str(values.get("guest.hostName", "")),
        addresses=addresses_of(values.get("guest.ipAddress"), values.get("guest.net", ())),
        power_state=str(values.get("runtime.powerState", "")),
    )


def wait_for_guest(
    session: Session,
    moid: str,
    *,
    timeout_s: float,
    should_stop: Callable[[], bool],
    on_state: Callable[[GuestState], None],
    expected_address: str | None,
) -> GuestState:
    """Wait until VMware Tools run and report `expected_address`, or any address where none is expected.

    `on_state` hears every look, one each POLL_S seconds. A connection that breaks is made again, as the session
    lasts; after PATIENCE_S seconds without one its error is raised. Raises Stopped, or TimedOut with the last state
    in its text.
    """
    give_up = time.monotonic() + timeout_s
    seen_at = time.monotonic()
    state = _NOTHING_SEEN
    while True:
        try:
            state = read_guest(session, moid)
        except (ConnectionLost, TlsFailed, Unreachable):
            if time.monotonic() - seen_at > PATIENCE_S:
                raise
        else:
            seen_at = time.monotonic()
            on_state(state)
            if _is_up(state, expected_address):
                return state
        if time.monotonic() >= give_up:
            raise _timed_out(session, state, expected_address, timeout_s)
        _pause(min(POLL_S, give_up - time.monotonic()), should_stop)


_NOTHING_SEEN = GuestState(tools_status="", host_name="", addresses=(), power_state="")


def _is_up(state: GuestState, expected_address: str | None) -> bool:
    if not state.tools_running:
        return False
    return expected_address in state.addresses if expected_address else bool(state.addresses)


def _pause(seconds: float, should_stop: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while True:
        if should_stop():
            raise Stopped
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, SLICE_S))


def _timed_out(session: Session, state: GuestState, expected: str | None, timeout_s: float) -> TimedOut:
    values = {
        "seconds": round(timeout_s),
        "power": state.power_state or "?",
        "tools": state.tools_status or "?",
        "addresses": list(state.addresses) or "–",
        "expected": expected or "",
    }
    if expected:
        text = Text(
            _(
                "The guest did not report the address %(expected)s within %(seconds)s seconds. Last seen: "
                "power %(power)s, VMware Tools %(tools)s, addresses %(addresses)s."
            ),
            **values,
        )
    else:
        text = Text(
            _(
                "The guest did not report an address within %(seconds)s seconds. Last seen: "
                "power %(power)s, VMware Tools %(tools)s."
            ),
            **values,
        )
    return TimedOut(
        text,
        remedy=Text(
            _("Open the machine's console in vCenter: it may be waiting for somebody to answer a question.")
        ),
        address=session.address,
        step="guest",
    )
