"""What the rules of eligibility read: one machine, and what stands around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

Kind = Literal["vm", "physical"]

GB: Final = 2**30
"""Bytes. vSphere and Azure both print GB and mean this."""


class Disk(Protocol):
    """What is read of a disk; the disks that the discovery tells fit as they are."""

    @property
    def key(self) -> int: ...
    @property
    def label(self) -> str: ...
    @property
    def capacity_bytes(self) -> int: ...
    @property
    def backing(self) -> str: ...
    @property
    def disk_mode(self) -> str: ...
    @property
    def sharing(self) -> str: ...
    @property
    def controller_key(self) -> int | None: ...
    @property
    def unit_number(self) -> int | None: ...


class Controller(Protocol):
    """What is read of a controller; the controllers that the discovery tells fit as they are."""

    @property
    def key(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def bus_number(self) -> int: ...
    @property
    def shared_bus(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDisk:
    """One disk; text that nobody told is "", a size that nobody told 0.

    `backing` is `flat`, `sesparse`, `rdm_physical`, `rdm_virtual` or `other`; `disk_mode` and `sharing` are the words
    of vSphere (`independent_persistent`, `sharingMultiWriter`).
    """

    key: int
    label: str = ""
    capacity_bytes: int = 0
    backing: str = ""
    file_name: str = ""
    datastore_moid: str = ""
    disk_mode: str = ""
    sharing: str = ""
    thin: bool | None = None
    controller_key: int | None = None
    unit_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceController:
    """One controller. `kind` is `pvscsi`, `lsilogic`, `lsilogic_sas`, `buslogic`, `nvme`, `ahci`, `ide`, `usb` or
    `other`; `shared_bus` is the word of vSphere (`noSharing`, `virtualSharing`, `physicalSharing`)."""

    key: int
    kind: str = ""
    bus_number: int = 0
    shared_bus: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMachine:
    """A machine that may be protected. Text that nobody told is "".

    The words are those of vSphere: `power_state` is `poweredOn`, `poweredOff` or `suspended`; `connection_state` is
    `connected`, `disconnected`, `inaccessible`, `invalid` or `orphaned`; `tools_status` is `guestToolsRunning`,
    `guestToolsNotRunning` or `guestToolsExecutingScripts`; `firmware` is `bios` or `efi`. Of a physical server
    `guest_full_name` is what its operator wrote, and the first of its disks is the OS disk.
    `extra_config` holds the keys `disk.EnableUUID`, `snapshot.maxSnapshots` and `guestInfo.detailed.data` where the
    machine has them.
    """

    kind: Kind = "vm"
    name: str
    guest_id: str = ""
    guest_full_name: str = ""
    power_state: str = ""
    connection_state: str = ""
    tools_status: str = ""
    firmware: str = ""
    secure_boot: bool = False
    encrypted: bool = False
    is_template: bool = False
    instance_uuid: str = ""
    bios_uuid: str = ""
    disks: Sequence[Disk] = ()
    controllers: Sequence[Controller] = ()
    snapshot_count: int = 0
    extra_config: Mapping[str, str] = field(default_factory=dict)
    ip_addresses: Sequence[str] = ()
    host_name: str = ""

    def setting(self, key: str) -> str | None:
        """The extra configuration under `key`, whose capitals vSphere does not tell apart; None: not set."""
        value = self.extra_config.get(key)
        if value is not None or not self.extra_config:
            return value
        wanted = key.lower()
        return next((value for name, value in self.extra_config.items() if name.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the rules know beside the machine itself; all UUIDs in lower case.

    `duplicate_instance_uuids`: those that more than one machine has. `own_machines`: the machines of Site Recovery
    itself in the recorded topology, from instance or BIOS UUID to what it is ("cs01"), "" where that is not to be told.
    """

    duplicate_instance_uuids: frozenset[str] = frozenset()
    own_machines: Mapping[str, str] = field(default_factory=dict)


def disks_in_order(machine: SourceMachine) -> Sequence[Disk]:
    """The disks by the bus of their controller, then unit, then key; the first one is the OS disk (asr-facts SM-03).

    What has no place comes last; those of a physical server stay in the order in which they were given.
    """
    if len(machine.disks) < 2 or machine.kind == "physical":
        return machine.disks
    buses = {controller.key: controller.bus_number for controller in machine.controllers}

    def place(disk: Disk) -> tuple[bool, int, bool, int, int]:
        bus = None if disk.controller_key is None else buses.get(disk.controller_key)
        unit = disk.unit_number
        return bus is None, bus or 0, unit is None, unit or 0, disk.key

    return sorted(machine.disks, key=place)
