"""Importing a template: the lease, the uploads, the guest, and every way in which it can end early."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from pyVmomi import vim, vmodl

from tests.lab.client import Client, Import
from tests.waiting import wait_until
from wizard.lab.control import ControlError
from wizard.lab.ova import make_ova
from wizard.lab.vcenter import LabVCenter

pytestmark = pytest.mark.vcenter

GB = 2**30
BROKEN = (ConnectionError, OSError)


@pytest.fixture
def operator(vcenter: LabVCenter) -> Iterator[Client]:
    """Signed in with exactly the rights that an import needs; machines it made are removed."""
    before = {machine["moid"] for machine in vcenter.control.machines()}
    with Client.connect(vcenter, "asr-operator") as client:
        yield client
    vcenter.control.set_gone(False)
    vcenter.control.expire_leases()
    wait_until(lambda: not vcenter.control.open_leases())
    for machine in vcenter.control.machines():
        if machine["moid"] not in before and not machine["name"].startswith("gone-"):
            # One whose lease has ended may be on its way out at this very moment.
            with suppress(ControlError):
                vcenter.control.remove_machine(machine["name"])


def machine_names(vcenter: LabVCenter) -> set[str]:
    return {machine["name"] for machine in vcenter.control.machines()}


def test_an_import_ends_with_a_machine_whose_guest_reports(
    vcenter: LabVCenter, operator: Client, template: Path
) -> None:
    vcenter.control.set_guests(delay_s=0.3)
    properties = {"hostname": "cs01", "ip0": "192.0.2.10"}
    job = Import(operator, template, "whole", properties=properties)
    sums = job.upload()
    job.lease.HttpNfcLeaseProgress(100)
    machine = job.info.entity
    assert machine.guest.ipAddress is None
    job.lease.HttpNfcLeaseComplete()
    lease = vcenter.control.leases()[-1]
    assert (lease["state"], lease["name"], lease["percent"], lease["progress_calls"]) == (
        "complete",
        "whole",
        100,
        1,
    )
    uploads = vcenter.control.uploads()
    assert {item["sha256"] for item in uploads} == set(sums.values())
    assert {item["state"] for item in uploads} == {"done"}

    assert machine.config.hardware.numCPU == 8
    assert machine.config.hardware.memoryMB == 16384
    devices = machine.config.hardware.device
    disks = [device for device in devices if isinstance(device, vim.vm.device.VirtualDisk)]
    assert [disk.capacityInKB // 2**20 for disk in disks] == [80, 600, 600]
    assert any(isinstance(device, vim.vm.device.VirtualVmxnet3) for device in devices)
    assert any(isinstance(device, vim.vm.device.VirtualLsiLogicSASController) for device in devices)
    machine.PowerOnVM_Task()
    wait_until(lambda: machine.guest.toolsRunningStatus == "guestToolsRunning")
    assert (machine.guest.hostName, machine.guest.ipAddress) == ("cs01", "192.0.2.10")


def test_a_machine_that_was_told_nothing_gets_an_address_for_documentation(
    vcenter: LabVCenter, operator: Client, tmp_path: Path
) -> None:
    vcenter.control.set_guests(delay_s=0.1)
    job = Import(operator, make_ova(tmp_path / "plain.ova", properties=False), "untold")
    machine = job.info.entity
    job.lease.HttpNfcLeaseComplete()
    machine.PowerOnVM_Task()
    wait_until(lambda: machine.guest.ipAddress)
    assert machine.guest.ipAddress.startswith("203.0.113.")
    assert machine.guest.hostName == "untold"


def test_uploads_go_to_the_esxi_host_with_its_own_thumbprint(operator: Client, template: Path) -> None:
    job = Import(operator, template, "hosted")
    host = job.info.entity.runtime.host.name
    assert host.startswith("esx-0")
    for device in job.urls().values():
        assert device.url.startswith(f"https://{host}/nfc/")
        assert len(device.sslThumbprint) == 59
    assert job.info.totalDiskCapacityInKB == 1280 * 2**20


def test_space_is_taken_by_an_import_and_given_back_with_the_machine(
    vcenter: LabVCenter, operator: Client, template: Path
) -> None:
    store = operator.find(vim.Datastore, "LocalDS_0")
    before = store.summary.freeSpace
    job = Import(operator, template, "large")
    assert before - store.summary.freeSpace == 1280 * GB
    assert store.summary.capacity == 6144 * GB
    job.lease.HttpNfcLeaseAbort()
    wait_until(lambda: store.summary.freeSpace == before)


def test_the_provisioning_asked_for_is_what_the_disks_get(operator: Client, template: Path) -> None:
    backings = {}
    for wanted in ("thin", "thick", "eagerZeroedThick"):
        job = Import(operator, template, f"disk-{wanted}", provisioning=wanted)
        disk = next(
            device
            for device in job.info.entity.config.hardware.device
            if isinstance(device, vim.vm.device.VirtualDisk)
        )
        backings[wanted] = (disk.backing.thinProvisioned, disk.backing.eagerlyScrub)
    assert backings == {"thin": (True, False), "thick": (False, False), "eagerZeroedThick": (False, True)}


def test_aborting_removes_what_the_import_had_made(
    vcenter: LabVCenter, operator: Client, template: Path
) -> None:
    job = Import(operator, template, "gone-aborted")
    assert "gone-aborted" in machine_names(vcenter)
    job.lease.HttpNfcLeaseAbort()
    wait_until(lambda: "gone-aborted" not in machine_names(vcenter))
    assert vcenter.control.leases()[-1]["state"] == "aborted"


def test_a_lease_that_dies_stops_its_upload_and_removes_the_machine(
    vcenter: LabVCenter, operator: Client, template: Path
) -> None:
    job = Import(operator, template, "gone-expired")
    url = next(iter(job.urls().values())).url
    vcenter.control.expire_leases()
    wait_until(lambda: "gone-expired" not in machine_names(vcenter))
    assert job.state() == "error"
    assert isinstance(job.lease.error, vim.fault.Timedout)
    assert job.post(url, b"late") == 404


def test_a_machine_cannot_be_started_while_it_is_imported(operator: Client, template: Path) -> None:
    job = Import(operator, template, "early")
    with pytest.raises(vim.fault.InvalidState):
        job.info.entity.PowerOnVM_Task()


def test_a_name_that_is_taken_is_refused(vcenter: LabVCenter, operator: Client, template: Path) -> None:
    Import(operator, template, "twice").lease.HttpNfcLeaseComplete()
    with pytest.raises(vim.fault.DuplicateName) as refused:
        Import(operator, template, "twice")
    assert refused.value.name == "twice"
    assert [machine["name"] for machine in vcenter.control.machines()].count("twice") == 1


def test_a_datastore_that_is_too_small_is_refused_for_thick_disks(operator: Client, template: Path) -> None:
    with pytest.raises(vim.fault.NoDiskSpace) as refused:
        Import(operator, template, "cramped", datastore="SmallDS_0")
    assert refused.value.datastore == "SmallDS_0"


@pytest.mark.parametrize("datastore", ["MaintDS_0", "GoneDS_0"])
def test_a_datastore_out_of_service_is_refused(operator: Client, template: Path, datastore: str) -> None:
    with pytest.raises(vim.fault.InvalidDatastore):
        Import(operator, template, "misplaced", datastore=datastore)


def test_the_machine_lands_on_a_host_that_has_its_network(operator: Client, template: Path) -> None:
    job = Import(operator, template, "islander", network="Island Network")
    assert job.info.entity.runtime.host.name == "esx-01.lab.test"


def test_an_upload_breaks_off_after_as_many_bytes_as_asked_and_the_next_goes_through(
    vcenter: LabVCenter, operator: Client, template: Path
) -> None:
    job = Import(operator, template, "cut")
    url = next(iter(job.urls().values())).url
    vcenter.control.limit_uploads(kill_after=200_000, kills=1)
    with pytest.raises(BROKEN):
        job.post(url, b"x" * 5_000_000)
    broken = wait_until(lambda: [item for item in vcenter.control.uploads() if item["state"] == "killed"])
    assert 200_000 <= broken[0]["bytes"] < 300_000
    assert job.post(url, b"y" * 1_000_000) == 200


def test_an_upload_can_be_slow(vcenter: LabVCenter, operator: Client, template: Path) -> None:
    job = Import(operator, template, "slow")
    vcenter.control.limit_uploads(bytes_per_s=1_000_000)
    assert job.post(next(iter(job.urls().values())).url, b"z" * 500_000) == 200
    assert vcenter.control.uploads()[-1]["seconds"] >= 0.4


def test_uploads_at_the_same_time_do_not_disturb_each_other(
    vcenter: LabVCenter, operator: Client, template: Path
) -> None:
    job = Import(operator, template, "parallel")
    urls = [device.url for device in job.urls().values()]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda url: job.post(url, b"p" * 300_000), urls * 8))
    assert set(statuses) == {200}
    assert len(job.lease.HttpNfcLeaseGetManifest()) == 3


def test_a_descriptor_that_is_none_is_refused(operator: Client) -> None:
    pool = operator.find(vim.ClusterComputeResource, "DC0_C0").resourcePool
    store = operator.find(vim.Datastore, "LocalDS_0")
    params = vim.OvfManager.CreateImportSpecParams(entityName="none")
    for xml in ("not xml", '<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>'):
        with pytest.raises((vmodl.fault.InvalidArgument, vim.fault.OvfInvalidPackage)):
            operator.content.ovfManager.CreateImportSpec(xml, pool, store, params)
