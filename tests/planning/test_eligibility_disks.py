from __future__ import annotations

import pytest

from tests.planning.eligibility_machines import ALONE, GB, NO_DISKS, controller, disk, findings, machine, said
from wizard.planning.eligibility import SourceDisk, SourceMachine, judge, verdict_of
from wizard.planning.eligibility.machine import disks_in_order

BYTE = 1 / GB


@pytest.mark.parametrize(
    ("firmware", "gb", "status"),
    [
        ("bios", 2048, "pass"),
        ("bios", 2048 + BYTE, "block"),
        ("efi", 2048 + BYTE, "pass"),
        ("efi", 4095, "pass"),
        ("efi", 4095 + BYTE, "block"),
        ("", 2048, "pass"),
        ("", 2048 + BYTE, "unknown"),
        ("", 4095, "unknown"),
        ("", 4095 + BYTE, "block"),
        ("bios", 0, "unknown"),
        ("bios", BYTE, "pass"),
    ],
)
def test_the_os_disk_has_a_limit_for_each_firmware(firmware: str, gb: float, status: str) -> None:
    subject = machine(firmware=firmware, disks=(disk(gb),))
    assert findings(subject).get("SM-03", "pass") == status


def test_too_large_an_os_disk_is_named_with_size_and_limit() -> None:
    assert str(said(machine(disks=(disk(3000.5),)), "SM-03").text) == (
        "The OS disk (Hard disk 1) has 3000.5 GB; with this firmware 2048 GB are supported."
    )
    assert str(said(machine(disks=(disk(5000),), firmware="efi"), "SM-03").text) == (
        "The OS disk (Hard disk 1) has 5000 GB; with this firmware 4095 GB are supported."
    )


def test_the_os_disk_is_the_first_by_bus_then_unit_then_key() -> None:
    late_bus = disk(10, unit=0, key=1, controller_key=1001)
    late_unit = disk(20, unit=3, key=2)
    first = disk(30, unit=1, key=9)
    twin = disk(40, unit=1, key=10)
    no_unit = disk(50, unit=None, key=3)
    no_controller = disk(60, unit=0, key=0, controller_key=None)
    subject = machine(
        disks=(no_controller, twin, late_bus, no_unit, late_unit, first),
        controllers=(controller(1000, bus_number=0), controller(1001, bus_number=1)),
    )
    assert list(disks_in_order(subject)) == [first, twin, late_unit, no_unit, late_bus, no_controller]


def test_a_large_disk_behind_the_os_disk_is_judged_as_a_data_disk() -> None:
    subject = machine(disks=(disk(3000, unit=1), disk(40, unit=0)))
    assert "SM-03" not in findings(subject)
    swapped = machine(disks=(disk(3000, unit=0), disk(40, unit=1)))
    assert findings(swapped) == {"SM-03": "block"}


def test_the_disks_of_a_physical_server_stay_in_their_order() -> None:
    disks = (SourceDisk(key=2, capacity_bytes=40 * GB), SourceDisk(key=1, capacity_bytes=3000 * GB))
    server = machine(kind="physical", disks=disks, controllers=())
    assert disks_in_order(server) == disks
    assert "SM-03" not in findings(server)


@pytest.mark.parametrize("connection", ["connected", "disconnected", ""])
def test_a_machine_without_a_disk_cannot_be_replicated(connection: str) -> None:
    assert findings(machine(disks=NO_DISKS, connection_state=connection))["SM-04"] == "block"


@pytest.mark.parametrize(
    "subject",
    [
        machine(disks=NO_DISKS, connection_state="inaccessible"),
        machine(disks=NO_DISKS, connection_state="invalid"),
        machine(disks=NO_DISKS, connection_state="orphaned"),
        machine(disks=NO_DISKS, guest_id=""),
        machine(disks=NO_DISKS, kind="physical"),
    ],
)
def test_disks_that_nobody_could_read_are_unknown(subject: SourceMachine) -> None:
    assert findings(subject)["SM-04"] == "unknown"
    assert "SM-03" not in findings(subject)


@pytest.mark.parametrize(("data_disks", "status"), [(64, "pass"), (65, "block")])
def test_at_most_64_data_disks_are_supported(data_disks: int, status: str) -> None:
    subject = machine(disks=tuple(disk(unit=unit) for unit in range(data_disks + 1)))
    assert findings(subject).get("SM-05", "pass") == status


@pytest.mark.parametrize(
    ("gb", "modernized", "classic"),
    [
        (0, "unknown", "unknown"),
        (-1, "unknown", "unknown"),
        (BYTE, "blocked", "blocked"),
        (1, "blocked", "blocked"),
        (1 + BYTE, "ready", "ready"),
        (4095, "ready", "ready"),
        (4095 + BYTE, "ready", "ready"),
        (8192, "ready", "ready"),
        (8192 + BYTE, "ready", "attention"),
        (32_767, "ready", "attention"),
        (32_767 + BYTE, "blocked", "blocked"),
    ],
)
def test_a_data_disk_has_a_least_and_a_largest_size(gb: float, modernized: str, classic: str) -> None:
    found = judge(machine(disks=(disk(), disk(gb, unit=1))), ALONE)
    assert verdict_of(found, "asr-modernized") == modernized
    assert verdict_of(found, "asr-classic") == classic


@pytest.mark.parametrize(
    ("gb", "noted"), [(4095, False), (4095 + BYTE, True), (8192, True), (8192 + BYTE, False)]
)
def test_classic_notes_what_only_managed_disks_hold(gb: float, noted: bool) -> None:
    found = judge(machine(disks=(disk(), disk(gb, unit=1))), ALONE)
    notes = [finding for finding in found if finding.status == "info"]
    assert [finding.rule for finding in notes] == (["SM-06"] if noted else [])
    assert all(finding.profiles == {"asr-classic"} for finding in notes)


def test_all_disks_of_the_wrong_size_are_named_together() -> None:
    sizes = [40, 0.5, 100, 1, 40_000, 0, 9000, 5000]
    found = judge(machine(disks=tuple(disk(gb, unit=unit) for unit, gb in enumerate(sizes))), ALONE)
    assert [(finding.status, finding.text.values["disks"]) for finding in found] == [
        ("block", ["Hard disk 5"]),
        ("block", ["Hard disk 2", "Hard disk 4"]),
        ("unknown", ["Hard disk 6"]),
        ("warn", ["Hard disk 7"]),
        ("info", ["Hard disk 8"]),
    ]


def test_the_os_disk_is_no_data_disk() -> None:
    assert findings(machine(disks=(disk(0.5),))) == {}
