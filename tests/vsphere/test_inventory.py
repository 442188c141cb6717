"""The placement inventory of the simulator, and what reading it costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyVmomi import vim

from tests.vsphere.conftest import SignIn, account_of
from tests.vsphere.relay import Relay, relaying
from tests.vsphere.servers import LOOPBACK
from wizard.lab.inventory import default_inventory
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.inventory import PlacementInventory, read_placement, vm_exists
from wizard.vsphere.session import Session, connect

pytestmark = pytest.mark.vcenter


@pytest.fixture
def placement(session: Session) -> PlacementInventory:
    return read_placement(session)


def test_both_datacenters_come_with_their_own_parts(placement: PlacementInventory) -> None:
    assert [datacenter.ref.path for datacenter in placement.datacenters] == ["DC0", "DC1"]
    first, second = placement.datacenters
    assert [info.ref.path for info in first.folders] == [
        "",
        "Infrastructure",
        "Infrastructure/Recovery",
        "Workloads",
        "Workloads/Production",
        "Workloads/Test",
    ]
    assert [(info.ref.path, info.kind) for info in first.compute] == [
        ("DC0_C0", "cluster"),
        ("DC0_C0/Resources/Management", "resource_pool"),
        ("DC0_C0/Resources/Production", "resource_pool"),
        ("DC0_C0/esx-01.lab.test", "host"),
        ("DC0_C0/esx-02.lab.test", "host"),
        ("DC0_C0/esx-03.lab.test", "host"),
        ("esx-04.lab.test", "host"),
        ("esx-05.lab.test", "host"),
    ]
    assert [info.ref.name for info in second.datastores] == ["DC1_DS1", "LocalDS_0"]
    assert len(first.vms) == 34
    assert "Workloads/Test/sql-01" in first.vms
    assert "Workloads/sql-dc1-01" in second.vms
    assert not any("dc1" in path for path in first.vms)


def test_the_same_name_in_two_datacenters_is_two_objects(placement: PlacementInventory) -> None:
    first, second = (datacenter.find_datastore("LocalDS_0") for datacenter in placement.datacenters)
    assert first.ref.moid != second.ref.moid
    assert (first.capacity_gb, second.capacity_gb) == (6144.0, 4096.0)
    assert not set(first.host_moids) & set(second.host_moids)


def test_hosts_tell_size_state_and_version(placement: PlacementInventory) -> None:
    compute = {info.ref.path: info for info in placement.datacenter("DC0").compute}
    (small,) = compute["esx-04.lab.test"].hosts
    (resting,) = compute["esx-05.lab.test"].hosts
    assert (small.cpu_cores, small.memory_gb, small.api_version) == (8, 32.0, "8.0.2.0")
    assert (small.connection_state, small.power_state, small.in_maintenance) == (
        "connected",
        "poweredOn",
        False,
    )
    assert small.address == "esx-04.lab.test"
    assert resting.in_maintenance
    assert resting.api_version.startswith("6.5")
    silent = placement.datacenter("DC1").find_compute("esx-12.lab.test")
    assert silent.hosts[0].connection_state == "notResponding"
    assert silent.hosts[0].power_state == "unknown"


def test_a_cluster_and_its_pools_run_on_all_its_hosts(placement: PlacementInventory) -> None:
    datacenter = placement.datacenter("DC0")
    cluster, pool = datacenter.find_compute("DC0_C0"), datacenter.find_compute("Production")
    names = ["esx-01.lab.test", "esx-02.lab.test", "esx-03.lab.test"]
    assert [host.ref.name for host in cluster.hosts] == [host.ref.name for host in pool.hosts] == names
    assert pool.resource_pool_moid == pool.ref.moid
    assert cluster.resource_pool_moid not in (cluster.ref.moid, pool.ref.moid)


def test_a_host_of_a_cluster_uses_the_clusters_pool(placement: PlacementInventory) -> None:
    datacenter = placement.datacenter("DC0")
    host = datacenter.find_compute("DC0_C0/esx-01.lab.test")
    assert host.ref.type == "HostSystem"
    assert [one.ref.moid for one in host.hosts] == [host.ref.moid]
    assert host.resource_pool_moid == datacenter.find_compute("DC0_C0").resource_pool_moid


def test_what_a_compute_resource_reaches_follows_its_hosts(placement: PlacementInventory) -> None:
    datacenter = placement.datacenter("DC0")
    cluster, alone = datacenter.find_compute("DC0_C0"), datacenter.find_compute("esx-04.lab.test")
    shared, island = datacenter.find_datastore("ClusterDS_0"), datacenter.find_network("Island Network")
    assert shared.ref.moid in cluster.datastore_moids
    assert shared.ref.moid not in alone.datastore_moids
    assert set(shared.host_moids) == {host.ref.moid for host in cluster.hosts}
    assert island.host_moids == (datacenter.find_compute("DC0_C0/esx-01.lab.test").ref.moid,)
    assert island.ref.moid in cluster.network_moids


def test_datastores_tell_what_keeps_a_machine_off_them(placement: PlacementInventory) -> None:
    stores = {info.ref.name: info for info in placement.datacenter("DC0").datastores}
    assert (stores["SmallDS_0"].free_gb, stores["SmallDS_0"].capacity_gb) == (100.0, 512.0)
    assert stores["MaintDS_0"].maintenance_mode == "inMaintenance"
    assert stores["LocalDS_0"].maintenance_mode == "normal"
    assert not stores["GoneDS_0"].accessible
    assert stores["LocalDS_0"].accessible
    assert (stores["ClusterDS_0"].type, stores["LocalDS_0"].type) == ("vsan", "VMFS")


def test_networks_tell_their_kind(placement: PlacementInventory) -> None:
    networks = {info.ref.name: info for info in placement.datacenter("DC0").networks}
    assert networks["VM Network"].kind == "standard"
    assert networks["DC0_DVPG0"].kind == "distributed"
    assert networks["DC0_DVPG0"].ref.type == "DistributedVirtualPortgroup"


def test_the_inventory_survives_being_stored(placement: PlacementInventory) -> None:
    assert PlacementInventory.from_json(json.loads(json.dumps(placement.to_json()))) == placement


def test_a_reader_sees_the_same_inventory(sign_in: SignIn, placement: PlacementInventory) -> None:
    with sign_in("asr-readonly") as session:
        assert read_placement(session) == placement


def test_a_name_with_a_slash_keeps_it_and_its_path_escapes_it(sign_in: SignIn) -> None:
    with sign_in("administrator") as session:
        datacenter = read_placement(session).datacenter("DC0")
        parent = session.managed(vim.Folder, datacenter.find_folder("Workloads").ref.moid)
        made = parent.CreateFolder("50/50 100%")
        try:
            folder = read_placement(session).datacenter("DC0").find_folder("50/50 100%")
            assert folder.ref.path == "Workloads/50%2f50 100%25"
            found = vm_exists(session, datacenter.ref, "Workloads", "50/50 100%")
        finally:
            made.Destroy_Task()
    assert found is not None
    assert found.moid == folder.ref.moid


def test_a_taken_name_is_found_in_its_folder_only(session: Session, placement: PlacementInventory) -> None:
    datacenter = placement.datacenter("DC0").ref
    found = vm_exists(session, datacenter, "Workloads/Test", "sql-01")
    assert found is not None
    assert (found.type, found.name, found.path) == ("VirtualMachine", "sql-01", "Workloads/Test/sql-01")
    assert vm_exists(session, datacenter, "Workloads/Production", "sql-01") is None
    assert vm_exists(session, datacenter, "", "sql-01") is None
    assert vm_exists(session, placement.datacenter("DC1").ref, "Workloads/Test", "sql-01") is None


def test_a_folder_takes_a_name_too(session: Session, placement: PlacementInventory) -> None:
    found = vm_exists(session, placement.datacenter("DC0").ref, "", "Workloads")
    assert found is not None
    assert found.type == "Folder"


def reading(vcenter: LabVCenter) -> tuple[PlacementInventory, Relay]:
    with relaying(vcenter) as relay:
        endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
        with connect(endpoint, account_of(vcenter)) as session:
            relay.calls.clear()
            placement = read_placement(session)
    return placement, relay


def test_reading_takes_one_round_trip_whatever_the_size(vcenter: LabVCenter, tmp_path: Path) -> None:
    large = default_inventory()
    datacenter = large["datacenters"][0]
    host = datacenter["clusters"][0]["hosts"][0]
    datacenter["clusters"] += [
        {
            "name": f"More_{number}",
            "hosts": [{**host, "name": f"esx-{number}-{member}.lab.test"} for member in range(4)],
            "pools": ["one", "two"],
        }
        for number in range(6)
    ]
    datacenter["folders"] += [f"Deep/{number}/down" for number in range(40)]
    with LabVCenter(directory=tmp_path, inventory=large) as other:
        many, many_calls = reading(other)
    few, few_calls = reading(vcenter)
    assert len(many.datacenters[0].compute) > 4 * len(few.datacenters[0].compute)
    assert many_calls.calls == few_calls.calls == ["RetrievePropertiesEx", "Logout"]


def test_pages_are_put_together(vcenter: LabVCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _calls = reading(vcenter)
    monkeypatch.setattr("wizard.vsphere.inventory.PAGE", 25)
    in_pages, relay = reading(vcenter)
    assert in_pages == whole
    assert relay.count("RetrievePropertiesEx") == 1
    assert relay.count("ContinueRetrievePropertiesEx") >= 3


def test_only_leaf_properties_are_asked_for(relay: Relay, vcenter: LabVCenter) -> None:
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    with connect(endpoint, account_of(vcenter)) as session:
        read_placement(session)
    (request,) = [
        body for call, body in zip(relay.calls, relay.requests, strict=True) if call == "RetrievePropertiesEx"
    ]
    assert b"<pathSet>name</pathSet>" in request
    for whole in (b"<pathSet>summary</pathSet>", b"<pathSet>config</pathSet>", b"<pathSet>runtime</pathSet>"):
        assert whole not in request
    assert b"<all>true" not in request
