from __future__ import annotations

from typing import Any

import pytest

from tests.checks.target import GIB, HEALTHY, disk, judge_row, judged, pick, volume
from wizard.checks.judges import find_judge

SYSTEM = volume("C:", 60, 0)


@pytest.mark.parametrize(
    "requirement_id", [f"HW-{number:02}" for number in (1, 2, 3, 4, 5, 6, 10, 11, 17, 18)]
)
def test_a_healthy_machine_passes(requirement_id: str):
    finding = judged(requirement_id)
    assert finding.status == "pass", finding.summary
    assert finding.observed
    assert finding.expected


@pytest.mark.parametrize(
    ("requirement_id", "changes", "status", "observed"),
    [
        ("HW-01", {"hardware.logical_processors": 7}, "fail", "logical processors: 7"),
        ("HW-01", {"capacity.vcpu": 12}, "warn", "logical processors: 8"),
        ("HW-02", {"hardware.memory_bytes": int(15.52 * GIB) + 1}, "pass", "15.5 GB"),
        ("HW-02", {"hardware.memory_bytes": int(15.5 * GIB)}, "fail", "15.5 GB"),
        ("HW-02", {"capacity.memory_gb": 18}, "warn", "15.9 GB"),
        ("HW-03", {"hardware.disks": [disk(0, 80)]}, "fail", "disks: 1"),
        ("HW-03", {"hardware.disks": [disk(0, 80), disk(1, 600)]}, "warn", "disks: 2"),
        ("HW-03", {"hardware.disks": []}, "fail", "disks: 0"),
        ("HW-04", {"hardware.volumes": [SYSTEM, volume("D:", 594, 1)]}, "pass", "D: 594 GB"),
        ("HW-04", {"hardware.volumes": [SYSTEM, volume("d:", 593, 1)]}, "warn", "D: 593 GB"),
        ("HW-04", {"hardware.volumes": [SYSTEM, volume("D:", 100, 1)]}, "warn", "D: 100 GB"),
        ("HW-04", {"capacity.cache_gb": 1024}, "warn", "D: 640 GB"),
        ("HW-04", {"installation.install_drive": "F:"}, "warn", "C: NTFS 60 GB, D: NTFS 640 GB, E: NTFS 600 GB"),
        ("HW-05", {"hardware.volumes": [SYSTEM, volume("D:", 4.9, 1)]}, "fail", "D: 4.9 GB free"),
        ("HW-05", {"installation.install_drive": "F:", "hardware.volumes": []}, "fail", "nothing"),
        ("HW-06", {"hardware.volumes": [SYSTEM, volume("D:", 640, 1)]}, "warn", "no further volume"),
        (
            "HW-06",
            {"hardware.volumes": [SYSTEM, volume("D:", 640, 1), volume("R:", 700, 2, file_system="FAT32")]},
            "warn",
            "R: FAT32 700 GB",
        ),
        ("HW-06", {"hardware.volumes": [SYSTEM, volume("D:", 640, 1), volume("R:", 500, 2)]}, "warn", "R: NTFS 500 GB"),
        ("HW-10", {"installation.install_drive": "c"}, "warn", "C: on disk 0, Windows on disk 0"),
        ("HW-10", {"hardware.volumes": [SYSTEM, volume("D:", 640, 0)]}, "warn", "D: on disk 0, Windows on disk 0"),
        ("HW-10", {"hardware.volumes": [SYSTEM, volume("D:", 640, None)]}, "unknown", "D: on disk ?, Windows on disk 0"),
        ("HW-10", {"hardware.volumes": []}, "warn", "nothing"),
        ("HW-11", {"hardware.cpu_load_percent": 70}, "warn", "processor 70 percent, memory 21 percent"),
        ("HW-11", {"hardware.memory_in_use_percent": 93.4}, "warn", "processor 4 percent, memory 93 percent"),
        ("HW-17", {"hardware.max_clock_mhz": 2499}, "warn", "2499 MHz"),
        ("HW-18", {"hardware.volumes": [volume("D:", 640, 1, label="Lokaler Datenträger")]}, "warn", "D: Lokaler Datenträger"),
        ("HW-18", {"hardware.volumes": [volume(None, 1, 0, label="R&D")]}, "warn", "? R&D"),
    ],
)  # fmt: skip
def test_another_machine_is_told_what_differs(
    requirement_id: str, changes: dict[str, Any], status: str, observed: str
):
    finding = judged(requirement_id, changes)
    assert (finding.status, str(finding.observed)) == (status, observed)
    assert bool(finding.remedy) is (status != "pass"), "a person must be told what to do"


@pytest.mark.parametrize(("size", "status"), [(600, "pass"), (300, "warn"), (290, "fail")])
def test_a_cache_below_300_gb_fails_and_one_below_600_warns(size: int, status: str):
    row = pick("HW-04")
    judge = find_judge(row.judge)
    assert judge is not None
    facts = {key: HEALTHY[key] for key in (*row.facts, *row.hints)}
    facts["host.hardware.volumes"] = [SYSTEM, volume("D:", size, 1)]
    assert judge(facts, row.params).status == status, "the finding says warn: the row is not a blocking one"


def test_after_the_template_was_deployed_the_largest_other_volume_is_taken_for_the_cache():
    changes = {"host.hardware.volumes": [SYSTEM, volume("E:", 100, 1), volume("F:", 700, 2, free_bytes=GIB)]}
    facts = {**HEALTHY, **changes}
    del facts["installation.install_drive"]
    finding = judge_row(pick("HW-04", phase="after", method="ova"), facts)
    assert (finding.status, str(finding.observed)) == ("pass", "F: 700 GB"), "a cache in use has less room"
    assert judge_row(pick("HW-06", phase="after", method="ova"), facts).status == "warn"


@pytest.mark.parametrize(
    ("requirement_id", "changes", "status"),
    [
        ("HW-07", {"capacity.vcpu": 4, "hardware.logical_processors": 4}, "pass"),
        ("HW-07", {"capacity.vcpu": 8, "hardware.logical_processors": 4}, "warn"),
        ("HW-08", {"capacity.memory_gb": 8, "hardware.memory_bytes": 8 * GIB}, "pass"),
        ("HW-08", {"capacity.memory_gb": 8, "hardware.memory_bytes": 4 * GIB}, "warn"),
    ],
)
def test_a_process_server_has_sizes_of_its_own(requirement_id: str, changes: dict[str, Any], status: str):
    assert judged(requirement_id, changes, component="ps_scaleout").status == status


@pytest.mark.parametrize(
    ("requirement_id", "changes", "status"),
    [
        ("HW-12", {}, "pass"),
        ("HW-12", {"hardware.logical_processors": 4}, "fail"),
        ("HW-13", {"hardware.memory_bytes": 32 * GIB}, "pass"),
        ("HW-13", {"hardware.memory_bytes": 16 * GIB}, "warn"),
        ("HW-13", {"hardware.memory_bytes": 15 * GIB}, "fail"),
        ("HW-14", {}, "pass"),
        ("HW-14", {"hardware.disks": [disk(0, 700)]}, "fail"),
        ("HW-14", {"hardware.disks": [disk(0, 620), disk(1, 80)]}, "pass"),
        ("HW-14", {"hardware.disks": [disk(0, 79), disk(1, 620)]}, "fail"),
        ("HW-14", {"hardware.disks": []}, "fail"),
    ],
)
def test_an_appliance_has_sizes_of_its_own(requirement_id: str, changes: dict[str, Any], status: str):
    where = {"profile": "asr-modernized", "component": "appliance"}
    assert judged(requirement_id, changes, **where).status == status
