"""What stands in the virtual data centre."""

from __future__ import annotations

import pytest
from pyVmomi import vim

from tests.lab.client import Client
from tests.waiting import wait_until
from wizard.lab.vcenter import LabVCenter

pytestmark = pytest.mark.vcenter

GB = 2**30


def test_the_datastores_have_the_size_space_and_state_that_were_configured(admin: Client) -> None:
    found = {}
    for store in admin.objects(vim.Datastore, admin.content.rootFolder.childEntity[0]):
        summary = store.summary
        found[store.name] = (
            summary.capacity // GB,
            summary.freeSpace // GB,
            summary.accessible,
            summary.maintenanceMode,
            len(store.host),
        )
    assert found == {
        "LocalDS_0": (6144, 4096, True, "normal", 5),
        "SmallDS_0": (512, 100, True, "normal", 5),
        "MaintDS_0": (6144, 5000, True, "inMaintenance", 5),
        "GoneDS_0": (6144, 5000, False, "normal", 5),
        "ClusterDS_0": (8192, 3000, True, "normal", 3),
    }


def test_a_network_tells_which_hosts_have_it_and_the_hosts_agree(admin: Client) -> None:
    hosts = {
        network.name: sorted(host.name for host in network.host) for network in admin.objects(vim.Network)
    }
    assert hosts["Island Network"] == ["esx-01.lab.test"]
    assert hosts["Backup Network"] == [f"esx-0{number}.lab.test" for number in (1, 2, 3)]
    assert len(hosts["DC0_DVPG0"]) == 5
    island = [
        h.name for h in admin.objects(vim.HostSystem) if "Island Network" in [n.name for n in h.network]
    ]
    assert island == ["esx-01.lab.test"]
    cluster = admin.find(vim.ClusterComputeResource, "DC0_C0")
    names = [network.name for network in cluster.network]
    assert sorted(set(names)) == sorted(names)


def test_hosts_have_size_version_address_and_state(admin: Client) -> None:
    host = admin.find(vim.HostSystem, "esx-05.lab.test")
    found = admin.read(
        host,
        "summary.hardware.numCpuCores",
        "summary.hardware.memorySize",
        "config.product.version",
        "runtime.inMaintenanceMode",
        "config.network.vnic",
    )
    assert found["summary.hardware.numCpuCores"] == 32
    assert found["summary.hardware.memorySize"] == 256 * GB
    assert found["config.product.version"] == "6.5.0"
    assert found["runtime.inMaintenanceMode"] is True
    assert found["config.network.vnic"][0].spec.ip.ipAddress == "192.0.2.105"
    lost = admin.find(vim.HostSystem, "esx-12.lab.test", dc="DC1")
    assert lost.runtime.connectionState == "notResponding"


def test_machines_are_varied_and_whole_objects_can_be_read(admin: Client) -> None:
    machines = admin.objects(vim.VirtualMachine)
    assert len(machines) == 40
    seen = {
        (machine.summary.config.template, machine.runtime.powerState, machine.guest.toolsStatus)
        for machine in machines
    }
    assert (False, "poweredOn", "toolsOk") in seen
    assert (False, "poweredOff", "toolsNotRunning") in seen
    assert any(template for template, _power, _tools in seen)
    assert {machine.config.firmware for machine in machines} == {"bios", "efi"}
    assert len({machine.config.instanceUuid for machine in machines}) == 39  # one is a copy
    assert {machine.summary.config.numVirtualDisks for machine in machines} == {1, 2}


def test_some_machines_have_what_replication_cannot_take(admin: Client) -> None:
    def disk(name: str) -> vim.vm.device.VirtualDisk:
        devices = admin.find(vim.VirtualMachine, name).config.hardware.device
        return [device for device in devices if isinstance(device, vim.vm.device.VirtualDisk)][-1]

    def controller(name: str) -> vim.vm.device.VirtualController:
        devices = admin.find(vim.VirtualMachine, name).config.hardware.device
        return next(device for device in devices if device.key == disk(name).controllerKey)

    assert disk("sql-09").backing.compatibilityMode == "physicalMode"
    assert disk("web-10").backing.compatibilityMode == "virtualMode"
    assert disk("web-10").backing.diskMode == "independent_persistent"
    assert disk("file-13").backing.diskMode == "independent_nonpersistent"
    assert disk("sql-25").backing.sharing == "sharingMultiWriter"
    assert (disk("sql-25").backing.thinProvisioned, disk("web-02").backing.thinProvisioned) == (False, True)
    assert isinstance(controller("api-11"), vim.vm.device.VirtualNVMEController)
    assert isinstance(controller("erp-12"), vim.vm.device.VirtualLsiLogicSASController)
    assert controller("erp-12").sharedBus == "physicalSharing"
    assert controller("erp-12").device == [disk("erp-12").key]
    assert (controller("web-02").sharedBus, len(controller("web-02").device)) == ("noSharing", 2)
    assert admin.find(vim.VirtualMachine, "api-11").config.bootOptions.efiSecureBootEnabled is True
    assert admin.find(vim.VirtualMachine, "build-22").config.keyId.providerId.id == "lab-keys"
    assert admin.find(vim.VirtualMachine, "web-26").runtime.connectionState == "inaccessible"
    settings = {o.key: o.value for o in admin.find(vim.VirtualMachine, "app-24").config.extraConfig}
    assert settings == {"disk.EnableUUID": "FALSE", "snapshot.maxSnapshots": "0"}
    chain = admin.find(vim.VirtualMachine, "api-19").snapshot.rootSnapshotList
    names = []
    while chain:
        names.append(chain[0].name)
        chain = chain[0].childSnapshotList
    assert names == ["Snapshot 1", "Snapshot 2", "Snapshot 3"]
    cards = [
        device
        for device in admin.find(vim.VirtualMachine, "api-27").config.hardware.device
        if isinstance(device, vim.vm.device.VirtualE1000e)
    ]
    assert [card.backing.deviceName for card in cards] == ["VM Network", "Backup Network"]
    assert len({card.macAddress for card in cards}) == 2


def test_a_machine_that_reports_does_so_everywhere(admin: Client) -> None:
    machine = admin.find(vim.VirtualMachine, "web-02")
    assert machine.guest.hostName == machine.summary.guest.hostName == "web-02.lab.test"
    assert machine.guest.ipAddress == machine.summary.guest.ipAddress == "198.51.100.12"
    assert machine.guest.net[0].ipConfig.ipAddress[0].prefixLength == 24
    assert machine.config.guestFullName == "Red Hat Enterprise Linux 8 (64-bit)"
    dual = admin.find(vim.VirtualMachine, "edge-15")
    assert [item.ipAddress for item in dual.guest.net[0].ipConfig.ipAddress] == [
        "198.51.100.25",
        "2001:db8:0:f::f",
    ]


def test_a_machine_is_known_by_the_same_identity_at_every_start(admin: Client) -> None:
    machine = admin.find(vim.VirtualMachine, "web-02")
    assert machine.config.instanceUuid == "ae21c303-ec95-5833-8ad0-4bb375f6f148"


def test_a_machine_can_be_added_renamed_and_removed(vcenter: LabVCenter, admin: Client) -> None:
    control = vcenter.control
    control.add_machine(
        {
            "name": "guest-01",
            "datacenter": "DC1",
            "folder": "Workloads",
            "compute": "DC1_C0",
            "datastore": "DC1_DS1",
            "networks": ["VM Network"],
            "guest_id": "ubuntu64Guest",
            "cpus": 2,
            "memory_mb": 2048,
            "disks_gb": [20],
        }
    )
    machine = admin.find(vim.VirtualMachine, "guest-01", dc="DC1")
    assert machine.summary.config.memorySizeMB == 2048
    store = admin.find(vim.Datastore, "DC1_DS1", dc="DC1")
    assert store.summary.freeSpace == (1500 - 20) * GB
    control.rename_machine("guest-01", "guest-02")
    assert machine.name == "guest-02"
    control.remove_machine("guest-02")
    assert admin.find(vim.VirtualMachine, "guest-02", dc="DC1") is None
    assert store.summary.freeSpace == 1500 * GB


def test_power_off_silences_the_guest_and_power_on_brings_it_back(vcenter: LabVCenter, admin: Client) -> None:
    vcenter.control.set_guests(delay_s=0.2)
    machine = admin.find(vim.VirtualMachine, "api-03")
    machine.PowerOffVM_Task()
    wait_until(lambda: machine.guest.toolsRunningStatus == "guestToolsNotRunning")
    assert not machine.guest.ipAddress
    machine.PowerOnVM_Task()
    wait_until(lambda: machine.guest.toolsRunningStatus == "guestToolsRunning")
    assert machine.guest.hostName
