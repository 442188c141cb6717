"""Switching a machine on and waiting for its guest."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from tests.vsphere.conftest import SignIn, account_of
from tests.vsphere.relay import Relay
from tests.vsphere.servers import LOOPBACK
from tests.waiting import AT_ONCE_S
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere import guest
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.errors import (
    CallFailed,
    ConnectionLost,
    NoPermission,
    NotFound,
    Stopped,
    TimedOut,
    TlsFailed,
    Unreachable,
)
from wizard.vsphere.guest import GuestState, power_on, read_guest, wait_for_guest
from wizard.vsphere.session import Session, connect

pytestmark = pytest.mark.vcenter

NAME = "guest-of-the-tests"
ADDRESS = "198.51.100.200"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest, "POLL_S", 0.1)


@pytest.fixture
def moid(vcenter: LabVCenter) -> Iterator[str]:
    """A machine that is switched off and takes 0.3 s to boot."""
    vcenter.control.set_guests(delay_s=0.3, address=ADDRESS)
    vcenter.control.add_machine(
        {
            "name": NAME,
            "datacenter": "DC0",
            "folder": "",
            "compute": "DC0_C0",
            "datastore": "LocalDS_0",
            "networks": ["VM Network"],
            "guest_id": "windows9Server64Guest",
            "guest_full_name": "Microsoft Windows Server 2016 (64-bit)",
            "firmware": "bios",
            "cpus": 2,
            "memory_mb": 2048,
            "disks_gb": [10],
            "tools": "toolsOk",
        }
    )
    yield next(machine["moid"] for machine in vcenter.control.machines() if machine["name"] == NAME)
    vcenter.control.clear_faults()
    vcenter.control.remove_machine(NAME)


def wait(session: Session, moid: str, *, timeout_s: float = 8.0, expected: str | None = None) -> GuestState:
    return wait_for_guest(
        session,
        moid,
        timeout_s=timeout_s,
        should_stop=lambda: False,
        on_state=lambda _state: None,
        expected_address=expected,
    )


def test_a_machine_is_switched_on_and_its_guest_waited_for(session: Session, moid: str) -> None:
    assert read_guest(session, moid).power_state == "poweredOff"
    power_on(session, moid, 10.0)
    seen: list[GuestState] = []
    state = wait_for_guest(
        session,
        moid,
        timeout_s=AT_ONCE_S,
        should_stop=lambda: False,
        on_state=seen.append,
        expected_address=ADDRESS,
    )
    assert state.power_state == "poweredOn"
    assert state.tools_running
    assert state.addresses == (ADDRESS,)
    assert state.host_name
    assert seen[-1] == state
    assert seen[0].addresses == ()
    assert len(seen) >= 2


def test_switching_on_twice_is_no_error(session: Session, moid: str) -> None:
    power_on(session, moid, 10.0)
    power_on(session, moid, 10.0)
    assert read_guest(session, moid).power_state == "poweredOn"


def test_any_address_will_do_where_none_is_expected(session: Session, moid: str) -> None:
    power_on(session, moid, 10.0)
    assert wait(session, moid).addresses == (ADDRESS,)


def test_another_address_than_expected_is_told_with_the_last_state(session: Session, moid: str) -> None:
    power_on(session, moid, 10.0)
    wait(session, moid)
    with pytest.raises(TimedOut) as late:
        wait(session, moid, timeout_s=0.5, expected="198.51.100.99")
    assert "did not report the address 198.51.100.99 within" in str(late.value)
    assert f"VMware Tools guestToolsRunning, addresses {ADDRESS}" in str(late.value)
    assert "console" in str(late.value.remedy)


def test_a_guest_that_stays_silent_times_out(session: Session, vcenter: LabVCenter, moid: str) -> None:
    vcenter.control.set_guests(silent=True)
    power_on(session, moid, 10.0)
    began = time.monotonic()
    with pytest.raises(TimedOut, match=r"an address within 1 seconds\. Last seen: power poweredOn"):
        wait(session, moid, timeout_s=1.0)
    assert 0.9 < time.monotonic() - began < AT_ONCE_S


def test_waiting_stops_soon_after_it_is_asked_to(
    session: Session, moid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guest, "POLL_S", 60.0)
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        wait_for_guest(
            session,
            moid,
            timeout_s=60.0,
            should_stop=stop.is_set,
            on_state=lambda _state: None,
            expected_address=None,
        )
    assert 0.2 < time.monotonic() - began < AT_ONCE_S


def test_a_broken_connection_does_not_end_the_wait(session: Session, vcenter: LabVCenter, moid: str) -> None:
    power_on(session, moid, 10.0)
    broken = []

    def break_once(_state: GuestState) -> None:
        if not broken:
            broken.append(True)
            vcenter.control.drop_connections()

    state = wait_for_guest(
        session,
        moid,
        timeout_s=AT_ONCE_S,
        should_stop=lambda: False,
        on_state=break_once,
        expected_address=ADDRESS,
    )
    assert broken
    assert state.addresses == (ADDRESS,)


def test_a_vcenter_that_stays_away_ends_the_wait(
    session: Session, vcenter: LabVCenter, moid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guest, "PATIENCE_S", 0.4)
    vcenter.control.set_gone(True)
    began = time.monotonic()
    with pytest.raises(Exception, match=r"vcenter\.lab\.test:443") as lost:
        wait(session, moid, timeout_s=2 * AT_ONCE_S)
    assert isinstance(lost.value, ConnectionLost | TlsFailed | Unreachable)
    assert time.monotonic() - began < AT_ONCE_S
    vcenter.control.set_gone(False)


def test_a_session_that_ends_is_not_waited_out(sign_in: SignIn, vcenter: LabVCenter, moid: str) -> None:
    def work(session: Session) -> None:
        vcenter.control.expire_sessions()
        wait(session, moid, timeout_s=2 * AT_ONCE_S)

    with pytest.raises(ConnectionLost, match="has ended"), sign_in() as session:
        work(session)


def test_a_machine_that_is_gone_is_not_waited_for(sign_in: SignIn) -> None:
    with pytest.raises(NotFound, match="vm-99999"), sign_in() as session:
        wait(session, "vm-99999", timeout_s=2 * AT_ONCE_S)


def test_vcenters_reason_for_not_switching_on_is_told(
    sign_in: SignIn, vcenter: LabVCenter, moid: str
) -> None:
    vcenter.control.add_fault(
        "PowerOnVM_Task",
        "InsufficientResourcesFault",
        message="Insufficient resources to satisfy failover level",
    )
    with (
        pytest.raises(CallFailed, match="Insufficient resources to satisfy failover level"),
        sign_in() as session,
    ):
        power_on(session, moid, 10.0)


def test_a_power_on_that_does_not_end_times_out(relay: Relay, vcenter: LabVCenter, moid: str) -> None:
    relay.edit = lambda call, body: (
        body.replace(b">success<", b">running<") if call == "RetrievePropertiesEx" else body
    )
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    began = time.monotonic()
    with (
        pytest.raises(TimedOut, match="did not finish powering on the virtual machine within 1 seconds"),
        connect(endpoint, account_of(vcenter)) as session,
    ):
        power_on(session, moid, 1.0)
    assert 0.9 < time.monotonic() - began < AT_ONCE_S
    assert 1 <= relay.count("RetrievePropertiesEx") <= 12


def test_a_reader_may_not_switch_on(sign_in: SignIn, moid: str) -> None:
    with (
        pytest.raises(NoPermission, match=r"VirtualMachine\.Interact\.PowerOn"),
        sign_in("asr-readonly") as session,
    ):
        power_on(session, moid, 10.0)
