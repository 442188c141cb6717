"""What has changed since the last reading, and nothing else; and when that can no longer be told."""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from pyVmomi import vim

from tests.vsphere.conftest import SignIn, account_of
from tests.vsphere.plain_reading import read_plainly
from tests.vsphere.relay import Relay
from tests.vsphere.servers import LOOPBACK
from wizard.lab.vcenter import LabVCenter
from wizard.text import Text
from wizard.vsphere.discovery import Batch, InventoryWatch, VersionTooOld
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.errors import ConnectionLost
from wizard.vsphere.machines import InventoryObject, MachineFacts
from wizard.vsphere.session import Session, connect
from wizard.vsphere.vsphere_task import wait_for_task

pytestmark = pytest.mark.vcenter

NAME = "passing-through"


@pytest.fixture(scope="module")
def lab_vcenter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabVCenter]:
    """One for these tests alone: nobody else's machines boot while they look for changes."""
    with LabVCenter(directory=tmp_path_factory.mktemp("changing")) as vcenter:
        yield vcenter


@pytest.fixture
def watch(session: Session) -> Iterator[InventoryWatch]:
    watching = InventoryWatch(session)
    for _batch in watching.read_all():
        pass
    yield watching
    watching.close()


@pytest.fixture
def admin(sign_in: SignIn) -> Iterator[Session]:
    with sign_in("administrator") as signed_in:
        yield signed_in


@pytest.fixture
def guest(vcenter: LabVCenter) -> str:
    """The id of a machine of our own, which the simulator's fixture removes."""
    vcenter.control.set_guests(silent=True)
    vcenter.control.add_machine(
        {
            "datacenter": "DC0",
            "name": NAME,
            "folder": "Workloads/Test",
            "compute": "DC0_C0",
            "datastore": "LocalDS_0",
            "networks": ["VM Network"],
            "guest_id": "ubuntu64Guest",
            "firmware": "bios",
            "cpus": 1,
            "memory_mb": 1024,
            "disks_gb": [1],
            "powered_on": False,
        }
    )
    return next(str(row["moid"]) for row in vcenter.control.machines() if row["name"] == NAME)


def test_where_nothing_has_changed_nothing_is_read(watch: InventoryWatch) -> None:
    before = watch.version
    assert list(watch.read_changes(before)) == []
    assert watch.version != before
    assert list(watch.read_changes(watch.version)) == []


def test_a_new_machine_is_seen(session: Session, guest_later: Callable[[], str]) -> None:
    watch = InventoryWatch(session)
    for _batch in watch.read_all():
        pass
    moid = guest_later()
    assert moid in seen(watch)[0]


@pytest.fixture
def guest_later(request: pytest.FixtureRequest) -> Callable[[], str]:
    def make() -> str:
        moid: str = request.getfixturevalue("guest")
        return moid

    return make


def test_a_removed_machine_is_gone(guest: str, watch: InventoryWatch, vcenter: LabVCenter) -> None:
    vcenter.control.remove_machine(NAME)
    machines, _objects, gone = seen(watch)
    assert guest in gone
    assert guest not in machines


def finish(session: Session, task: vim.Task) -> None:
    wait_for_task(session, task, what=Text("a change"), timeout_s=10)


def rename(session: Session, vm: vim.VirtualMachine) -> None:
    finish(session, vm.Rename_Task("passing by"))
    # Whoever removes it looks for the old name.
    finish(session, vm.Rename_Task(NAME + "!"))


def reconfigure(**changes: Any) -> Callable[[Session, vim.VirtualMachine], None]:
    def change(session: Session, vm: vim.VirtualMachine) -> None:
        finish(session, vm.ReconfigVM_Task(vim.vm.ConfigSpec(**changes)))

    return change


def settings(**values: str) -> Callable[[Session, vim.VirtualMachine], None]:
    return reconfigure(
        extraConfig=[
            vim.option.OptionValue(key=key.replace("__", "."), value=value) for key, value in values.items()
        ]
    )


def add_disk(session: Session, vm: vim.VirtualMachine) -> None:
    assert vm.config is not None
    disk = next(
        device for device in vm.config.hardware.device if isinstance(device, vim.vm.device.VirtualDisk)
    )
    added = vim.vm.device.VirtualDisk(
        key=-1,
        controllerKey=disk.controllerKey,
        unitNumber=5,
        capacityInKB=2 << 20,
        backing=vim.vm.device.VirtualDisk.FlatVer2BackingInfo(
            fileName="[LocalDS_0]", diskMode="independent_persistent", thinProvisioned=True
        ),
    )
    change = vim.vm.device.VirtualDeviceSpec(operation="add", fileOperation="create", device=added)
    finish(session, vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[change])))


def power_on(session: Session, vm: vim.VirtualMachine) -> None:
    finish(session, vm.PowerOnVM_Task())


def take_snapshots(session: Session, vm: vim.VirtualMachine) -> None:
    for name in ("first", "second"):
        finish(session, vm.CreateSnapshot_Task(name, "", False, False))


def move(session: Session, vm: vim.VirtualMachine) -> None:
    root = session.content.rootFolder
    datacenter = next(child for child in root.childEntity if child.name == "DC0")
    finish(session, datacenter.vmFolder.MoveIntoFolder_Task([vm]))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(rename, lambda facts: facts.name == NAME + "!", id="renamed"),
        pytest.param(reconfigure(memoryMB=4096), lambda facts: facts.memory_mb == 4096, id="memory"),
        pytest.param(reconfigure(numCPUs=4), lambda facts: facts.cpu_count == 4, id="processors"),
        pytest.param(
            settings(disk__enableUuid="TRUE"),
            lambda facts: facts.extra_config == {"disk.EnableUUID": "TRUE"},
            id="setting",
        ),
        pytest.param(
            add_disk,
            lambda facts: [disk.disk_mode for disk in facts.disks][1:] == ["independent_persistent"],
            id="disk",
        ),
        pytest.param(power_on, lambda facts: facts.power_state == "poweredOn", id="powered on"),
        pytest.param(take_snapshots, lambda facts: facts.snapshot_count == 2, id="snapshots"),
        pytest.param(
            settings(SET__guest__ipAddress="198.51.100.77"),
            lambda facts: "198.51.100.77" in facts.ip_addresses,
            id="address",
        ),
        pytest.param(move, lambda facts: facts.folder_moid == "group-2", id="moved"),
    ],
)
def test_a_change_of_a_machine_is_seen(
    guest: str,
    watch: InventoryWatch,
    admin: Session,
    change: Callable[[Session, vim.VirtualMachine], None],
    told: Callable[[MachineFacts], bool],
) -> None:
    change(admin, admin.managed(vim.VirtualMachine, guest))
    machines, _objects, gone = seen(watch)
    assert gone == set()
    assert told(machines[guest]), machines[guest]
    assert machines[guest] == read_plainly(admin)[0][guest]
    # One machine's change is no reason to read the others.
    assert set(machines) == {guest}


def test_changes_around_the_machines_are_seen(
    watch: InventoryWatch, admin: Session, vcenter: LabVCenter
) -> None:
    root = admin.content.rootFolder
    datacenter = next(child for child in root.childEntity if child.name == "DC0")
    folder = datacenter.vmFolder.CreateFolder("Newcomers")
    try:
        vcenter.control.set_datastore("DC0", "LocalDS_0", free_gb=7)
        _machines, objects, gone = seen(watch)
        assert gone == set()
        assert objects[folder._moId].name == "Newcomers"
        assert objects[folder._moId].parent_moid == datacenter.vmFolder._moId
        named = {(described.type, described.name): described for described in objects.values()}
        assert named["Datastore", "LocalDS_0"].values["summary.freeSpace"] == 7 << 30
        finish(admin, folder.Rename_Task("Settlers"))
        assert seen(watch)[1][folder._moId].name == "Settlers"
    finally:
        finish(admin, folder.Destroy_Task())
    assert folder._moId in seen(watch)[2]


def test_changes_that_come_in_several_answers_are_put_together(relay: Relay, vcenter: LabVCenter) -> None:
    told = iter(
        [
            updates("1", "modify HostSystem host-42", "modify VirtualMachine vm-90", truncated=True),
            updates("1", "leave VirtualMachine vm-90", "leave HostSystem host-51", truncated=True),
            updates("1", "enter HostSystem host-51"),
        ]
    )
    with through(relay, vcenter) as session:
        watch = InventoryWatch(session)
        for _batch in watch.read_all():
            pass
        relay.edit = lambda call, body: next(told) if call == "WaitForUpdatesEx" else body
        machines, objects, gone = seen(watch)
    assert (set(machines), set(objects), gone) == (set(), {"host-42", "host-51"}, {"vm-90"})
    assert next(told, None) is None


def updates(version: str, *changes: str, truncated: bool = False) -> bytes:
    parts = [change.split(" ") for change in changes]
    sets = "".join(
        f'<objectSet><kind>{kind}</kind><obj type="{type_}">{moid}</obj></objectSet>'
        for kind, type_, moid in parts
    )
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f'<WaitForUpdatesExResponse xmlns="urn:vim25"><returnval><version>{version}</version><filterSet>{sets}</filterSet>'
        f"<truncated>{str(truncated).lower()}</truncated></returnval></WaitForUpdatesExResponse>"
        "</soapenv:Body></soapenv:Envelope>"
    ).encode()


def test_more_changes_than_fit_into_a_page_are_all_seen(session: Session, vcenter: LabVCenter) -> None:
    watch = InventoryWatch(session, page_size=15)
    for _batch in watch.read_all():
        pass
    vcenter.control.change_machines(40, what="memory")
    batches = list(watch.read_changes(watch.version))
    assert [len(batch.machines) for batch in batches] == [15, 15, 10]


def test_what_changes_while_everything_is_read_is_seen_afterwards(
    guest: str, session: Session, admin: Session
) -> None:
    watch = InventoryWatch(session, page_size=5)
    batches = watch.read_all()
    next(batches)
    reconfigure(memoryMB=8192)(admin, admin.managed(vim.VirtualMachine, guest))
    for _batch in batches:
        pass
    assert seen(watch)[0][guest].memory_mb == 8192


def test_a_machine_that_vanishes_before_it_is_read_again_is_gone(
    guest: str, watch: InventoryWatch, admin: Session, vcenter: LabVCenter
) -> None:
    reconfigure(memoryMB=4096)(admin, admin.managed(vim.VirtualMachine, guest))
    vcenter.control.remove_machine_at("RetrievePropertiesEx", NAME)
    machines, _objects, gone = seen(watch)
    assert guest in gone
    assert guest not in machines


def test_an_older_version_is_too_old(watch: InventoryWatch) -> None:
    first = watch.version
    assert list(watch.read_changes(first)) == []
    with pytest.raises(VersionTooOld):
        next(watch.read_changes(first))
    with pytest.raises(VersionTooOld):
        next(watch.read_changes(""))


def test_another_watch_knows_nothing_of_this_ones_version(watch: InventoryWatch, session: Session) -> None:
    other = InventoryWatch(session)
    assert other.id != watch.id
    with pytest.raises(VersionTooOld):
        next(other.read_changes(watch.version))


def test_changes_that_were_not_read_to_the_end_are_too_old(
    watch: InventoryWatch, vcenter: LabVCenter
) -> None:
    vcenter.control.change_machines(3, what="memory")
    version = watch.version
    changes = watch.read_changes(version)
    next(changes)
    changes.close()
    assert watch.version == ""
    with pytest.raises(VersionTooOld):
        next(watch.read_changes(version))


@pytest.mark.parametrize("fault", ["InvalidCollectorVersion", "ManagedObjectNotFound", "NotAuthenticated"])
def test_a_server_that_has_forgotten_makes_the_version_too_old(
    watch: InventoryWatch, vcenter: LabVCenter, fault: str
) -> None:
    vcenter.control.add_fault("WaitForUpdatesEx", fault, count=1)
    with pytest.raises(VersionTooOld) as caught:
        next(watch.read_changes(watch.version))
    assert (caught.value.address, caught.value.step) == ("vcenter.lab.test:443", "WaitForUpdatesEx")
    # A full read sets up the watch anew.
    assert sum(len(batch.machines) for batch in watch.read_all()) == 40
    assert list(watch.read_changes(watch.version)) == []


def test_a_refresh_takes_one_round_trip_and_one_more_for_what_has_changed(
    relay: Relay, vcenter: LabVCenter
) -> None:
    with through(relay, vcenter) as session:
        watch = InventoryWatch(session)
        for _batch in watch.read_all():
            pass
        relay.calls.clear()
        assert list(watch.read_changes(watch.version)) == []
        assert relay.calls == ["WaitForUpdatesEx"]
        relay.calls.clear()
        vcenter.control.change_machines(2, what="memory")
        assert len(seen(watch)[0]) == 2
        assert relay.calls == ["WaitForUpdatesEx", "RetrievePropertiesEx"]


def test_a_refresh_whose_answer_is_lost_ends_the_watch(watch: InventoryWatch, vcenter: LabVCenter) -> None:
    version = watch.version
    vcenter.control.break_call("WaitForUpdatesEx", "drop")
    with pytest.raises(ConnectionLost):
        next(watch.read_changes(version))
    with pytest.raises(VersionTooOld):
        next(watch.read_changes(version))


def seen(watch: InventoryWatch) -> tuple[dict[str, MachineFacts], dict[str, InventoryObject], set[str]]:
    batches: list[Batch] = list(watch.read_changes(watch.version))
    return (
        {facts.moid: facts for batch in batches for facts in batch.machines},
        {described.moid: described for batch in batches for described in batch.objects},
        {moid for batch in batches for moid in batch.gone},
    )


def through(relay: Relay, vcenter: LabVCenter) -> AbstractContextManager[Session]:
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    return connect(endpoint, account_of(vcenter))
