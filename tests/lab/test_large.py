"""An inventory of thousands, and changes to many machines at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyVmomi import vim, vmodl

from tests.lab.client import Client
from wizard.lab.control import ControlError
from wizard.lab.inventory import many_machines
from wizard.lab.vcenter import LabVCenter

pytestmark = pytest.mark.vcenter

COUNT = 1000


@pytest.fixture(scope="module")
def large(simulator: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabVCenter]:
    directory = tmp_path_factory.mktemp("large")
    with LabVCenter(directory=directory, binary=simulator, inventory=many_machines(COUNT)) as vcenter:
        yield vcenter


@pytest.fixture
def client(large: LabVCenter) -> Iterator[Client]:
    with Client.connect(large, "administrator") as connected:
        yield connected


def test_a_thousand_machines_are_each_as_rich_as_a_real_one(large: LabVCenter, client: Client) -> None:
    listed = large.control.machines()
    assert len({machine["moid"] for machine in listed}) == COUNT
    machine = client.find(vim.VirtualMachine, "api-00123")
    assert machine.config.uuid != machine.config.instanceUuid
    assert machine.config.bootOptions.efiSecureBootEnabled is False
    assert machine.guest.ipAddress == "198.18.0.123"
    assert machine.runtime.host in machine.resourcePool.owner.host
    assert machine in machine.runtime.host.vm
    assert machine in machine.datastore[0].vm
    kinds = [
        type(device).__name__.removeprefix("vim.vm.device.") for device in machine.config.hardware.device
    ]
    assert kinds.count("VirtualDisk") == 1
    assert kinds.count("VirtualVmxnet3") == 1
    assert {"ParaVirtualSCSIController", "VirtualCdrom", "VirtualKeyboard", "VirtualPCIController"} < set(
        kinds
    )
    assert len({device.key for device in machine.config.hardware.device}) == len(kinds)
    assert {option.key for option in machine.config.extraConfig} >= {"disk.EnableUUID", "nvram"}


def test_changes_to_many_machines_are_told_to_who_waits_for_updates(
    large: LabVCenter, client: Client
) -> None:
    collector = client.content.propertyCollector
    view = client.content.viewManager.CreateContainerView(
        client.content.rootFolder, [vim.VirtualMachine], True
    )
    query = vmodl.query.PropertyCollector
    watch = collector.CreateFilter(
        query.FilterSpec(
            propSet=[
                query.PropertySpec(type=vim.VirtualMachine, pathSet=["name", "config.hardware.memoryMB"])
            ],
            objectSet=[
                query.ObjectSpec(
                    obj=view,
                    skip=True,
                    selectSet=[query.TraversalSpec(type=type(view), path="view", skip=False)],
                )
            ],
        ),
        False,
    )
    first = collector.WaitForUpdatesEx("", None)
    known = len(first.filterSet[0].objectSet)
    while first.truncated:
        first = collector.WaitForUpdatesEx(first.version, None)
        known += len(first.filterSet[0].objectSet)
    assert known == COUNT
    large.control.change_machines(10, what="name")
    large.control.change_machines(10, what="memory")
    second = collector.WaitForUpdatesEx(first.version, None)
    changed = {update.obj for update in second.filterSet[0].objectSet}
    assert len(changed) == 10
    assert all(machine.name.endswith("~") for machine in changed)
    watch.Destroy()


def test_more_changes_than_machines_are_refused(large: LabVCenter) -> None:
    with pytest.raises(ControlError, match="count is 1001 and there are 1000 machines"):
        large.control.change_machines(1001)
    with pytest.raises(ControlError, match="none of name, memory, power"):
        large.control.change_machines(1, what="colour")
