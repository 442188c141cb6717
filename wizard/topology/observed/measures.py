"""Loads of a machine, from the fields of both generations of components."""

from __future__ import annotations

from typing import Final

from wizard.topology.observed.numbers import share
from wizard.topology.observed.parts import Metrics
from wizard.topology.observed.record import Record

_WORDS: Final = (
    "systemLoadStatus", "cpuLoadStatus", "memoryUsageStatus", "spaceUsageStatus", "webLoadStatus",
    "databaseServerLoadStatus", "throughputStatus", "processorUsageStatus", "diskUsageStatus",
)  # fmt: skip


def metrics(record: Record) -> Metrics:
    """Classic machines tell what is available, modernized ones percentages too: what is told wins."""
    memory, memory_available = record.whole("totalMemoryInBytes"), record.whole("availableMemoryInBytes")
    memory_used = record.whole("usedMemoryInBytes")
    if memory_used is None and memory is not None and memory_available is not None:
        memory_used = memory - memory_available
    space, space_available = record.whole("totalSpaceInBytes"), record.whole("availableSpaceInBytes")
    space_used = record.whole("usedSpaceInBytes")
    if space_available is None and space is not None and space_used is not None and space_used <= space:
        space_available = space - space_used
    told_memory, told_space = record.percent("memoryUsagePercentage"), record.percent("freeSpacePercentage")
    throughput, megabytes = record.real("throughputInBytes"), record.megabytes("throughputInMBps")
    return Metrics(
        cpu_percent=record.percent("cpuLoad", "processorUsagePercentage"),
        memory_used_percent=_used(memory_used, memory) if told_memory is None else told_memory,
        memory_total_bytes=memory,
        memory_available_bytes=memory_available,
        space_free_percent=share(space_available, space) if told_space is None else told_space,
        space_total_bytes=space,
        space_available_bytes=space_available,
        upload_pending_bytes=record.whole("throughputUploadPendingDataInBytes"),
        throughput_bytes_per_s=megabytes if throughput is None else throughput,
        system_load=record.real("systemLoad"),
        web_load=record.real("webLoad"),
        database_load=record.real("databaseServerLoad"),
        words={name: word for name in _WORDS if (word := record.text(name))},
    )


def _used(used: int | None, total: int | None) -> float | None:
    return None if used is None or used < 0 else share(used, total)
