"""What an OVF descriptor says about the machine that it describes: plain data that can be stored as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from lxml import etree

from wizard.text import Text, _
from wizard.vsphere.ovf_units import bytes_per_unit
from wizard.vsphere.ovf_xml import attribute, child, children, invalid, load_envelope, text_of

ControllerKind = Literal["ide", "scsi", "other"]

# Resource types of CIM_ResourceAllocationSettingData.
_CPU, _MEMORY, _ETHERNET, _DISK = "3", "4", "10", "17"
_CONTROLLERS: Mapping[str, ControllerKind] = {"5": "ide", "6": "scsi", "20": "other"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OvfFile:
    """A file of the References section. `size_bytes` is None where the descriptor is silent."""

    id: str
    href: str
    size_bytes: int | None
    compression: str
    chunk_size_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OvfDisk:
    """A virtual disk; `file_href` is empty for a blank one, `format` is for example `streamOptimized`."""

    id: str
    file_href: str
    capacity_bytes: int
    populated_bytes: int | None
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OvfAdapter:
    """A network adapter; `type` is spelled as in the descriptor, for example `VmxNet3`."""

    network: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OvfController:
    """A disk controller; `type` is spelled as in the descriptor, for example `lsilogicsas`."""

    kind: ControllerKind
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OvfProperty:
    """A value given at deployment; `key` is `class.key.instance`, as CreateImportSpec wants it.

    What was stored before `password` was read counts as none.
    """

    key: str
    label: str
    type: str
    default: str
    user_configurable: bool
    password: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OvfDeploymentOption:
    id: str
    label: str
    description: str
    default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OvfDescriptor:
    """One descriptor. The hardware is that of the first system, with its default deployment option."""

    name: str
    product: str
    vendor: str
    version: str
    annotation: str
    cpu_count: int
    memory_mb: int
    disks: tuple[OvfDisk, ...]
    files: tuple[OvfFile, ...]
    networks: tuple[str, ...]
    adapters: tuple[OvfAdapter, ...]
    controllers: tuple[OvfController, ...]
    guest_os: str
    guest_os_type: str
    hardware_version: str
    license_text: str
    properties: tuple[OvfProperty, ...]
    deployment_options: tuple[OvfDeploymentOption, ...]
    virtual_system_count: int

    @property
    def default_option(self) -> str:
        """The id of the deployment option that the template prefers; "" where it offers none."""
        return next((option.id for option in self.deployment_options if option.default), "")

    def to_json(self) -> dict[str, Any]:
        """Shape: the fields by name, nested ones as objects in lists."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        nested: dict[str, type[Any]] = {
            "disks": OvfDisk,
            "files": OvfFile,
            "adapters": OvfAdapter,
            "controllers": OvfController,
            "properties": OvfProperty,
            "deployment_options": OvfDeploymentOption,
        }
        values = dict(stored)
        for name, kind in nested.items():
            values[name] = tuple(kind(**item) for item in stored[name])
        values["networks"] = tuple(stored["networks"])
        return cls(**values)


def parse_descriptor(xml: bytes) -> OvfDescriptor:
    """Read an OVF 1.x or 2.x descriptor of at most 4 MiB.

    Raises OvaInvalid with reason `descriptor_too_large`, `entity`, `descriptor_invalid` or `ovf_version`.
    Several virtual systems are counted, not refused: whether they can be used is for the caller to say.
    """
    envelope = load_envelope(xml)
    systems = list(_systems(envelope))
    if not systems:
        raise invalid(Text(_("The OVF descriptor describes no virtual system.")))
    system = systems[0]
    product = next(
        (section for section in children(system, "ProductSection") if child(section, "Product") is not None),
        None,
    )
    options = tuple(_deployment_options(envelope))
    hardware = child(system, "VirtualHardwareSection")
    items = _effective_items(hardware, next((option.id for option in options if option.default), ""))
    files = tuple(_files(envelope))
    guest = child(system, "OperatingSystemSection")
    return OvfDescriptor(
        name=text_of(system, "Name") or attribute(system, "id"),
        product=text_of(product, "Product"),
        vendor=text_of(product, "Vendor"),
        version=text_of(product, "Version") or text_of(product, "FullVersion"),
        annotation=text_of(child(system, "AnnotationSection"), "Annotation"),
        cpu_count=sum(_quantity(item) for item in items if text_of(item, "ResourceType") == _CPU),
        memory_mb=sum(_memory_bytes(item) for item in items if text_of(item, "ResourceType") == _MEMORY)
        // 2**20,
        disks=tuple(_disks(envelope, {file.id: file.href for file in files})),
        files=files,
        networks=tuple(
            attribute(network, "name") for network in children(child(envelope, "NetworkSection"), "Network")
        ),
        adapters=tuple(
            OvfAdapter(network=text_of(item, "Connection"), type=text_of(item, "ResourceSubType"))
            for item in items
            if text_of(item, "ResourceType") == _ETHERNET
        ),
        controllers=tuple(
            OvfController(
                kind=_CONTROLLERS[text_of(item, "ResourceType")], type=text_of(item, "ResourceSubType")
            )
            for item in items
            if text_of(item, "ResourceType") in _CONTROLLERS
        ),
        guest_os=text_of(guest, "Description"),
        guest_os_type=attribute(guest, "osType"),
        hardware_version=text_of(child(hardware, "System"), "VirtualSystemType"),
        license_text="\n\n".join(text_of(eula, "License") for eula in children(system, "EulaSection")),
        properties=tuple(_properties(system)),
        deployment_options=options,
        virtual_system_count=len(systems),
    )


def _systems(element: etree._Element) -> Iterator[etree._Element]:
    for found in children(element, "VirtualSystem", "VirtualSystemCollection"):
        if etree.QName(found).localname == "VirtualSystem":
            yield found
        else:
            yield from _systems(found)


def _files(envelope: etree._Element) -> Iterator[OvfFile]:
    for file in children(child(envelope, "References"), "File"):
        yield OvfFile(
            id=attribute(file, "id"),
            href=attribute(file, "href"),
            size_bytes=_optional_number(file, "size"),
            compression=attribute(file, "compression"),
            chunk_size_bytes=_optional_number(file, "chunkSize"),
        )


def _disks(envelope: etree._Element, hrefs: Mapping[str, str]) -> Iterator[OvfDisk]:
    for disk in children(child(envelope, "DiskSection"), "Disk"):
        identity, reference = attribute(disk, "diskId"), attribute(disk, "fileRef")
        if reference and reference not in hrefs:
            raise invalid(
                Text(
                    _("Disk “%(disk)s” refers to the file “%(file)s”, which the descriptor does not list."),
                    disk=identity,
                    file=reference,
                )
            )
        capacity = _optional_number(disk, "capacity")
        if capacity is None:
            raise invalid(Text(_("Disk “%(disk)s” has no capacity."), disk=identity))
        yield OvfDisk(
            id=identity,
            file_href=hrefs.get(reference, ""),
            capacity_bytes=capacity * _unit_bytes(attribute(disk, "capacityAllocationUnits") or "byte"),
            populated_bytes=_optional_number(disk, "populatedSize"),
            format=attribute(disk, "format").rpartition("#")[2],
        )


def _deployment_options(envelope: etree._Element) -> Iterator[OvfDeploymentOption]:
    found = list(children(child(envelope, "DeploymentOptionSection"), "Configuration"))
    marked = [option for option in found if attribute(option, "default") in ("true", "1")]
    # OVF 1.1, 9.8: without a mark the first configuration is the default.
    default = next(iter(marked or found), None)
    for option in found:
        yield OvfDeploymentOption(
            id=attribute(option, "id"),
            label=text_of(option, "Label"),
            description=text_of(option, "Description"),
            default=option is default,
        )


def _effective_items(hardware: etree._Element | None, option: str) -> list[etree._Element]:
    """The hardware of one deployment option: its items replace the general ones of the same InstanceID.

    Items with a `bound` give the limits of a range, not hardware.
    """
    chosen: dict[str, etree._Element] = {}
    for item in children(hardware, "Item", "StorageItem", "EthernetPortItem"):
        configurations = attribute(item, "configuration").split()
        if attribute(item, "bound") or (configurations and option not in configurations):
            continue
        identity = text_of(item, "InstanceID")
        if identity not in chosen or configurations:
            chosen[identity] = item
    return list(chosen.values())


def _properties(system: etree._Element) -> Iterator[OvfProperty]:
    for product in children(system, "ProductSection"):
        for item in children(product, "Property"):
            key = (attribute(product, "class"), attribute(item, "key"), attribute(product, "instance"))
            yield OvfProperty(
                key=".".join(part for part in key if part),
                label=text_of(item, "Label"),
                type=attribute(item, "type"),
                default=attribute(item, "value"),
                user_configurable=attribute(item, "userConfigurable") in ("true", "1"),
                password=attribute(item, "password") in ("true", "1"),
            )


def _memory_bytes(item: etree._Element) -> int:
    return _quantity(item) * _unit_bytes(text_of(item, "AllocationUnits") or "byte * 2^20")


def _quantity(item: etree._Element) -> int:
    return _number(text_of(item, "VirtualQuantity"), "VirtualQuantity")


def _optional_number(element: etree._Element, name: str) -> int | None:
    written = attribute(element, name)
    return _number(written, name) if written else None


def _number(written: str, name: str) -> int:
    # isdecimal() alone would let other scripts' digits and endless ones through.
    if not (written.isascii() and written.isdecimal() and len(written) <= 20):
        raise invalid(
            Text(
                _("“%(name)s” is “%(found)s” in the OVF descriptor; a whole number was expected."),
                name=name,
                found=written[:60],
            )
        )
    return int(written)


def _unit_bytes(units: str) -> int:
    try:
        return bytes_per_unit(units)
    except ValueError:
        raise invalid(
            Text(_("“%(units)s” in the OVF descriptor is not a unit of bytes."), units=units[:60])
        ) from None
