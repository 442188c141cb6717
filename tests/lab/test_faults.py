"""What the control port can break, and that it mends."""

from __future__ import annotations

import http.client
import ssl
import time
from pathlib import Path
from xml.parsers.expat import ExpatError

import pytest
from pyVmomi import vim, vmodl

from tests.lab.client import Client
from tests.lab.test_vcenter import shown
from tests.waiting import AT_ONCE_S
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


@pytest.mark.parametrize("name", ["TaskInProgress", "DuplicateName", "ManagedObjectNotFound"])
def test_a_fault_that_has_to_name_an_object_names_one(vcenter: LabVCenter, admin: Client, name: str) -> None:
    kind = getattr(vim.fault, name, None) or getattr(vmodl.fault, name)
    vcenter.control.add_fault("CurrentTime", name, count=1)
    with pytest.raises(kind):
        admin.si.CurrentTime()


def test_a_delay_holds_a_call_back(vcenter: LabVCenter, admin: Client) -> None:
    vcenter.control.add_delay("CurrentTime", 400)
    started = time.monotonic()
    admin.si.CurrentTime()
    assert time.monotonic() - started >= 0.4
    vcenter.control.add_delay("CurrentTime", 60_000)
    vcenter.control.clear_faults()
    started = time.monotonic()
    admin.si.CurrentTime()
    assert time.monotonic() - started < AT_ONCE_S


def test_a_fault_that_the_api_does_not_have_is_refused_by_name(vcenter: LabVCenter) -> None:
    with pytest.raises(ControlError, match="NoSuchFault"):
        vcenter.control.add_fault("CurrentTime", "NoSuchFault")
    with pytest.raises(ControlError, match="is not a fault"):
        vcenter.control.add_fault("CurrentTime", "VirtualMachineConfigInfo")


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_fault_meets_the_calls_about_one_object_only(vcenter: LabVCenter, admin: Client, by: str) -> None:
    store, other = (admin.find(vim.Datastore, name) for name in ("LocalDS_0", "SmallDS_0"))
    vcenter.control.add_fault("*", "HostConnectFault", object=store._moId if by == "id" else "LocalDS_0")
    assert admin.read(other, "name") == {"name": "SmallDS_0"}
    with pytest.raises(vim.fault.HostConnectFault):
        admin.read(store, "name")


def test_a_fault_names_the_object_and_carries_the_details_that_were_asked_for(
    vcenter: LabVCenter, admin: Client
) -> None:
    machine = admin.find(vim.VirtualMachine, "web-02")
    vcenter.control.add_fault("PowerOffVM_Task", "NoPermission", details={"privilegeId": "Some.Right"})
    with pytest.raises(vim.fault.NoPermission) as refused:
        machine.PowerOffVM_Task()
    assert (refused.value.object, refused.value.privilegeId) == (machine, "Some.Right")
    assert [(rule["seen"], rule["hits"]) for rule in vcenter.control.faults()] == [(1, 1)]


@pytest.mark.parametrize(
    ("how", "breaks"),
    [
        ("cut", http.client.RemoteDisconnected),
        ("drop", http.client.RemoteDisconnected),
        ("truncate", ExpatError),
        ("garbage", ExpatError),
    ],
)
def test_an_answer_that_is_lost_or_spoilt_belongs_to_a_call_that_was_carried_out(
    vcenter: LabVCenter, admin: Client, how: str, breaks: type[Exception]
) -> None:
    vcenter.control.break_call("CreateFolder", how)
    with pytest.raises(breaks) as broken:
        admin.content.rootFolder.CreateFolder(how)
    assert not isinstance(broken.value, vmodl.MethodFault)
    made = [folder for folder in admin.content.rootFolder.childEntity if folder.name == how]
    assert len(made) == (0 if how == "cut" else 1)
    for folder in made:
        folder.Destroy_Task()


def test_the_list_of_versions_can_be_broken_though_it_is_no_method(
    vcenter: LabVCenter, admin: Client
) -> None:
    vcenter.control.break_call("vimServiceVersions.xml", "garbage")
    assert b"Sign in to the network" in versions(vcenter)
    assert b"urn:vim25" in versions(vcenter)


def versions(vcenter: LabVCenter) -> bytes:
    context = ssl.create_default_context(cafile=str(vcenter.ca_file))
    connection = http.client.HTTPSConnection(vcenter.host, vcenter.port, context=context, timeout=10)
    try:
        connection.request("GET", "/sdk/vimServiceVersions.xml")
        return connection.getresponse().read()
    finally:
        connection.close()


def test_a_way_of_breaking_that_does_not_exist_is_refused(vcenter: LabVCenter) -> None:
    with pytest.raises(ControlError, match="none of drop, cut, truncate, garbage"):
        vcenter.control.break_call("CurrentTime", "gently")


def test_sessions_end_before_the_call_that_was_named(vcenter: LabVCenter, admin: Client) -> None:
    vcenter.control.expire_sessions("CurrentTime", skip=1)
    admin.si.CurrentTime()
    with pytest.raises(vim.fault.NotAuthenticated):
        admin.si.CurrentTime()
    assert vcenter.control.sessions() == []


def test_several_sessions_of_one_account_are_told_apart(vcenter: LabVCenter, admin: Client) -> None:
    with Client.connect(vcenter, "administrator") as other:
        manager, keys = admin.content.sessionManager, {item["key"] for item in vcenter.control.sessions()}
        assert {item.key for item in manager.sessionList} == keys
        assert len(keys) == 2
        assert manager.currentSession.key != other.content.sessionManager.currentSession.key
        gone = other.content.sessionManager.currentSession.key
        manager.TerminateSession([gone])
        with pytest.raises(vim.fault.NotAuthenticated):
            other.si.CurrentTime()
        assert not manager.SessionIsActive(gone, vcenter.account("administrator").username)
    assert [item["key"] for item in vcenter.control.sessions()] == [manager.currentSession.key]


def test_nobody_ends_the_sessions_of_others_without_the_privilege(vcenter: LabVCenter, admin: Client) -> None:
    with Client.connect(vcenter, "asr-operator") as client:
        with pytest.raises(vim.fault.NoPermission) as refused:
            client.content.sessionManager.TerminateSession([admin.content.sessionManager.currentSession.key])
        assert refused.value.privilegeId == "Sessions.TerminateSession"


def test_a_machine_goes_right_before_the_call_that_was_named(vcenter: LabVCenter, admin: Client) -> None:
    place = {"datacenter": "DC0", "folder": "Workloads/Test", "compute": "DC0_C0", "datastore": "LocalDS_0"}
    vcenter.control.add_machine({**place, "name": "short-lived", "disks_gb": [1]})
    machine = admin.find(vim.VirtualMachine, "short-lived")
    vcenter.control.remove_machine_at("PowerOnVM_Task", "short-lived")
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        machine.PowerOnVM_Task()


def test_a_certificate_changes_at_the_call_that_was_named_and_every_connection_breaks(
    vcenter: LabVCenter, admin: Client
) -> None:
    other = vcenter.other_certificate()
    vcenter.control.present_certificate(other.certificate, other.key, at_method="CurrentTime")
    assert shown(vcenter) == vcenter.thumbprint_sha256
    with pytest.raises((OSError, http.client.HTTPException)):
        admin.si.CurrentTime()
    assert shown(vcenter) == other.sha256
    vcenter.control.clear_faults()
    assert shown(vcenter) == vcenter.thumbprint_sha256


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
    vcenter.control.restore_datastores()
    assert (store.summary.freeSpace >> 30, store.summary.accessible) == (100, True)
    with pytest.raises(ControlError, match="Nowhere"):
        vcenter.control.set_datastore("DC0", "Nowhere", free_gb=1)
