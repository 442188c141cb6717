"""What the wizard knows of the virtual machines of a vCenter and of what is around them, as plain data.

Text that vCenter does not tell is "", numbers are 0, lists are empty. Names are as people typed them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

DiskBacking = Literal["flat", "rdm_physical", "rdm_virtual", "sesparse", "other"]
ControllerKind = Literal[
    "pvscsi", "lsilogic", "lsilogic_sas", "buslogic", "nvme", "ahci", "ide", "usb", "other"
]
ObjectType = Literal[
    "Folder",
    "Datacenter",
    "ComputeResource",
    "ClusterComputeResource",
    "HostSystem",
    "Datastore",
    "StoragePod",
    "Network",
    "DistributedVirtualPortgroup",
    "OpaqueNetwork",
    "ResourcePool",
    "VirtualApp",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFacts:
    """A virtual disk. `key` and `controller_key` are the device keys within its machine.

    `disk_mode` is as vSphere says it, for example `persistent` or `independent_persistent`; `sharing` is
    `sharingNone`, `sharingMultiWriter` or "". `thin` is None where the backing knows no such thing.
    """

    key: int
    label: str
    capacity_bytes: int
    backing: DiskBacking
    file_name: str
    datastore_moid: str
    disk_mode: str
    sharing: str
    thin: bool | None
    controller_key: int
    unit_number: int

    def to_json(self) -> dict[str, Any]:
        return _plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerFacts:
    """A controller of disks. `shared_bus` is `noSharing`, `virtualSharing` or `physicalSharing`; "" for none."""

    key: int
    kind: ControllerKind
    bus_number: int
    shared_bus: str

    def to_json(self) -> dict[str, Any]:
        return _plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterFacts:
    """A network adapter. `kind` is its type in small letters, for example `vmxnet3` or `e1000e`.

    `network_moid` is the network or the port group it is plugged into, "" for an opaque network, which adapters
    name by another id. `addresses` are what the guest reports for it, without link-local ones.
    """

    label: str
    kind: str
    mac: str
    network_moid: str
    connected: bool
    addresses: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return _plain(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """One virtual machine or template.

    `power_state` is `poweredOn`, `poweredOff` or `suspended`; `connection_state` is `connected`, `disconnected`,
    `orphaned`, `inaccessible` or `invalid`; `tools_status` is `guestToolsRunning`, `guestToolsNotRunning` or
    `guestToolsExecutingScripts`. `extra_config` holds those of `EXTRA_CONFIG_KEYS` that are set, whatever the
    case in which vSphere spells them. `folder_moid` is "" for a machine of a vApp, `pool_moid` for a template.
    """

    moid: str
    name: str
    instance_uuid: str
    bios_uuid: str
    guest_id: str
    guest_full_name: str
    host_name: str
    ip_addresses: tuple[str, ...]
    power_state: str
    connection_state: str
    cpu_count: int
    memory_mb: int
    firmware: str
    secure_boot: bool
    encrypted: bool
    tools_status: str
    is_template: bool
    disks: tuple[DiskFacts, ...]
    controllers: tuple[ControllerFacts, ...]
    adapters: tuple[AdapterFacts, ...]
    snapshot_count: int
    extra_config: Mapping[str, str]
    host_moid: str
    folder_moid: str
    pool_moid: str
    vapp_moid: str
    datastore_moids: tuple[str, ...]
    network_moids: tuple[str, ...]

    @property
    def disk_count(self) -> int:
        return len(self.disks)

    @property
    def disk_gb(self) -> float:
        """What the disks can hold together, in GB of 2^30 bytes."""
        return round(sum(disk.capacity_bytes for disk in self.disks) / 2**30, 2)

    def to_json(self) -> dict[str, Any]:
        return _plain(self)


# SM-18 and SM-19 of asr-facts 12 read these.
EXTRA_CONFIG_KEYS = ("disk.EnableUUID", "snapshot.maxSnapshots")


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryObject:
    """What is not a machine: a place, or something that a machine uses. `parent_moid` is "" for the root.

    `values` are plain JSON; which there are depends on the type (`object_elements.PROPERTIES`).
    """

    type: ObjectType
    moid: str
    name: str
    parent_moid: str
    values: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return _plain(self)


def _plain(facts: Any) -> dict[str, Any]:
    """Exactly the fields, with lists for tuples: what a JSON column takes and gives back."""
    return {field.name: _value(getattr(facts, field.name)) for field in fields(facts)}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    if isinstance(value, DiskFacts | ControllerFacts | AdapterFacts):
        return value.to_json()
    return dict(value) if isinstance(value, Mapping) else value
