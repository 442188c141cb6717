"""The OVF descriptor of the lab's synthetic template, in the shape of the classic ASR one (asr-facts 2.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

VERSION = "9.0.0.0 (lab)"
ANNOTATION = (
    "Synthetic template of the Foothold lab, for trying the setup wizard. It was not made by Microsoft, "
    "its disks hold noise, and nothing in it can run."
)
LICENSE = (
    "LAB LICENCE\n\n"
    "This template is a stand-in for the configuration server of Azure Site Recovery. It contains no software. "
    "You may import it as often as you like.\n\n"
    "1. The real template carries an evaluation licence of Windows Server 2016 that ends after 180 days.\n"
    "2. Do not connect anything that matters to a machine made from this template."
)
# key, label, description
PROPERTIES: tuple[tuple[str, str, str], ...] = (
    ("hostname", "Host name", "Computer name of at most 15 characters."),
    ("ip0", "IPv4 address", "Static address of the first network adapter."),
    ("netmask0", "Subnet mask", "Mask of the first network adapter."),
    ("gateway0", "Default gateway", "Router in the subnet of the first network adapter."),
    ("dns0", "DNS servers", "Addresses, separated by commas."),
    ("ntp0", "NTP servers", "Names or addresses, separated by commas."),
)

_OVF = "http://schemas.dmtf.org/ovf/envelope/1"
_RASD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
_VSSD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
_VMW = "http://www.vmware.com/schema/ovf"
_STREAM_OPTIMIZED = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"

_NAMES: dict[str | None, str] = {None: _OVF, "ovf": _OVF, "rasd": _RASD, "vssd": _VSSD, "vmw": _VMW}


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFile:
    """A disk of the template: name and length of its file, and the size that the disk will have."""

    name: str
    file_bytes: int
    capacity_gb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """The virtual machine to describe; with `systems` above 1 so many of them, in a collection."""

    name: str
    product: str
    cpus: int
    memory_mb: int
    adapter: str
    network: str
    license_text: str
    properties: bool
    systems: int


def descriptor(hardware: Hardware, disks: Sequence[DiskFile], *, doctype: str = "") -> bytes:
    """The descriptor as UTF-8 XML, with `doctype` in front where one is wanted."""
    systems = [_system(hardware, disks, number) for number in range(1, hardware.systems + 1)]
    if len(systems) > 1:
        collection = _ovf(
            "VirtualSystemCollection", _ovf("Info", "Several machines"), *systems, _id("collection")
        )
        systems = [collection]
    envelope = _ovf(
        "Envelope",
        _ovf("References", *_files(disks)),
        _ovf("DiskSection", _ovf("Info", "Virtual disks"), *_disks(disks)),
        _ovf(
            "NetworkSection",
            _ovf("Info", "Networks"),
            _ovf(
                "Network",
                _ovf("Description", "The network of the appliance"),
                _attributes(name=hardware.network),
            ),
        ),
        *systems,
    )
    body = etree.tostring(envelope, encoding="unicode", pretty_print=True)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}{body}'.encode()


def _files(disks: Sequence[DiskFile]) -> Iterator[etree._Element]:
    for number, disk in enumerate(disks, 1):
        yield _ovf("File", _attributes(id=f"file{number}", href=disk.name, size=str(disk.file_bytes)))


def _disks(disks: Sequence[DiskFile]) -> Iterator[etree._Element]:
    for number, disk in enumerate(disks, 1):
        yield _ovf(
            "Disk",
            _attributes(
                diskId=f"vmdisk{number}",
                fileRef=f"file{number}",
                capacity=str(disk.capacity_gb),
                capacityAllocationUnits="byte * 2^30",
                populatedSize=str(disk.file_bytes),
                format=_STREAM_OPTIMIZED,
            ),
        )


def _system(hardware: Hardware, disks: Sequence[DiskFile], number: int) -> etree._Element:
    name = hardware.name if number == 1 else f"{hardware.name}-{number}"
    system = _ovf(
        "VirtualSystem",
        _ovf("Info", "A virtual machine"),
        _ovf("Name", name),
        _ovf(
            "OperatingSystemSection",
            _ovf("Info", "The guest operating system"),
            _ovf("Description", "Microsoft Windows Server 2016 (64-bit)"),
            {f"{{{_OVF}}}id": "112", f"{{{_VMW}}}osType": "windows9Server64Guest"},
        ),
        _ovf(
            "VirtualHardwareSection",
            _ovf("Info", "Virtual hardware"),
            _ovf(
                "System",
                _vssd("ElementName", "Virtual Hardware Family"),
                _vssd("InstanceID", "0"),
                _vssd("VirtualSystemIdentifier", name),
                _vssd("VirtualSystemType", "vmx-13"),
            ),
            *_items(hardware, disks),
        ),
        _ovf("AnnotationSection", _ovf("Info", "Note"), _ovf("Annotation", ANNOTATION)),
        _product(hardware),
        _id(name),
    )
    if hardware.license_text:
        system.append(_ovf("EulaSection", _ovf("Info", "Licence"), _ovf("License", hardware.license_text)))
    return system


def _items(hardware: Hardware, disks: Sequence[DiskFile]) -> Iterator[etree._Element]:
    yield _item(
        AllocationUnits="hertz * 10^6",
        ElementName=f"{hardware.cpus} virtual CPUs",
        InstanceID="1",
        ResourceType="3",
        VirtualQuantity=str(hardware.cpus),
    )
    yield _item(
        AllocationUnits="byte * 2^20",
        ElementName=f"{hardware.memory_mb} MB of memory",
        InstanceID="2",
        ResourceType="4",
        VirtualQuantity=str(hardware.memory_mb),
    )
    yield _item(
        Address="0",
        ElementName="SCSI controller 0",
        InstanceID="3",
        ResourceSubType="lsilogicsas",
        ResourceType="6",
    )
    for number, _disk in enumerate(disks, 1):
        yield _item(
            AddressOnParent=str(number - 1),
            ElementName=f"Hard disk {number}",
            HostResource=f"ovf:/disk/vmdisk{number}",
            InstanceID=str(3 + number),
            Parent="3",
            ResourceType="17",
        )
    yield _item(
        AddressOnParent="7",
        AutomaticAllocation="true",
        Connection=hardware.network,
        ElementName="Network adapter 1",
        InstanceID=str(4 + len(disks)),
        ResourceSubType=hardware.adapter,
        ResourceType="10",
    )


def _item(**values: str) -> etree._Element:
    # The schema wants the elements in alphabetical order, which is the order they are given in.
    return _ovf("Item", *(_element(_RASD, name, value) for name, value in values.items()))


def _product(hardware: Hardware) -> etree._Element:
    section = _ovf(
        "ProductSection",
        _ovf("Info", "The product"),
        _ovf("Product", hardware.product),
        _ovf("Vendor", "Foothold lab"),
        _ovf("Version", VERSION),
    )
    if hardware.properties:
        section.append(_ovf("Category", "Identity"))
        for key, label, text in PROPERTIES:
            section.append(
                _ovf(
                    "Property",
                    _ovf("Label", label),
                    _ovf("Description", text),
                    _attributes(key=key, type="string", userConfigurable="true", value=""),
                )
            )
    return section


def _ovf(name: str, *content: str | Mapping[str, str] | etree._Element) -> etree._Element:
    return _element(_OVF, name, *content)


def _vssd(name: str, text: str) -> etree._Element:
    return _element(_VSSD, name, text)


def _element(namespace: str, name: str, *content: str | Mapping[str, str] | etree._Element) -> etree._Element:
    """An element with text, attributes and children, in whatever order they are given."""
    element = etree.Element(f"{{{namespace}}}{name}", nsmap=_NAMES)  # type: ignore[arg-type] # None is a key
    for part in content:
        if isinstance(part, str):
            element.text = part
        elif isinstance(part, Mapping):
            for key, value in part.items():
                element.set(key, value)
        else:
            element.append(part)
    return element


def _attributes(**values: str) -> dict[str, str]:
    return {f"{{{_OVF}}}{name}": value for name, value in values.items()}


def _id(value: str) -> dict[str, str]:
    return _attributes(id=value)
