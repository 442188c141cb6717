"""The inventory as plain pyVmomi reads it, object by object: what the bulk reader must agree with."""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from pyVmomi import vim

from wizard.vsphere.collector import FilterSpec, Row, moid, pages
from wizard.vsphere.guest_addresses import addresses_of
from wizard.vsphere.inventory_spec import all_properties, create_view, in_view
from wizard.vsphere.machines import (
    EXTRA_CONFIG_KEYS,
    AdapterFacts,
    ControllerFacts,
    ControllerKind,
    DiskBacking,
    DiskFacts,
    InventoryObject,
    MachineFacts,
    ObjectType,
)
from wizard.vsphere.names import shown
from wizard.vsphere.object_elements import PROPERTIES
from wizard.vsphere.session import Session

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


def read_plainly(session: Session) -> tuple[dict[str, MachineFacts], dict[str, InventoryObject]]:
    """Machines and objects by their moids."""
    view = create_view(session)
    spec = FilterSpec(propSet=all_properties(session), objectSet=in_view(session, view))
    rows = [row for page in pages(session, spec, page_size=1000) for row in page]
    view.DestroyView()
    return (
        {row.moid: _facts(row) for row in rows if row.type == "VirtualMachine"},
        {row.moid: _object(row) for row in rows if row.type != "VirtualMachine"},
    )


def _object(row: Row) -> InventoryObject:
    type_ = cast("ObjectType", row.type)
    values = {path: row.values[path] for path in PROPERTIES[type_] if row.values.get(path) is not None}
    return InventoryObject(
        type=type_,
        moid=row.moid,
        name=shown(row.values["name"]),
        parent_moid=moid(row.values["parent"]) if row.values.get("parent") else "",
        values={path: _as_json(value) for path, value in values.items()},
    )


def _as_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    if isinstance(value, type):
        return cast("Any", value)._wsdlName
    return moid(value) if isinstance(value, vim.ManagedEntity) else value


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
