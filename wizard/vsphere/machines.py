"""The virtual machines of a vCenter, page by page, as the discovery shows them."""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from pyVmomi import vim, vmodl

from wizard.vsphere.collector import FilterSpec, ObjectSpec, PropertySpec, Row, TraversalSpec, moid, pages
from wizard.vsphere.errors import VSphereError
from wizard.vsphere.guest_addresses import addresses_of
from wizard.vsphere.inventory_tree import shown
from wizard.vsphere.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """One machine. Text that vCenter does not tell is "", numbers are 0.

    `disk_gb` is the sum of what its disks can hold, in GB of 2^30 bytes; `power_state` is `poweredOn`,
    `poweredOff` or `suspended`; `tools_status` is `guestToolsRunning`, `guestToolsNotRunning` or
    `guestToolsExecutingScripts`.
    """

    moid: str
    name: str
    instance_uuid: str
    bios_uuid: str
    guest_id: str
    guest_full_name: str
    power_state: str
    cpu_count: int
    memory_mb: int
    disk_count: int
    disk_gb: float
    firmware: str
    tools_status: str
    host_name: str
    ip_addresses: tuple[str, ...]
    is_template: bool
    host_moid: str


_PROPERTIES = (
    "name",
    "config.instanceUuid",
    "config.uuid",
    "config.guestId",
    "config.guestFullName",
    "config.firmware",
    "config.template",
    "config.hardware.numCPU",
    "config.hardware.memoryMB",
    "config.hardware.device",
    "guest.hostName",
    "guest.ipAddress",
    "guest.net",
    "guest.toolsRunningStatus",
    "runtime.host",
    "runtime.powerState",
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

    disks = [
        device
        for device in values.get("config.hardware.device", ())
        if isinstance(device, vim.vm.device.VirtualDisk)
    ]
    return MachineFacts(
        moid=row.moid,
        name=shown(text("name")),
        instance_uuid=text("config.instanceUuid"),
        bios_uuid=text("config.uuid"),
        guest_id=text("config.guestId"),
        guest_full_name=text("config.guestFullName"),
        power_state=text("runtime.powerState"),
        cpu_count=int(values.get("config.hardware.numCPU", 0)),
        memory_mb=int(values.get("config.hardware.memoryMB", 0)),
        disk_count=len(disks),
        disk_gb=round(sum(_bytes(disk) for disk in disks) / 2**30, 2),
        firmware=text("config.firmware"),
        tools_status=text("guest.toolsRunningStatus"),
        host_name=text("guest.hostName"),
        ip_addresses=addresses_of(values.get("guest.ipAddress"), values.get("guest.net", ())),
        is_template=bool(values.get("config.template", False)),
        host_moid=moid(values["runtime.host"]) if "runtime.host" in values else "",
    )


def _bytes(disk: Any) -> int:
    # Before vSphere 5.5 only the size in KB is told.
    return int(disk.capacityInBytes or disk.capacityInKB * 1024)
