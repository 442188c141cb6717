"""What the control port can break, and that it mends."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pyVmomi import vim

from tests.lab.client import Client
from tests.lab.test_vcenter import shown
from wizard.lab.control import ControlError
from wizard.lab.vcenter import LabVCenter

pytestmark = pytest.mark.vcenter


def test_an_expired_session_is_no_longer_signed_in(vcenter: LabVCenter, admin: Client) -> None:
    vcenter.control.expire_sessions()
    with pytest.raises(vim.fault.NotAuthenticated):
        admin.si.CurrentTime()
    assert vcenter.control.sessions() == []


def test_a_fault_is_answered_as_often_as_ordered_and_then_no_more(vcenter: LabVCenter, admin: Client) -> None:
    vcenter.control.add_fault("CurrentTime", "HostConnectFault", message="no such luck", count=1, skip=1)
    admin.si.CurrentTime()
    with pytest.raises(vim.fault.HostConnectFault) as fault:
        admin.si.CurrentTime()
    assert fault.value.msg == "no such luck"
    admin.si.CurrentTime()


def test_a_delay_holds_a_call_back(vcenter: LabVCenter, admin: Client) -> None:
    vcenter.control.add_delay("CurrentTime", 400)
    started = time.monotonic()
    admin.si.CurrentTime()
    assert time.monotonic() - started >= 0.4
    vcenter.control.clear_faults()
    started = time.monotonic()
    admin.si.CurrentTime()
    assert time.monotonic() - started < 0.3


def test_a_fault_that_the_api_does_not_have_is_refused_by_name(vcenter: LabVCenter) -> None:
    with pytest.raises(ControlError, match="NoSuchFault"):
        vcenter.control.add_fault("CurrentTime", "NoSuchFault")


def test_dropped_connections_break_a_client_once(vcenter: LabVCenter, admin: Client) -> None:
    vcenter.control.drop_connections()
    with Client.connect(vcenter, "administrator") as other:
        other.si.CurrentTime()


def test_playing_dead_refuses_everybody_until_it_is_over(vcenter: LabVCenter) -> None:
    vcenter.control.set_gone(True)
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the moment
        shown(vcenter)
    vcenter.control.set_gone(False)
    assert shown(vcenter) == vcenter.thumbprint_sha256


def test_another_certificate_can_be_presented(vcenter: LabVCenter) -> None:
    other = vcenter.other_certificate()
    vcenter.control.present_certificate(other.certificate, other.key)
    try:
        assert shown(vcenter) == other.sha256 != vcenter.thumbprint_sha256
    finally:
        vcenter.control.present_certificate(vcenter.pair.certificate, vcenter.pair.key)
    assert shown(vcenter) == vcenter.thumbprint_sha256


def test_a_certificate_that_does_not_exist_is_refused(vcenter: LabVCenter, tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="no such file"):
        vcenter.control.present_certificate(tmp_path / "none.pem", tmp_path / "none.key")


def test_a_datastore_can_be_changed(vcenter: LabVCenter, admin: Client) -> None:
    store = admin.find(vim.Datastore, "SmallDS_0")
    vcenter.control.set_datastore("DC0", "SmallDS_0", free_gb=7, accessible=False)
    assert (store.summary.freeSpace >> 30, store.summary.accessible) == (7, False)
    vcenter.control.set_datastore("DC0", "SmallDS_0", free_gb=100, accessible=True)
    assert (store.summary.freeSpace >> 30, store.summary.accessible) == (100, True)
    with pytest.raises(ControlError, match="Nowhere"):
        vcenter.control.set_datastore("DC0", "Nowhere", free_gb=1)
