from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from pathlib import Path

import pytest
from pyVmomi import vim

from tests.vsphere.conftest import SignIn
from tests.vsphere_ova.archives import DISK1, DISK2, DISK3, contents
from tests.vsphere_ova.importing import PLAN, SHORT, Importer
from tests.waiting import AT_ONCE_S, wait_until
from wizard.lab.ova import make_ova
from wizard.vsphere.collector import read
from wizard.vsphere.errors import ImportRefused, NameTaken, NoPermission, NotFound
from wizard.vsphere.inventory import ObjectRef
from wizard.vsphere.ova_import import remove_vm

pytestmark = pytest.mark.vcenter

STRANGER = {
    "datacenter": "DC0",
    "folder": "Infrastructure/Recovery",
    "compute": "DC0_C0",
    "datastore": "LocalDS_0",
    "networks": ["VM Network"],
    "disks_gb": [1],
}


def test_a_template_becomes_a_machine_where_the_plan_says(importer: Importer) -> None:
    made = importer.run(networks={"Network 1": "DC0_DVPG0"}, properties={"hostname": "lyon-cs01"})
    assert made == ObjectRef(
        type="VirtualMachine",
        moid=importer.created[0],
        name="cs01",
        path="Infrastructure/Recovery/cs01",
    )
    (machine,) = [item for item in importer.control.machines() if item["moid"] == made.moid]
    assert machine["path"] == "/DC0/vm/Infrastructure/Recovery/cs01"
    assert not machine["powered_on"]
    values = read(
        importer.session,
        importer.session.managed(vim.VirtualMachine, made.moid),
        ("config.hardware.numCPU", "config.hardware.memoryMB", "network", "datastore", "config.vAppConfig"),
    )
    assert (values["config.hardware.numCPU"], values["config.hardware.memoryMB"]) == (8, 16384)
    assert [item.name for item in values["network"]] == ["DC0_DVPG0"]
    assert [item.name for item in values["datastore"]] == ["LocalDS_0"]
    assert ("hostname", "lyon-cs01") in [(p.id, p.value) for p in values["config.vAppConfig"].property]


@pytest.mark.parametrize(
    ("provisioning", "thin", "eager"),
    [("eagerZeroedThick", False, True), ("thick", False, False), ("thin", True, False)],
)
def test_disks_are_provisioned_as_the_plan_says(
    importer: Importer, provisioning: str, thin: bool, eager: bool
) -> None:
    made = importer.run(disk_provisioning=provisioning)
    machine = importer.session.managed(vim.VirtualMachine, made.moid)
    devices = read(importer.session, machine, ("config.hardware.device",))["config.hardware.device"]
    disks = [device for device in devices if isinstance(device, vim.vm.device.VirtualDisk)]
    assert [disk.capacityInKB // 2**20 for disk in disks] == [80, 600, 600]
    assert {(disk.backing.thinProvisioned, disk.backing.eagerlyScrub) for disk in disks} == {(thin, eager)}


def test_every_disk_arrives_bit_by_bit_at_the_host(importer: Importer) -> None:
    importer.run()
    members = contents(importer.template)
    uploads = sorted(importer.control.uploads(), key=lambda item: item["file"])
    assert [item["sha256"] for item in uploads] == [
        hashlib.sha256(members[name]).hexdigest() for name in (DISK1, DISK2, DISK3)
    ]
    assert {item["method"] for item in uploads} == {"POST"}
    assert {item["content_type"] for item in uploads} == {"application/x-vnd.vmware-streamVmdk"}
    assert {item["host"] for item in uploads} == {"esx-01.lab.test"}
    assert [lease["state"] for lease in importer.control.leases()[-1:]] == ["complete"]


def test_disks_are_sent_side_by_side_and_the_speed_is_told(importer: Importer, large_template: Path) -> None:
    importer.template = large_template
    importer.control.limit_uploads(bytes_per_s=8 * 2**20)
    most: list[int] = []
    importer.on_sent = lambda _sent: most.append(
        sum(item["state"] == "running" for item in importer.control.uploads())
    )
    importer.run()
    assert max(most) >= 2
    last = importer.transfers[-1]
    assert (last.percent, last.seconds_left) == (100, 0.0)
    assert 4e5 < last.bytes_per_second < 100e6
    assert any(item.seconds_left for item in importer.transfers)


def test_phases_and_progress_are_told_as_they_come(importer: Importer) -> None:
    importer.run()
    assert importer.phases == [
        "Asking vCenter whether it takes the template.",
        "Having the virtual machine “cs01” made.",
        f"Sending “{DISK1}” (1 of 3) to host esx-01.lab.test.",
        f"Sending “{DISK2}” (2 of 3) to host esx-01.lab.test.",
        f"Sending “{DISK3}” (3 of 3) to host esx-01.lab.test.",
        "Completing the import.",
    ]
    members = contents(importer.template)
    total = sum(len(members[name]) for name in (DISK1, DISK2, DISK3))
    assert importer.progress[-1] == (total, total)
    assert importer.progress == sorted(importer.progress)


def test_progress_is_told_at_most_five_times_a_second(importer: Importer, large_template: Path) -> None:
    importer.template = large_template
    importer.control.limit_uploads(bytes_per_s=8 * 2**20)
    began = time.monotonic()
    importer.run()
    assert 3 <= len(importer.progress) <= 3 + (time.monotonic() - began) * 5


def test_the_lease_is_kept_alive_with_the_true_percentage(importer: Importer, large_template: Path) -> None:
    importer.template = large_template
    importer.patience = replace(SHORT, keep_alive_s=0.1)
    importer.control.limit_uploads(bytes_per_s=8 * 2**20)
    importer.run()
    lease = importer.control.leases()[-1]
    assert lease["progress_calls"] >= 5
    assert 50 <= lease["percent"] <= 99


@pytest.mark.parametrize(
    "compute", ["DC0_C0/Resources/Management", "DC0_C0/esx-02.lab.test", "esx-04.lab.test"]
)
def test_a_pool_or_a_single_host_takes_the_machine_too(importer: Importer, compute: str) -> None:
    importer.run(compute=compute)
    host = importer.control.uploads()[-1]["host"]
    assert host == {"esx-02.lab.test": "esx-02.lab.test", "esx-04.lab.test": "esx-04.lab.test"}.get(
        compute.rpartition("/")[2], "esx-01.lab.test"
    )


def test_a_name_that_is_taken_is_refused_and_its_owner_left_alone(importer: Importer) -> None:
    first = importer.run()
    with pytest.raises(NameTaken, match="already holds a virtual machine or folder named “cs01”"):
        importer.run()
    assert importer.machines.count("cs01") == 1
    assert [m["moid"] for m in importer.control.machines() if m["name"] == "cs01"] == [first.moid]


def test_a_name_that_is_taken_in_the_last_moment_is_told_as_such(importer: Importer) -> None:
    def somebody_is_faster(phase: str) -> None:
        if phase.startswith("Having"):
            importer.control.add_machine({**STRANGER, "name": "cs01"})

    importer.on_phase = somebody_is_faster
    with pytest.raises(NameTaken, match="“cs01”"):
        importer.run()
    assert importer.created == []
    assert importer.machines.count("cs01") == 1
    assert importer.control.open_leases() == []


@pytest.mark.parametrize("account", ["asr-replication", "asr-partial", "asr-readonly"])
def test_an_account_without_the_right_to_import_is_told_which_one_is_missing(
    importer: Importer, sign_in: SignIn, account: str
) -> None:
    with sign_in(account) as importer.session, pytest.raises(NoPermission) as caught:
        importer.run()
    assert "lacks the privilege" in str(caught.value)
    assert importer.left_behind == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"datacenter": "DC9"}, "“DC9”"),
        ({"folder": "Nowhere"}, "“Nowhere”"),
        ({"compute": "DC0_C9"}, "“DC0_C9”"),
        ({"datastore": "DS9"}, "“DS9”"),
        ({"networks": {"Network 1": "LAN9"}}, "“LAN9”"),
    ],
)
def test_a_place_that_is_not_there_is_told_with_those_that_are(
    importer: Importer, change: dict[str, object], message: str
) -> None:
    with pytest.raises(NotFound, match=message) as caught:
        importer.run(**change)
    assert "Choose one of" in str(caught.value.remedy)
    assert importer.left_behind == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"accept_license": False}, "licence text that nobody has accepted"),
        ({"networks": {}}, "mapped to none of vSphere: Network 1"),
        (
            {"networks": {"Network 1": "VM Network", "LAN": "VM Network"}},
            "has no network named LAN; it has: Network 1",
        ),
        ({"deployment_option": "huge"}, "has no deployment option “huge”; it has: –"),
        ({"properties": {"colour": "green"}}, "does not let colour be set"),
        (
            {"properties": {"hostname": "x" * 65536}},
            "“Host name” of the template cannot be set: The value has 65536",
        ),
        (
            {"datacenter": "DC1", "folder": "", "compute": "DC1_C0/esx-12.lab.test"},
            "No host of esx-12.lab.test",
        ),
        ({"compute": "esx-05.lab.test"}, "No host of esx-05.lab.test is connected"),
        (
            {"compute": "DC0_C0/esx-02.lab.test", "networks": {"Network 1": "Island Network"}},
            "No host of esx-02.lab.test is connected",
        ),
    ],
)
def test_a_plan_that_cannot_work_is_refused_before_anything_is_changed(
    importer: Importer, change: dict[str, object], message: str
) -> None:
    leases = len(importer.control.leases())
    with pytest.raises(ImportRefused, match=message) as caught:
        importer.run(**change)
    assert str(caught.value.remedy)
    assert len(importer.control.leases()) == leases


def test_what_vcenter_dislikes_about_a_template_is_shown(importer: Importer, tmp_path: Path) -> None:
    importer.template = make_ova(tmp_path / "odd.ova", file_mb=0.1, adapter="TokenRing")
    with pytest.raises(
        ImportRefused, match=r"vcenter.lab.test:443 cannot import the template there: .*tokenring"
    ) as caught:
        importer.run()
    assert caught.value.step == "CreateImportSpec"


def test_a_host_that_reaches_the_network_is_chosen(importer: Importer) -> None:
    importer.run(networks={"Network 1": "Island Network"})
    assert importer.control.uploads()[-1]["host"] == "esx-01.lab.test"


def test_a_machine_is_removed_even_when_it_runs(importer: Importer) -> None:
    made = importer.run()
    importer.session.managed(vim.VirtualMachine, made.moid).PowerOnVM_Task(None)
    wait_until(lambda: any(m["powered_on"] for m in importer.control.machines() if m["moid"] == made.moid))
    assert remove_vm(importer.session, made.moid) is True
    assert PLAN.vm_name not in importer.machines
    assert remove_vm(importer.session, made.moid) is False


def test_removing_without_the_right_to_is_told_at_once(importer: Importer, sign_in: SignIn) -> None:
    made = importer.run()
    began = time.monotonic()
    with sign_in("asr-replication") as other, pytest.raises(NoPermission):
        remove_vm(other, made.moid)
    assert time.monotonic() - began < AT_ONCE_S
    assert PLAN.vm_name in importer.machines
