"""From the XML of a virtual machine's properties to its facts. Only what is needed is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from wizard.vsphere.bulk_answer import NAMESPACE
from wizard.vsphere.bulk_properties import Content, is_true, type_of
from wizard.vsphere.guest_addresses import of_use
from wizard.vsphere.machines import (
    EXTRA_CONFIG_KEYS,
    AdapterFacts,
    ControllerFacts,
    ControllerKind,
    DiskBacking,
    DiskFacts,
    MachineFacts,
)
from wizard.vsphere.names import shown

MACHINE = "VirtualMachine"

_SINCE_6_5 = ("config.bootOptions.efiSecureBootEnabled", "config.keyId")
_ALWAYS = (
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

_CONTROLLERS: Mapping[str, ControllerKind] = {
    "ParaVirtualSCSIController": "pvscsi",
    "VirtualLsiLogicController": "lsilogic",
    "VirtualLsiLogicSASController": "lsilogic_sas",
    "VirtualBusLogicController": "buslogic",
    "VirtualNVMEController": "nvme",
    "VirtualAHCIController": "ahci",
    "VirtualIDEController": "ide",
    "VirtualUSBController": "usb",
    "VirtualUSBXHCIController": "usb",
    "VirtualSCSIController": "other",
    "VirtualSATAController": "other",
}
_ADAPTERS = {
    "VirtualVmxnet": "vmxnet",
    "VirtualVmxnet2": "vmxnet2",
    "VirtualVmxnet3": "vmxnet3",
    "VirtualVmxnet3Vrdma": "vmxnet3vrdma",
    "VirtualE1000": "e1000",
    "VirtualE1000e": "e1000e",
    "VirtualPCNet32": "pcnet32",
    "VirtualSriovEthernetCard": "sriov",
}
_BACKINGS: Mapping[str, DiskBacking] = {
    "VirtualDiskFlatVer1BackingInfo": "flat",
    "VirtualDiskFlatVer2BackingInfo": "flat",
    "VirtualDiskSeSparseBackingInfo": "sesparse",
}
_RAW_MAPPING = "VirtualDiskRawDiskMappingVer1BackingInfo"
_SETTINGS = {name.casefold(): name for name in EXTRA_CONFIG_KEYS}

# The children of an element by their names, without the namespace; of those that repeat, the last.
Fields = Mapping[str, etree._Element]


def machine_properties(api_version: str) -> tuple[str, ...]:
    """What to ask for. A server refuses the whole question for a property that it does not know."""
    return (*_ALWAYS, *_SINCE_6_5) if _is_at_least(api_version, 6, 5) else _ALWAYS


def machine_facts(content: Content) -> MachineFacts:
    """Raises ValueError where a number is none."""
    told = _addresses_by_device(content)
    disks: list[DiskFacts] = []
    controllers: list[ControllerFacts] = []
    adapters: list[AdapterFacts] = []
    for device in content.values.get("config.hardware.device", ()):
        kind = type_of(device)
        if kind == "VirtualDisk":
            disks.append(_disk(_fields(device)))
        elif kind in _CONTROLLERS:
            controllers.append(_controller(_CONTROLLERS[kind], _fields(device)))
        elif kind in _ADAPTERS:
            adapters.append(_adapter(_ADAPTERS[kind], _fields(device), told))
    return MachineFacts(
        moid=content.moid,
        name=shown(content.text("name")),
        instance_uuid=content.text("config.instanceUuid"),
        bios_uuid=content.text("config.uuid"),
        guest_id=content.text("config.guestId"),
        guest_full_name=content.text("config.guestFullName"),
        host_name=content.text("guest.hostName"),
        ip_addresses=of_use(
            [content.text("guest.ipAddress"), *(address for device in told.values() for address in device)]
        ),
        power_state=content.text("runtime.powerState"),
        connection_state=content.text("runtime.connectionState"),
        cpu_count=content.number("config.hardware.numCPU"),
        memory_mb=content.number("config.hardware.memoryMB"),
        firmware=content.text("config.firmware"),
        secure_boot=content.flag("config.bootOptions.efiSecureBootEnabled"),
        encrypted="config.keyId" in content.values,
        tools_status=content.text("guest.toolsRunningStatus"),
        is_template=content.flag("config.template"),
        disks=tuple(disks),
        controllers=tuple(controllers),
        adapters=tuple(adapters),
        snapshot_count=_count_snapshots(content),
        extra_config=dict(_extra_config(content)),
        host_moid=content.text("runtime.host"),
        folder_moid=content.text("parent"),
        pool_moid=content.text("resourcePool"),
        vapp_moid=content.text("parentVApp"),
        datastore_moids=content.texts("datastore"),
        network_moids=content.texts("network"),
    )


def _disk(device: Fields) -> DiskFacts:
    element = device.get("backing")
    backing = _fields(element)
    type_ = "" if element is None else type_of(element)
    kind: DiskBacking = _BACKINGS.get(type_, "other")
    if type_ == _RAW_MAPPING:
        kind = "rdm_physical" if _text(backing, "compatibilityMode") == "physicalMode" else "rdm_virtual"
    thin = backing.get("thinProvisioned")
    return DiskFacts(
        key=_number(device, "key"),
        label=_label(device),
        # Before vSphere 5.5 only the size in KB is told.
        capacity_bytes=_number(device, "capacityInBytes") or _number(device, "capacityInKB") * 1024,
        backing=kind,
        file_name=_text(backing, "fileName"),
        datastore_moid=_text(backing, "datastore"),
        disk_mode=_text(backing, "diskMode"),
        sharing=_text(backing, "sharing"),
        thin=None if thin is None else is_true(thin.text),
        controller_key=_number(device, "controllerKey"),
        unit_number=_number(device, "unitNumber"),
    )


def _controller(kind: ControllerKind, device: Fields) -> ControllerFacts:
    return ControllerFacts(
        key=_number(device, "key"),
        kind=kind,
        bus_number=_number(device, "busNumber"),
        shared_bus=_text(device, "sharedBus"),
    )


def _adapter(kind: str, device: Fields, told: Mapping[str, list[str]]) -> AdapterFacts:
    backing = _fields(device.get("backing"))
    return AdapterFacts(
        label=_label(device),
        kind=kind,
        mac=_text(device, "macAddress"),
        network_moid=_text(backing, "network") or _text(_fields(backing.get("port")), "portgroupKey"),
        connected=is_true(_text(_fields(device.get("connectable")), "connected")),
        addresses=of_use(told.get(_text(device, "key"), ())),
    )


def _addresses_by_device(content: Content) -> dict[str, list[str]]:
    """What the guest reports, by the key of the adapter; `-1` is a network card that vSphere does not know."""
    told: dict[str, list[str]] = {}
    for nic in content.values.get("guest.net", ()):
        addresses: list[str] = []
        key = ""
        for child in nic:
            if child.tag == _ADDRESS:
                addresses.append(child.text or "")
            elif child.tag == _DEVICE_KEY:
                key = child.text or ""
        told.setdefault(key, []).extend(addresses)
    return told


def _extra_config(content: Content) -> Iterator[tuple[str, str]]:
    for option in content.values.get("config.extraConfig", ()):
        # Key, then value; there may be some hundred of them.
        name = _SETTINGS.get((option[0].text or "").casefold())
        if name is not None:
            yield name, _text(_fields(option), "value")


def _count_snapshots(content: Content) -> int:
    roots = content.values.get("snapshot.rootSnapshotList")
    return 0 if roots is None else sum(1 for _snapshot in roots.iter(*_SNAPSHOTS))


_ADDRESS, _DEVICE_KEY = NAMESPACE + "ipAddress", NAMESPACE + "deviceConfigId"
_SNAPSHOTS = (NAMESPACE + "VirtualMachineSnapshotTree", NAMESPACE + "childSnapshotList")


def _fields(element: etree._Element | None) -> Fields:
    return {} if element is None else {child.tag[_PREFIX:]: child for child in element}


_PREFIX = len(NAMESPACE)


def _text(fields: Fields, name: str) -> str:
    element = fields.get(name)
    return "" if element is None else element.text or ""


def _number(fields: Fields, name: str) -> int:
    return int(_text(fields, name) or 0)


def _label(device: Fields) -> str:
    return _text(_fields(device.get("deviceInfo")), "label")


def _is_at_least(version: str, *wanted: int) -> bool:
    parts = [int(part) for part in version.split(".") if part.isdecimal()]
    return tuple(parts[: len(wanted)]) >= wanted
