"""A recorded plan in sections that a person reads before approving it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from wizard.journey.placement import readable
from wizard.models import DeploymentPlan
from wizard.text import Text, _, verbatim
from wizard.vsphere.rights import PRIVILEGE_NAMES

_HIDDEN: Final = "pbkdf2-sha256:"
_DISK_FORMATS: Final[Mapping[str, str]] = {
    "eagerZeroedThick": _("Thick Provision Eager Zeroed"),
    "thick": _("Thick Provision Lazy Zeroed"),
    "thin": _("Thin Provision"),
}
# What the vSphere API names them by, without "Virtual"; words that the vSphere Client uses, too.
_DEVICES: Final[Mapping[str, str]] = {
    "LsiLogicController": "LSI Logic Parallel",
    "LsiLogicSASController": "LSI Logic SAS",
    "BusLogicController": "BusLogic",
    "NVMEController": "NVMe",
    "AHCIController": "SATA",
    "IDEController": "IDE",
    "Vmxnet3": "VMXNET 3",
    "E1000": "E1000",
    "E1000e": "E1000e",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fact, or several of a kind; `values` are words."""

    label: Text
    values: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`id` is the name of a part of the record, or "hardware", which is read out of the import specification."""

    id: str
    title: Text
    rows: tuple[Row, ...]


def sections(plan: DeploymentPlan) -> tuple[Section, ...]:
    """Everything in the record but the specification word by word, in the order in which it is checked by eye.

    A password property is named, never shown, not even its digest.
    """
    parts = plan.record["parts"]
    return (
        Section(id="template", title=Text(_("Template")), rows=tuple(_template(parts["template"]))),
        Section(id="placement", title=Text(_("Where")), rows=tuple(_placement(parts))),
        Section(id="networks", title=Text(_("Networks")), rows=_networks(parts["networks"])),
        Section(id="properties", title=Text(_("Properties")), rows=_properties(parts["properties"])),
        Section(id="hardware", title=Text(_("Hardware and disks")), rows=tuple(_hardware(parts["spec"]))),
        Section(
            id="privileges", title=Text(_("Privileges used")), rows=tuple(_privileges(parts["privileges"]))
        ),
        Section(id="warnings", title=Text(_("vCenter's warnings")), rows=_warnings(parts["warnings"])),
    )


def _row(label: str, *values: object) -> Row:
    words = (
        value if isinstance(value, Text) else verbatim(value) for value in values if value not in ("", None)
    )
    return Row(label=Text(label), values=tuple(words))


def _template(part: Mapping[str, Any]) -> Iterator[Row]:
    yield _row(_("File"), part["name"])
    yield _row(_("Product"), " ".join(word for word in (part["product"], part["version"]) if word))
    yield _row(_("Size of its files"), _gigabytes(sum(part["files"].values())))
    yield _row(_("Digest of its content"), part["content"])
    yield _row(_("Signed by certificate"), part["signer"] or Text(_("Not signed")))


def _placement(parts: Mapping[str, Any]) -> Iterator[Row]:
    part = parts["placement"]
    yield _row(_("Virtual machine"), part["vm_name"])
    yield _row(_("vCenter"), parts["vcenter"]["address"], parts["vcenter"]["instance_uuid"])
    yield _row(_("Datacenter"), *_object(part["datacenter"]))
    folder = part["folder"]
    yield _row(_("Folder"), *(_object(folder) if folder["path"] else (Text(_("Top of the datacenter")),)))
    yield _row(_("Cluster, host or resource pool"), *_object(part["compute"]))
    if part["host"]:
        yield _row(_("Host"), *_object(part["host"]))
    yield _row(_("Datastore"), *_object(part["datastore"]))
    known = _DISK_FORMATS.get(part["disk_provisioning"])
    yield _row(_("Disk format"), Text(known) if known else part["disk_provisioning"])
    if part["deployment_option"]:
        yield _row(_("Deployment option"), part["deployment_option"])


def _networks(part: Mapping[str, Any]) -> tuple[Row, ...]:
    return tuple(
        Row(label=verbatim(name), values=tuple(map(verbatim, _object(found)))) for name, found in part.items()
    )


def _properties(part: Mapping[str, str]) -> tuple[Row, ...]:
    return tuple(
        Row(
            label=verbatim(key),
            values=(Text(_("kept secret")) if value.startswith(_HIDDEN) else verbatim(value),),
        )
        for key, value in part.items()
    )


def _hardware(spec: Mapping[str, Any]) -> Iterator[Row]:
    machine = spec.get("configSpec", {})
    yield _row(_("Processors"), machine.get("numCPUs"))
    if "memoryMB" in machine:
        yield _row(_("Memory"), _gigabytes(machine["memoryMB"] * 2**20))
    yield _row(_("Hardware version"), machine.get("version"))
    yield _row(_("Guest operating system"), machine.get("guestId"))
    devices = [change["device"] for change in machine.get("deviceChange", ()) if "device" in change]
    disks = [device for device in devices if device["_type"] == "VirtualDisk"]
    yield Row(
        label=Text(_("Disks")), values=tuple(_disk(disk, number) for number, disk in enumerate(disks, 1))
    )
    others = [_kind(device) for device in devices if device["_type"] != "VirtualDisk"]
    yield _row(_("Further devices"), *others)


def _disk(device: Mapping[str, Any], number: int) -> Text:
    label = device.get("deviceInfo", {}).get("label") or str(number)
    size = device.get("capacityInBytes") or device.get("capacityInKB", 0) * 1024
    return verbatim(f"{label}: {_gigabytes(size)}")


def _kind(device: Mapping[str, Any]) -> str:
    kind = str(device["_type"]).removeprefix("Virtual")
    return _DEVICES.get(kind, kind)


def _privileges(part: Mapping[str, Any]) -> Iterator[Row]:
    yield _row(_("Account"), part["account"])
    used = (f"{PRIVILEGE_NAMES[name]} ({name})" if name in PRIVILEGE_NAMES else name for name in part["used"])
    yield _row(_("Privileges"), *used)


def _warnings(part: list[str]) -> tuple[Row, ...]:
    return (_row(_("On importing"), *part),) if part else ()


def _object(found: Mapping[str, str]) -> tuple[str, str]:
    """The path as in the vSphere Client, and the id by which the object stays the same under another name."""
    return readable(found["path"] or found["name"]), found["moid"]


def _gigabytes(size: int) -> str:
    if size < 2**30:
        return f"{size / 2**20:.0f} MB"
    found = size / 2**30
    return f"{found:.0f} GB" if found >= 100 or found.is_integer() else f"{found:.1f} GB"
