"""The lab's data centres with the names and arrangements of practice, and the host without a vCenter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyVmomi import vim

from tests.lab.client import Client
from wizard.lab.control import ControlError
from wizard.lab.inventory import standalone_host, worldly_inventory
from wizard.lab.vcenter import LabVCenter
from wizard.lab.worldly import LONG

pytestmark = pytest.mark.vcenter

NAME = "R&D %2f 50%25 “Lab”"
FIRST = "/Europe/Nordics & Baltics/" + NAME


@pytest.fixture(scope="module")
def worldly(simulator: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabVCenter]:
    directory = tmp_path_factory.mktemp("worldly")
    with LabVCenter(directory=directory, binary=simulator, inventory=worldly_inventory()) as vcenter:
        yield vcenter


@pytest.fixture
def client(worldly: LabVCenter) -> Iterator[Client]:
    with Client.connect(worldly, "administrator") as connected:
        yield connected


def test_machines_stand_where_they_were_put_under_the_names_that_vsphere_keeps(worldly: LabVCenter) -> None:
    paths = {machine["path"] for machine in worldly.control.machines()}
    customers = f"{FIRST}/vm/Customers/A%2fB GmbH & Co"
    assert {
        f"{customers}/50%25 “east”/Tier 1/db%2f01 100%25",
        f"{customers}/50%25 “west”/Tier 1/db%2f01 100%25",
        "/Europe/Nordics & Baltics/Malmö 🏭/vm/Apps/db%2f01 100%25",
        f"{FIRST}/vm/C:%5cImages/back%5cslash",
        f"{FIRST}/vm/{LONG}/{LONG}",
        f"{FIRST}/vm/🚀 launch ☕",
    } < paths
    assert len(LONG) == 80


def test_a_machine_in_a_vapp_has_no_folder_as_in_vcenter(worldly: LabVCenter, client: Client) -> None:
    machine = client.find(vim.VirtualMachine, "shop web%2f1", dc=NAME)
    assert set(client.read(machine, "parent", "parentVApp")) == {"parentVApp"}
    assert machine.parentVApp.name == "Shop %2f “web” & db"
    assert machine.parentVApp.parentFolder.name == "Apps"
    assert machine.parentVApp in machine.parentVApp.parentFolder.childEntity
    assert machine.resourcePool == machine.parentVApp
    with pytest.raises(ControlError, match="is in a vApp"):
        worldly.control.remove_machine("shop web%2f1")


def test_datastores_stand_in_their_clusters_and_only_there(client: Client) -> None:
    pods = {pod.name: [store.name for store in pod.childEntity] for pod in client.objects(vim.StoragePod)}
    assert pods == {
        "Pod %2f Gold": ["ssd%25 01", "ssd%25 02"],
        "Empty pod": [],
        "DC0_POD0": ["PodDS_0", "PodDS_1"],
    }
    stores = client.objects(vim.Datastore)
    assert len(stores) == len({store._moId for store in stores}) == 8


def test_networks_of_nsx_are_reached_by_the_hosts_and_used_by_machines(client: Client) -> None:
    network = client.find(vim.OpaqueNetwork, "Tier 0 %2f uplink", dc=NAME)
    assert network.parent.name == "NSX"
    assert len(network.host) == 7
    assert network.summary.opaqueNetworkType == "nsx.LogicalSwitch"
    machine = client.find(vim.VirtualMachine, "nested in a vApp", dc=NAME)
    card = next(d for d in machine.config.hardware.device if isinstance(d, vim.vm.device.VirtualVmxnet3))
    assert card.backing.opaqueNetworkId == network.summary.opaqueNetworkId
    assert machine.network == [network]


def test_a_host_by_itself_says_so_and_keeps_the_accounts(simulator: Path, tmp_path: Path) -> None:
    with (
        LabVCenter(directory=tmp_path, binary=simulator, inventory=standalone_host()) as esxi,
        Client.connect(esxi, "asr-readonly") as client,
    ):
        assert (client.content.about.apiType, client.content.about.name) == ("HostAgent", "VMware ESXi")
        assert [machine.name for machine in client.objects(vim.VirtualMachine)] == ["web-02"]
        host = client.find(vim.HostSystem, "esx-61.lab.test", dc="ha-datacenter")
        assert host.summary.hardware.numCpuCores == 16
        assert sorted(store.name for store in host.datastore) == ["SmallDS", "datastore1"]
        machine = client.find(vim.VirtualMachine, "web-02", dc="ha-datacenter")
        with pytest.raises(vim.fault.NoPermission):
            machine.PowerOffVM_Task()
