"""What an OVF descriptor says about the machine that it describes: plain data that can be stored as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from lxml import etree

from wizard.text import Text, _
from wizard.vsphere.ovf_hardware import OvfAdapter, OvfController, hardware_of
from wizard.vsphere.ovf_numbers import optional_number, unit_bytes
from wizard.vsphere.ovf_property import OvfProperty, read_properties
from wizard.vsphere.ovf_xml import attribute, child, children, invalid, load_envelope, text_of

# The hardware is read for each; more than these are a trap.
_MOST_OPTIONS = 100


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
class OvfDeploymentOption:
    """A variant of the machine. The hardware is 0 where it was stored before it was read."""

    id: str
    label: str
    description: str
    default: bool
    cpu_count: int = 0
    memory_mb: int = 0


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
            "deployment_options": OvfDeploymentOption,
        }
        values = dict(stored)
        for name, kind in nested.items():
            values[name] = tuple(kind(**item) for item in stored[name])
        values["networks"] = tuple(stored["networks"])
        values["properties"] = tuple(map(OvfProperty.from_json, stored["properties"]))
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
    section = child(system, "VirtualHardwareSection")
    options = tuple(_deployment_options(envelope, section))
    hardware = hardware_of(section, next((option.id for option in options if option.default), ""))
    files = tuple(_files(envelope))
    guest = child(system, "OperatingSystemSection")
    return OvfDescriptor(
        name=text_of(system, "Name") or attribute(system, "id"),
        product=text_of(product, "Product"),
        vendor=text_of(product, "Vendor"),
        version=text_of(product, "Version") or text_of(product, "FullVersion"),
        annotation=text_of(child(system, "AnnotationSection"), "Annotation"),
        cpu_count=hardware.cpu_count,
        memory_mb=hardware.memory_mb,
        disks=tuple(_disks(envelope, {file.id: file.href for file in files})),
        files=files,
        networks=tuple(
            attribute(network, "name") for network in children(child(envelope, "NetworkSection"), "Network")
        ),
        adapters=hardware.adapters,
        controllers=hardware.controllers,
        guest_os=text_of(guest, "Description"),
        guest_os_type=attribute(guest, "osType"),
        hardware_version=text_of(child(section, "System"), "VirtualSystemType"),
        license_text="\n\n".join(text_of(eula, "License") for eula in children(system, "EulaSection")),
        properties=tuple(read_properties(system)),
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
            size_bytes=optional_number(file, "size"),
            compression=attribute(file, "compression"),
            chunk_size_bytes=optional_number(file, "chunkSize"),
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
        capacity = optional_number(disk, "capacity")
        if capacity is None:
            raise invalid(Text(_("Disk “%(disk)s” has no capacity."), disk=identity))
        yield OvfDisk(
            id=identity,
            file_href=hrefs.get(reference, ""),
            capacity_bytes=capacity * unit_bytes(attribute(disk, "capacityAllocationUnits") or "byte"),
            populated_bytes=optional_number(disk, "populatedSize"),
            format=attribute(disk, "format").rpartition("#")[2],
        )


def _deployment_options(
    envelope: etree._Element, section: etree._Element | None
) -> Iterator[OvfDeploymentOption]:
    found = list(children(child(envelope, "DeploymentOptionSection"), "Configuration"))
    if len(found) > _MOST_OPTIONS:
        raise invalid(
            Text(
                _("The OVF descriptor has %(found)d deployment options; at most %(limit)d are read."),
                found=len(found),
                limit=_MOST_OPTIONS,
            )
        )
    marked = [option for option in found if attribute(option, "default") in ("true", "1")]
    # OVF 1.1, 9.8: without a mark the first configuration is the default.
    default = next(iter(marked or found), None)
    for option in found:
        hardware = hardware_of(section, attribute(option, "id"))
        yield OvfDeploymentOption(
            id=attribute(option, "id"),
            label=text_of(option, "Label"),
            description=text_of(option, "Description"),
            default=option is default,
            cpu_count=hardware.cpu_count,
            memory_mb=hardware.memory_mb,
        )
