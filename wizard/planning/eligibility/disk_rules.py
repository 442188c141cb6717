"""How many disks there are and how large they may be (asr-facts SM-03 to SM-06)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wizard.planning.eligibility.finding import CLASSIC, MachineFinding, found
from wizard.planning.eligibility.machine import GB, Disk, SourceMachine, disks_in_order
from wizard.planning.eligibility.systems import OperatingSystem
from wizard.planning.quoting import amount
from wizard.text import _

OS_DISK_GB_BIOS: Final = 2048
OS_DISK_GB_EFI: Final = 4095
DATA_DISKS_MOST: Final = 64
DATA_DISK_GB_MOST: Final = 32_767
STORAGE_ACCOUNT_GB_MOST: Final = 4095
OLDER_COMPONENTS_GB_MOST: Final = 8192
DATA_DISK_MB_NEVER: Final = 1024

# What vCenter cannot read at present has no disks to show, which says nothing about the machine.
_UNREADABLE: Final = frozenset({"inaccessible", "invalid", "orphaned"})


def disks(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-03 to SM-06, which all need the disks in their order."""
    ordered = disks_in_order(machine)
    if ordered:
        yield from os_disk_size(machine, ordered[0])
        if len(ordered) > 1:
            yield from data_disk_count(ordered[1:])
            yield from data_disk_sizes(ordered[1:])
    else:
        yield from no_disk(machine)


def no_disk(machine: SourceMachine) -> Iterator[MachineFinding]:
    """SM-04: exactly one OS disk. Here it is only seen when there is no disk at all; the rest the guest tells."""
    if machine.kind == "physical" or not machine.guest_id or machine.connection_state in _UNREADABLE:
        yield found(
            "SM-04",
            "unknown",
            _("Which disks the machine has is not known."),
            _("Find out the sizes of its disks; boot and system must be on one and the same."),
        )
    else:
        yield found(
            "SM-04",
            "block",
            _("The machine has no disk; what has no OS disk cannot be replicated."),
            _("Choose another machine, or add the disk that it starts from."),
        )


def os_disk_size(machine: SourceMachine, disk: Disk) -> Iterator[MachineFinding]:
    """SM-03. At most 2,048 GB from BIOS (generation 1), 4,095 GB from EFI (generation 2); text of 2023.

    Where the firmware is not known, SM-07 says so and the smaller limit decides only above the larger one.
    """
    size = disk.capacity_bytes
    if size <= 0:
        yield found(
            "SM-03",
            "unknown",
            _("The size of the OS disk (%(disk)s) is not known."),
            _("Look it up; it may have 2,048 GB with BIOS and 4,095 GB with EFI."),
            disk=disk.label,
        )
        return
    limit = OS_DISK_GB_BIOS if machine.firmware == "bios" else OS_DISK_GB_EFI
    if size > limit * GB:
        yield found(
            "SM-03",
            "block",
            _("The OS disk (%(disk)s) has %(size)s GB; with this firmware %(limit)s GB are supported."),
            _("Move data to a disk of its own and make the OS disk smaller."),
            disk=disk.label,
            size=_gb(size),
            limit=limit,
        )
    elif size > OS_DISK_GB_BIOS * GB and machine.firmware != "efi":
        yield found(
            "SM-03",
            "unknown",
            _(
                "The OS disk (%(disk)s) has %(size)s GB, which is supported only for a machine that starts from EFI."
            ),
            _("Find out whether the machine starts from BIOS or EFI."),
            disk=disk.label,
            size=_gb(size),
        )


def data_disk_count(data: Sequence[Disk]) -> Iterator[MachineFinding]:
    """SM-05. At most 64 beside the OS disk."""
    if len(data) > DATA_DISKS_MOST:
        yield found(
            "SM-05",
            "block",
            _("The machine has %(count)s data disks; at most %(limit)s are supported."),
            _("Put the data onto fewer disks, or exclude disks from replication."),
            count=len(data),
            limit=DATA_DISKS_MOST,
        )


def data_disk_sizes(data: Sequence[Disk]) -> Iterator[MachineFinding]:
    """SM-06. Above 1,024 MB, up to 32 TB on managed disks, which the matrix's storage table spells 32,767 GB.

    Classic alone knows older components and storage accounts: above 8,192 GB it needs 9.41, and above 4,095 GB
    managed disks. The modernized appliance writes to managed disks only and is newer than 9.41.
    """
    unknown: list[str] = []
    small: list[str] = []
    large: list[str] = []
    for_newer: list[str] = []
    for_managed: list[str] = []
    for disk in data:
        size = disk.capacity_bytes
        if DATA_DISK_MB_NEVER * 2**20 < size <= STORAGE_ACCOUNT_GB_MOST * GB:
            continue
        if size <= 0:
            unknown.append(disk.label)
        elif size <= DATA_DISK_MB_NEVER * 2**20:
            small.append(disk.label)
        elif size > DATA_DISK_GB_MOST * GB:
            large.append(disk.label)
        elif size > OLDER_COMPONENTS_GB_MOST * GB:
            for_newer.append(disk.label)
        else:
            for_managed.append(disk.label)
    if large:
        yield found(
            "SM-06",
            "block",
            _("Larger than %(limit)s GB, the most that Azure holds in one disk: %(disks)s."),
            _("Spread the data over smaller disks."),
            limit=DATA_DISK_GB_MOST,
            disks=large,
        )
    if small:
        yield found(
            "SM-06",
            "block",
            _("Not larger than 1,024 MB, which Site Recovery refuses: %(disks)s."),
            _("Make these disks larger, or exclude them from replication."),
            disks=small,
        )
    if unknown:
        yield found(
            "SM-06",
            "unknown",
            _("The size of these data disks is not known: %(disks)s."),
            _("Look the sizes up; each must be above 1,024 MB and at most 32 TB."),
            disks=unknown,
        )
    if for_newer:
        yield found(
            "SM-06",
            "warn",
            _("Larger than 8,192 GB, which needs managed disks and components 9.41 or newer: %(disks)s."),
            _("Bring configuration server, process servers and Mobility service to 9.41 or newer."),
            profiles=CLASSIC,
            disks=for_newer,
        )
    if for_managed:
        yield found(
            "SM-06",
            "info",
            _("Larger than 4,095 GB, which can be replicated to managed disks only: %(disks)s."),
            _("Do not choose replication to a storage account for this machine."),
            profiles=CLASSIC,
            disks=for_managed,
        )


def _gb(size: int) -> str:
    return amount(size / GB)
