"""The retention volume of a Linux master target, judged by rows of the real catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from tests.checks.target import judged_as_planned


def mount(target: str = "/mnt/retention", **changes: Any) -> dict[str, Any]:
    return {
        "target": target,
        "source": "/dev/sdb1",
        "file_system": "ext4",
        "size_bytes": 1_082_331_758_592,
        "free_bytes": 10,
        "lvm": False,
        **changes,
    }


@pytest.mark.parametrize(
    ("mounts", "status"),
    [
        ([mount("/", source="/dev/sda1"), mount()], "pass"),
        ([mount("/", source="/dev/sdb1"), mount()], "fail"),
        ([mount(file_system="vfat")], "fail"),
        ([mount(size_bytes=0)], "fail"),
        ([mount("/mnt")], "fail"),
    ],
)
def test_the_linux_master_target_has_a_retention_volume_of_its_own(mounts: list[Any], status: str):
    facts = {"mt_linux.hardware.mounts": mounts}
    assert judged_as_planned("MT-14", facts, component="mt_linux", phase="after").status == status


@pytest.mark.parametrize(
    ("size", "status"), [(1_000_000_000_000, "pass"), (950_000_000_000, "pass"), (949_000_000_000, "warn")]
)
def test_a_disk_of_1_tb_is_large_enough_with_what_its_file_system_takes(size: int, status: str):
    facts = {"mt_linux.hardware.mounts": [mount(size_bytes=size)]}
    assert judged_as_planned("MT-15", facts, component="mt_linux", phase="after").status == status
