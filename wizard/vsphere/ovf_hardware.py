"""The hardware section of an OVF descriptor, as one deployment option has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from wizard.vsphere.ovf_numbers import unit_bytes, whole_number
from wizard.vsphere.ovf_xml import attribute, children, text_of

ControllerKind = Literal["ide", "scsi", "other"]

# Resource types of CIM_ResourceAllocationSettingData.
_CPU, _MEMORY, _ETHERNET = "3", "4", "10"
_CONTROLLERS: Mapping[str, ControllerKind] = {"5": "ide", "6": "scsi", "20": "other"}


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
class Hardware:
    cpu_count: int
    memory_mb: int
    adapters: tuple[OvfAdapter, ...]
    controllers: tuple[OvfController, ...]


def hardware_of(section: etree._Element | None, option: str) -> Hardware:
    """The hardware with that deployment option, "" where there are none. Raises OvaInvalid."""
    items = _effective_items(section, option)
    kinds = [(text_of(item, "ResourceType"), item) for item in items]
    return Hardware(
        cpu_count=sum(_quantity(item) for kind, item in kinds if kind == _CPU),
        memory_mb=sum(_memory_bytes(item) for kind, item in kinds if kind == _MEMORY) // 2**20,
        adapters=tuple(
            OvfAdapter(network=text_of(item, "Connection"), type=text_of(item, "ResourceSubType"))
            for kind, item in kinds
            if kind == _ETHERNET
        ),
        controllers=tuple(
            OvfController(kind=_CONTROLLERS[kind], type=text_of(item, "ResourceSubType"))
            for kind, item in kinds
            if kind in _CONTROLLERS
        ),
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


def _memory_bytes(item: etree._Element) -> int:
    return _quantity(item) * unit_bytes(text_of(item, "AllocationUnits") or "byte * 2^20")


def _quantity(item: etree._Element) -> int:
    return whole_number(text_of(item, "VirtualQuantity"), "VirtualQuantity")
