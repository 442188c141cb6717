"""What the account lacks, object by object, as the simulator's roles have it."""

from __future__ import annotations

import re

import pytest

from tests.vsphere.conftest import SignIn, account_of
from tests.vsphere.relay import Relay
from tests.vsphere.servers import LOOPBACK
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.errors import NotFound
from wizard.vsphere.inventory import DatacenterInfo, ObjectRef, read_placement
from wizard.vsphere.privileges import LEVELS, PRIVILEGE_NAMES, Gap, Level, missing, required
from wizard.vsphere.session import Session, connect

CONFIG_GROUP = [
    "AddExistingDisk",
    "AddNewDisk",
    "AddRemoveDevice",
    "AdvancedConfig",
    "Annotation",
    "CPUCount",
    "ChangeTracking",
    "DiskExtend",
    "DiskLease",
    "EditDevice",
    "HostUSBDevice",
    "ManagedBy",
    "Memory",
    "MksControl",
    "QueryFTCompatibility",
    "QueryUnownedFiles",
    "RawDevice",
    "ReloadFromPath",
    "RemoveDisk",
    "Rename",
    "ResetGuestInfo",
    "Resource",
    "Settings",
    "SwapPlacement",
    "ToggleForkParent",
    "UpgradeVirtualHardware",
]


def ids(gaps: tuple[Gap, ...]) -> list[tuple[str, str]]:
    return [(gap.object.name, gap.privilege_id) for gap in gaps]


def lacks(session: Session, level: Level, objects: list[ObjectRef]) -> tuple[Gap, ...]:
    return missing(session, [level], objects)[level]


def first_datacenter(session: Session) -> DatacenterInfo:
    return read_placement(session).datacenter("DC0")


def test_the_levels_are_those_of_the_documents() -> None:
    assert LEVELS == ("discovery", "full", "appliance", "ova")
    discovery, full, appliance, ova = ([right.privilege_id for right in required(level)] for level in LEVELS)
    assert discovery == ["System.Anonymous", "System.View", "System.Read"]
    # asr-facts 5.2: PV-01 to PV-11, the group of 5.3, PV-13 to PV-25, PV-28.
    assert len(full) == 11 + 26 + 13 + 3
    assert {name for name in full if name.startswith("VirtualMachine.Config.")} == {
        f"VirtualMachine.Config.{name}" for name in CONFIG_GROUP
    }
    assert "VApp.Import" in ova
    assert "VApp.Import" not in full
    # PV-26 and PV-27 belong to the modernized appliance alone.
    assert appliance == ["VirtualMachine.State.CreateSnapshot", "VirtualMachine.State.RevertToSnapshot"]
    assert not set(appliance) & set(full)
    for level in LEVELS:
        assert len({right.privilege_id for right in required(level)}) == len(required(level))


def test_every_privilege_has_the_role_editors_name() -> None:
    for level in LEVELS:
        for right in required(level):
            assert right.name == PRIVILEGE_NAMES[right.privilege_id]
            assert " > " in right.name


@pytest.mark.vcenter
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("key", ["administrator", "asr-operator"])
def test_an_account_with_the_role_lacks_nothing_anywhere(sign_in: SignIn, key: str, level: Level) -> None:
    with sign_in(key) as session:
        placement = read_placement(session)
        objects = [
            info.ref
            for datacenter in placement.datacenters
            for info in (
                datacenter,
                *datacenter.folders,
                *datacenter.compute,
                *datacenter.datastores,
                *datacenter.networks,
            )
        ]
        assert len(objects) > 30
        assert lacks(session, level, objects) == ()


@pytest.mark.vcenter
def test_a_reader_may_discover_but_lacks_all_the_rest(sign_in: SignIn) -> None:
    with sign_in("asr-readonly") as session:
        datacenter = first_datacenter(session).ref
        assert lacks(session, "discovery", [datacenter]) == ()
        full = lacks(session, "full", [datacenter])
    assert {gap.privilege_id for gap in full} == {
        right.privilege_id for right in required("full") if not right.privilege_id.startswith("System.")
    }
    assert all(gap.object == datacenter and gap.name for gap in full)


@pytest.mark.vcenter
def test_a_right_taken_away_below_the_datacenter_is_found_on_that_object(sign_in: SignIn) -> None:
    with sign_in("asr-partial") as session:
        datacenter = first_datacenter(session)
        denied = datacenter.find_datastore("LocalDS_0").ref
        granted = datacenter.find_datastore("ClusterDS_0").ref
        assert lacks(session, "full", [datacenter.ref]) == ()
        assert ids(lacks(session, "full", [datacenter.ref, denied, granted])) == [
            ("LocalDS_0", "Datastore.AllocateSpace")
        ]


@pytest.mark.vcenter
def test_an_object_is_asked_only_for_what_is_used_on_its_type(sign_in: SignIn) -> None:
    with sign_in("asr-readonly") as session:
        datacenter = first_datacenter(session)
        gaps = {
            kind: {gap.privilege_id.partition(".")[0] for gap in lacks(session, "ova", [ref])}
            for kind, ref in {
                "datastore": datacenter.find_datastore("LocalDS_0").ref,
                "network": datacenter.find_network("VM Network").ref,
                "port group": datacenter.find_network("DC0_DVPG0").ref,
                "cluster": datacenter.find_compute("DC0_C0").ref,
                "pool": datacenter.find_compute("Production").ref,
                "folder": datacenter.find_folder("Workloads/Production").ref,
            }.items()
        }
    assert gaps == {
        "datastore": {"Datastore"},
        "network": {"Network"},
        "port group": {"Network"},
        "cluster": {"Resource", "VApp"},
        "pool": {"Resource", "VApp"},
        "folder": {"VirtualMachine", "VApp"},
    }


@pytest.mark.vcenter
@pytest.mark.parametrize("fault", ["NotSupported", "NoPermission", "InvalidRequest"])
def test_a_server_that_does_not_answer_for_users_is_asked_for_the_session(
    sign_in: SignIn, vcenter: LabVCenter, fault: str
) -> None:
    vcenter.control.add_fault("HasUserPrivilegeOnEntities", fault)
    with sign_in("asr-partial") as session:
        datacenter = first_datacenter(session)
        gaps = lacks(session, "full", [datacenter.ref, datacenter.find_datastore("LocalDS_0").ref])
    assert ids(gaps) == [("LocalDS_0", "Datastore.AllocateSpace")]


@pytest.mark.vcenter
def test_a_server_older_than_the_question_is_asked_for_the_session(relay: Relay, vcenter: LabVCenter) -> None:
    # vSphere 6.0 does not list 6.5, with which the question by user came.
    relay.edit = lambda call, body: (
        re.sub(rb"<version>(?!6\.0<|5\.5<)[^<]*</version>", b"<version>6.0</version>", body)
        if call == "vimServiceVersions.xml"
        else body
    )
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    with connect(endpoint, account_of(vcenter, "asr-partial")) as session:
        datacenter = first_datacenter(session)
        gaps = lacks(session, "full", [datacenter.ref, datacenter.find_datastore("LocalDS_0").ref])
    assert ids(gaps) == [("LocalDS_0", "Datastore.AllocateSpace")]
    assert relay.count("HasUserPrivilegeOnEntities") == 0
    assert relay.count("HasPrivilegeOnEntities") == 1


@pytest.mark.vcenter
def test_a_privilege_that_this_vcenter_does_not_know_is_not_missing(
    relay: Relay, vcenter: LabVCenter
) -> None:
    unknown = b"VirtualMachine.Config.ToggleForkParent"
    relay.edit = lambda call, body: body.replace(unknown, b"Vendor.Other") if call == "Fetch" else body
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    with connect(endpoint, account_of(vcenter, "asr-readonly")) as session:
        gaps = lacks(session, "full", [first_datacenter(session).ref])
    found = {gap.privilege_id for gap in gaps}
    assert unknown.decode() not in found
    assert "VirtualMachine.Config.UpgradeVirtualHardware" in found
    assert unknown not in b"".join(relay.requests), "nor is the server asked for it"


@pytest.mark.vcenter
def test_the_number_of_round_trips_does_not_follow_the_number_of_objects(
    relay: Relay, vcenter: LabVCenter
) -> None:
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    with connect(endpoint, account_of(vcenter, "asr-readonly")) as session:
        datacenter = first_datacenter(session)
        many = [
            info.ref
            for info in (datacenter, *datacenter.compute, *datacenter.datastores, *datacenter.networks)
        ]
        counts = []
        for objects in ([], many[:1], many):
            before = len(relay.calls)
            missing(session, LEVELS, objects)
            counts.append(len(relay.calls) - before)
    assert counts == [0, 2, 2], "however many objects and levels"


@pytest.mark.vcenter
def test_an_object_that_is_gone_is_not_taken_for_one_without_gaps(sign_in: SignIn) -> None:
    gone = ObjectRef(type="Datastore", moid="datastore-99999", name="gone", path="gone")
    with pytest.raises(NotFound, match="Datastore datastore-99999 is no longer"), sign_in() as session:
        lacks(session, "full", [gone])
