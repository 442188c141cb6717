"""What the wizard knows of the virtual machines of a vCenter and of what is around them, as plain data.

Text that vCenter does not tell is "", numbers are 0, lists are empty. Names are as people typed them.
"""

# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast

from pyVmomi import vim, vmodl

from wizard.vsphere.collector import FilterSpec, ObjectSpec, PropertySpec, Row, TraversalSpec, moid, pages
from wizard.vsphere.errors import VSphereError
from wizard.vsphere.guest_addresses import addresses_of
from wizard.vsphere.inventory_tree import shown
from wizard.vsphere.session import Session

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


_PROPERTIES = (
    "name",
    "parent",
    "parentVApp",
    "resourcePool",
    "datastore",
    "network",
    "config.instanceUuid",
    "config.uuid",
    "config.guestId",
    "config.guestFullName",
    "config.firmware",
    "config.bootOptions.efiSecureBootEnabled",
    "config.keyId",
    "config.template",
    "config.extraConfig",
    "config.hardware.numCPU",
    "config.hardware.memoryMB",
    "config.hardware.device",
    "guest.hostName",
    "guest.ipAddress",
    "guest.net",
    "guest.toolsRunningStatus",
    "runtime.host",
    "runtime.powerState",
    "runtime.connectionState",
    "snapshot.rootSnapshotList",
)
_BACKINGS: tuple[tuple[type, DiskBacking], ...] = (
    (vim.vm.device.VirtualDisk.FlatVer1BackingInfo, "flat"),
    (vim.vm.device.VirtualDisk.FlatVer2BackingInfo, "flat"),
    (vim.vm.device.VirtualDisk.SeSparseBackingInfo, "sesparse"),
)
_CONTROLLERS: tuple[tuple[type, ControllerKind], ...] = (
    (vim.vm.device.ParaVirtualSCSIController, "pvscsi"),
    (vim.vm.device.VirtualLsiLogicSASController, "lsilogic_sas"),
    (vim.vm.device.VirtualLsiLogicController, "lsilogic"),
    (vim.vm.device.VirtualBusLogicController, "buslogic"),
    (vim.vm.device.VirtualNVMEController, "nvme"),
    (vim.vm.device.VirtualAHCIController, "ahci"),
    (vim.vm.device.VirtualIDEController, "ide"),
    (vim.vm.device.VirtualUSBController, "usb"),
    (vim.vm.device.VirtualUSBXHCIController, "usb"),
    (vim.vm.device.VirtualSCSIController, "other"),
    (vim.vm.device.VirtualSATAController, "other"),
)


def iter_machines(session: Session, page_size: int = 500) -> Iterator[list[MachineFacts]]:
    """All machines and templates that the account may see, those in vApps too; a round trip per page."""
    views = cast(vim.view.ViewManager, session.content.viewManager)
    view = views.CreateContainerView(session.content.rootFolder, [vim.VirtualMachine], True)
    through = TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)
    spec = FilterSpec(
        propSet=[PropertySpec(type=vim.VirtualMachine, pathSet=list(_PROPERTIES))],
        objectSet=[ObjectSpec(obj=view, skip=True, selectSet=[through])],
    )
    try:
        for page in pages(session, spec, page_size=page_size):
            yield [_facts(row) for row in page if "name" in row.values]
    finally:
        # A view lives until the session ends; the session may be what has just failed.
        with contextlib.suppress(VSphereError, vmodl.MethodFault):
            view.DestroyView()


def _facts(row: Row) -> MachineFacts:
    values = row.values

    def text(name: str) -> str:
        return str(values.get(name) or "")

    def reference(name: str) -> str:
        return moid(values[name]) if values.get(name) is not None else ""

    devices = values.get("config.hardware.device", ())
    nics = values.get("guest.net", ())
    return MachineFacts(
        moid=row.moid,
        name=shown(text("name")),
        instance_uuid=text("config.instanceUuid"),
        bios_uuid=text("config.uuid"),
        guest_id=text("config.guestId"),
        guest_full_name=text("config.guestFullName"),
        host_name=text("guest.hostName"),
        ip_addresses=addresses_of(values.get("guest.ipAddress"), nics),
        power_state=text("runtime.powerState"),
        connection_state=text("runtime.connectionState"),
        cpu_count=int(values.get("config.hardware.numCPU", 0)),
        memory_mb=int(values.get("config.hardware.memoryMB", 0)),
        firmware=text("config.firmware"),
        secure_boot=bool(values.get("config.bootOptions.efiSecureBootEnabled", False)),
        encrypted=values.get("config.keyId") is not None,
        tools_status=text("guest.toolsRunningStatus"),
        is_template=bool(values.get("config.template", False)),
        disks=tuple(_disk(device) for device in devices if isinstance(device, vim.vm.device.VirtualDisk)),
        controllers=tuple(_controllers(devices)),
        adapters=tuple(
            _adapter(device, nics)
            for device in devices
            if isinstance(device, vim.vm.device.VirtualEthernetCard)
        ),
        snapshot_count=_count(values.get("snapshot.rootSnapshotList", ())),
        extra_config={
            name: str(option.value)
            for name in EXTRA_CONFIG_KEYS
            for option in values.get("config.extraConfig", ())
            if option.key.casefold() == name.casefold()
        },
        host_moid=reference("runtime.host"),
        folder_moid=reference("parent"),
        pool_moid=reference("resourcePool"),
        vapp_moid=reference("parentVApp"),
        datastore_moids=tuple(moid(store) for store in values.get("datastore", ())),
        network_moids=tuple(moid(network) for network in values.get("network", ())),
    )


def _disk(device: Any) -> DiskFacts:
    backing = device.backing
    kind: DiskBacking = next((kind for type_, kind in _BACKINGS if isinstance(backing, type_)), "other")
    mode = getattr(backing, "compatibilityMode", None)
    if isinstance(backing, vim.vm.device.VirtualDisk.RawDiskMappingVer1BackingInfo):
        kind = "rdm_physical" if mode == "physicalMode" else "rdm_virtual"
    datastore = getattr(backing, "datastore", None)
    return DiskFacts(
        key=device.key,
        label=_label(device),
        # Before vSphere 5.5 only the size in KB is told.
        capacity_bytes=int(device.capacityInBytes or device.capacityInKB * 1024),
        backing=kind,
        file_name=getattr(backing, "fileName", None) or "",
        datastore_moid="" if datastore is None else moid(datastore),
        disk_mode=getattr(backing, "diskMode", None) or "",
        sharing=getattr(backing, "sharing", None) or "",
        thin=getattr(backing, "thinProvisioned", None),
        controller_key=device.controllerKey or 0,
        unit_number=device.unitNumber or 0,
    )


def _controllers(devices: Any) -> Iterator[ControllerFacts]:
    for device in devices:
        kind = next((kind for type_, kind in _CONTROLLERS if isinstance(device, type_)), None)
        if kind is not None:
            yield ControllerFacts(
                key=device.key,
                kind=kind,
                bus_number=device.busNumber,
                shared_bus=getattr(device, "sharedBus", None) or "",
            )


def _adapter(device: Any, nics: Any) -> AdapterFacts:
    backing = device.backing
    network = getattr(backing, "network", None)
    port = getattr(backing, "port", None)
    reported = [nic for nic in nics if nic.deviceConfigId == device.key]
    return AdapterFacts(
        label=_label(device),
        kind=type(device)._wsdlName.removeprefix("Virtual").removesuffix("EthernetCard").casefold(),
        mac=device.macAddress or "",
        network_moid=moid(network) if network is not None else (port and port.portgroupKey) or "",
        connected=bool(device.connectable and device.connectable.connected),
        addresses=addresses_of(None, reported),
    )


def _label(device: Any) -> str:
    return str(device.deviceInfo.label) if device.deviceInfo else ""


def _count(snapshots: Any) -> int:
    return sum(1 + _count(snapshot.childSnapshotList) for snapshot in snapshots or ())
