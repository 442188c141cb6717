"""Reading the inventory: where a machine can be put, and whether a name is taken."""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

from typing import cast

from pyVmomi import vim
from pyVmomi.VmomiSupport import ManagedObject

from wizard.vsphere.collector import (
    FilterSpec,
    ObjectSpec,
    PropertySpec,
    SelectionSpec,
    TraversalSpec,
    moid,
    pages,
    type_name,
)
from wizard.vsphere.inventory_tree import assemble
from wizard.vsphere.names import escaped as escaped
from wizard.vsphere.placement import ComputeInfo as ComputeInfo
from wizard.vsphere.placement import DatacenterInfo as DatacenterInfo
from wizard.vsphere.placement import DatastoreInfo as DatastoreInfo
from wizard.vsphere.placement import FolderInfo as FolderInfo
from wizard.vsphere.placement import HostInfo as HostInfo
from wizard.vsphere.placement import NetworkInfo as NetworkInfo
from wizard.vsphere.placement import ObjectRef as ObjectRef
from wizard.vsphere.placement import PlacementInventory as PlacementInventory
from wizard.vsphere.session import Session

# Objects per round trip. Most vCenters fit into one page; a larger one costs a round trip per 5,000 objects,
# some 2 MB.
PAGE = 5000

# A type stands for its subtypes as well: clusters, storage pods, vApps, distributed port groups.
_PROPERTIES: dict[type[ManagedObject], tuple[str, ...]] = {
    vim.Folder: ("name", "parent"),
    vim.Datacenter: ("name", "parent", "vmFolder", "hostFolder", "datastoreFolder", "networkFolder"),
    vim.ComputeResource: ("name", "parent", "resourcePool"),
    vim.ResourcePool: ("name", "parent", "owner"),
    vim.HostSystem: (
        "name",
        "parent",
        "datastore",
        "network",
        "runtime.connectionState",
        "runtime.inMaintenanceMode",
        "runtime.powerState",
        "summary.hardware.numCpuCores",
        "summary.hardware.memorySize",
        "summary.config.product.apiVersion",
    ),
    vim.Datastore: (
        "name",
        "parent",
        "summary.type",
        "summary.capacity",
        "summary.freeSpace",
        "summary.accessible",
        "summary.maintenanceMode",
    ),
    vim.Network: ("name", "parent", "tag"),
    vim.VirtualMachine: ("name", "parent"),
}


def read_placement(session: Session) -> PlacementInventory:
    """All that a machine can be put into or on, for the whole vCenter, as far as the account may see it.

    The server walks its tree itself: one round trip, and one more for each further page of PAGE objects.
    """
    rows = [row for page in pages(session, _whole_tree(session), page_size=PAGE) for row in page]
    return assemble(rows)


def vm_exists(session: Session, datacenter: ObjectRef, folder: str, name: str) -> ObjectRef | None:
    """What bears `name` in the VM folder `folder` (a path as in FolderInfo): a machine, a folder or a vApp.

    One round trip.
    """
    place = "/".join(part for part in (folder, escaped(name)) if part)
    # Both vCenter and ESXi have an index.
    index = cast(vim.SearchIndex, session.content.searchIndex)
    found = index.FindByInventoryPath(f"{datacenter.path}/vm/{place}")
    if found is None:
        return None
    return ObjectRef(type=type_name(found), moid=moid(found), name=name, path=place)


_FOLDERS = ("vmFolder", "hostFolder", "datastoreFolder", "networkFolder")


def _whole_tree(session: Session) -> FilterSpec:
    steps = [
        _step("children", vim.Folder, "childEntity", "children", *_FOLDERS, "hosts", "root pool"),
        *(_step(path, vim.Datacenter, path, "children") for path in _FOLDERS),
        _step("hosts", vim.ComputeResource, "host"),
        _step("root pool", vim.ComputeResource, "resourcePool", "pools"),
        _step("pools", vim.ResourcePool, "resourcePool", "pools"),
    ]
    return FilterSpec(
        propSet=[PropertySpec(type=kind, pathSet=list(paths)) for kind, paths in _PROPERTIES.items()],
        objectSet=[ObjectSpec(obj=session.content.rootFolder, selectSet=steps)],
    )


def _step(name: str, kind: type[ManagedObject], path: str, *onward: str) -> TraversalSpec:
    return TraversalSpec(
        name=name, type=kind, path=path, skip=False, selectSet=[SelectionSpec(name=step) for step in onward]
    )
