"""Names and arrangements as they are met in practice: found, told apart and told as people know them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.vsphere.conftest import account_of, endpoint_of
from wizard.lab.vcenter import LabVCenter
from wizard.lab.worldly import LONG
from wizard.vsphere.errors import Ambiguous, NotFound
from wizard.vsphere.inventory import PlacementInventory, read_placement, vm_exists
from wizard.vsphere.names import shown, shown_path
from wizard.vsphere.placement import ComputeInfo, DatacenterInfo
from wizard.vsphere.session import Session, connect

pytestmark = pytest.mark.vcenter

RESEARCH = "Europe/Nordics & Baltics/R&D %2f 50%25 “Lab”"
GOLD = "Racks %2f 1-4/Gold %25 “fast”"


@pytest.fixture(scope="module")
def session(worldly: LabVCenter) -> Iterator[Session]:
    with connect(endpoint_of(worldly), account_of(worldly), book=worldly.book, timeout_s=10.0) as signed_in:
        yield signed_in


@pytest.fixture(scope="module")
def placement(session: Session) -> PlacementInventory:
    return read_placement(session)


@pytest.fixture(scope="module")
def research(placement: PlacementInventory) -> DatacenterInfo:
    return placement.datacenter(RESEARCH)


def compute_of(datacenter: DatacenterInfo) -> dict[str, ComputeInfo]:
    return {info.ref.path: info for info in datacenter.compute}


def test_datacenters_are_found_in_their_folders_by_path_name_or_as_shown(
    placement: PlacementInventory,
) -> None:
    assert [datacenter.ref.path for datacenter in placement.datacenters] == [
        "DC0",
        "Europe/Nordics & Baltics/Malmö 🏭",
        RESEARCH,
    ]
    names = (
        RESEARCH,
        "R&D / 50% “Lab”",
        "Europe/Nordics & Baltics/R&D / 50% “Lab”",
        "Europe › Nordics & Baltics › R&D / 50% “Lab”",
    )
    assert {placement.datacenter(name).ref.moid for name in names} == {
        placement.datacenter(RESEARCH).ref.moid
    }
    assert placement.datacenter("Malmö 🏭").ref.name == "Malmö 🏭"


def test_everything_is_told_by_the_name_that_people_typed(research: DatacenterInfo) -> None:
    assert {info.ref.name for info in research.folders} >= {"A/B GmbH & Co", "50% “east”", "C:\\Images", LONG}
    assert {info.ref.name for info in research.datastores} == {
        "ssd% 01",
        "ssd% 02",
        "nfs\\archive 📦",
        "O'Brien's \"local\" <disk> & more",
    }
    assert {(info.ref.name, info.kind) for info in research.networks} == {
        ("VM Network", "standard"),
        ("VLAN 10/20 & “guests”", "standard"),
        ("Deep & <low>", "standard"),
        ("Segment % 7 \\ web", "opaque"),
        ("Tier 0 / uplink", "opaque"),
        ("dv/prod 100%", "distributed"),
        ("dv 🌐 “backup”", "distributed"),
    }
    assert research.find_network("Tier 0 / uplink").ref.path == "NSX/Tier 0 %2f uplink"
    assert shown_path(research.find_network("Tier 0 / uplink").ref.path) == "NSX › Tier 0 / uplink"
    assert len(research.find_network("Deep & <low>").host_moids) == 7


def test_datastores_tell_their_datastore_cluster_and_have_it_in_their_path(
    research: DatacenterInfo, placement: PlacementInventory
) -> None:
    assert {info.ref.path: info.cluster for info in research.datastores} == {
        "SAN/Pod %2f Gold/ssd%25 01": "Pod / Gold",
        "SAN/Pod %2f Gold/ssd%25 02": "Pod / Gold",
        "SAN/nfs%5carchive 📦": "",
        "O'Brien's \"local\" <disk> & more": "",
    }
    assert research.find_datastore("ssd% 02").free_gb == 3000.0
    assert placement.datacenter("DC0").find_datastore("PodDS_1").maintenance_mode == "inMaintenance"


def test_the_same_folder_name_in_two_places_needs_the_path(research: DatacenterInfo) -> None:
    with pytest.raises(Ambiguous) as refused:
        research.find_folder("Tier 1")
    assert "Customers/A%2fB GmbH & Co/50%25 “east”/Tier 1" in str(refused.value.remedy)
    east = research.find_folder("Customers/A/B GmbH & Co/50% “east”/Tier 1")
    west = research.find_folder("Customers › A/B GmbH & Co › 50% “west” › Tier 1")
    assert east.ref.moid != west.ref.moid


def test_machines_of_one_name_are_told_apart_by_their_folders(
    session: Session, research: DatacenterInfo, worldly: LabVCenter, placement: PlacementInventory
) -> None:
    everywhere = {
        (datacenter.ref.path, path) for datacenter in placement.datacenters for path in datacenter.vms
    }
    in_folders = {
        tuple(machine["path"][1:].split("/vm/"))
        for machine in worldly.control.machines()
        if "/vm/" in machine["path"]
    }
    assert everywhere == in_folders
    assert len([path for path in research.vms if path.endswith("/db%2f01 100%25")]) == 2
    by_path = {machine["path"]: machine["moid"] for machine in worldly.control.machines()}
    for datacenter in placement.datacenters:
        for path in datacenter.vms:
            folder, _slash, name = path.rpartition("/")
            found = vm_exists(session, datacenter.ref, folder, shown(name))
            assert found is not None
            assert found.moid == by_path[f"/{datacenter.ref.path}/vm/{path}"]
            assert (found.name, found.path) == (shown(name), path)
    assert vm_exists(session, research.ref, "Apps", "db/01 100%") is None


def test_vapps_are_listed_but_nothing_is_imported_into_them(research: DatacenterInfo) -> None:
    kinds = {info.ref.path: info.kind for info in research.compute if "Resources" in info.ref.path}
    assert kinds == {
        f"{GOLD}/Resources/Empty": "resource_pool",
        f"{GOLD}/Resources/Prod & Test%5cA": "resource_pool",
        f"{GOLD}/Resources/Prod & Test%5cA/Inner %2f pool": "resource_pool",
        f"{GOLD}/Resources/Prod & Test%5cA/Nested ☁": "vapp",
        f"{GOLD}/Resources/Shop %2f “web” & db": "vapp",
    }
    with pytest.raises(NotFound):
        research.find_compute("Nested ☁")
    assert research.find_compute("Inner / pool").kind == "resource_pool"
    # What stands in a vApp has no folder, so its name is taken in none.
    assert not [path for path in research.vms if "nested" in path or "shop" in path]


def test_a_vapp_takes_its_name_in_its_folder(session: Session, research: DatacenterInfo) -> None:
    found = vm_exists(session, research.ref, "Apps", "Shop / “web” & db")
    assert found is not None
    assert found.type == "VirtualApp"


def test_hosts_that_cannot_be_used_are_told_from_those_that_can(research: DatacenterInfo) -> None:
    gold = compute_of(research)[GOLD]
    assert {host.ref.name: (host.connection_state, host.in_maintenance) for host in gold.hosts} == {
        "esx-21.lab.test": ("connected", False),
        "esx-22.lab.test": ("connected", False),
        "esx-23.lab.test": ("connected", True),
        "esx-24.lab.test": ("disconnected", False),
    }
    assert [host.in_maintenance for host in compute_of(research)["Asleep"].hosts] == [True]
    assert compute_of(research)["esx-27.lab.test"].hosts[0].connection_state == "disconnected"


def test_all_of_it_outlives_being_stored(placement: PlacementInventory) -> None:
    stored = json.loads(json.dumps(placement.to_json(), ensure_ascii=True))
    assert PlacementInventory.from_json(stored) == placement
