"""From the XML of what is around the machines to plain values: places, hosts, datastores, networks, pools."""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from lxml import etree
from pyVmomi import vim
from pyVmomi.VmomiSupport import ManagedObject

from wizard.vsphere.bulk_properties import Content, is_true
from wizard.vsphere.machines import InventoryObject, ObjectType
from wizard.vsphere.names import shown

Form = Literal["text", "number", "flag", "texts"]

_EVERY = ("name", "parent")
_COMPUTE: Mapping[str, Form] = {
    "host": "texts",
    "datastore": "texts",
    "network": "texts",
    "resourcePool": "text",
    "summary.overallStatus": "text",
}
_NETWORK: Mapping[str, Form] = {"summary.accessible": "flag"}

# The values that are kept for each type, by their property paths. References are moids.
PROPERTIES: Mapping[ObjectType, Mapping[str, Form]] = {
    "Folder": {"childType": "texts"},
    "Datacenter": {
        "vmFolder": "text",
        "hostFolder": "text",
        "datastoreFolder": "text",
        "networkFolder": "text",
    },
    "ComputeResource": _COMPUTE,
    "ClusterComputeResource": {
        **_COMPUTE,
        "configuration.dasConfig.enabled": "flag",
        "configuration.drsConfig.enabled": "flag",
    },
    "HostSystem": {
        "runtime.connectionState": "text",
        "runtime.powerState": "text",
        "runtime.inMaintenanceMode": "flag",
        "summary.hardware.numCpuCores": "number",
        "summary.hardware.memorySize": "number",
        "summary.config.product.version": "text",
        "summary.config.product.build": "text",
        "datastore": "texts",
        "network": "texts",
    },
    "Datastore": {
        "summary.type": "text",
        "summary.capacity": "number",
        "summary.freeSpace": "number",
        "summary.accessible": "flag",
        "summary.maintenanceMode": "text",
        "summary.multipleHostAccess": "flag",
    },
    "StoragePod": {"summary.capacity": "number", "summary.freeSpace": "number"},
    "Network": _NETWORK,
    "DistributedVirtualPortgroup": {**_NETWORK, "config.distributedVirtualSwitch": "text"},
    "OpaqueNetwork": _NETWORK,
    "ResourcePool": {"owner": "text"},
    "VirtualApp": {"owner": "text", "parentFolder": "text"},
}

TYPES: Mapping[ObjectType, type[ManagedObject]] = {
    "Folder": vim.Folder,
    "Datacenter": vim.Datacenter,
    "ComputeResource": vim.ComputeResource,
    "ClusterComputeResource": vim.ClusterComputeResource,
    "HostSystem": vim.HostSystem,
    "Datastore": vim.Datastore,
    "StoragePod": vim.StoragePod,
    "Network": vim.Network,
    "DistributedVirtualPortgroup": vim.dvs.DistributedVirtualPortgroup,
    "OpaqueNetwork": vim.OpaqueNetwork,
    "ResourcePool": vim.ResourcePool,
    "VirtualApp": vim.VirtualApp,
}


def object_properties(type_: ObjectType) -> tuple[str, ...]:
    return (*_EVERY, *PROPERTIES[type_])


def inventory_object(content: Content) -> InventoryObject:
    """Raises KeyError for a type that nobody asked for, ValueError where a number is none."""
    type_ = cast("ObjectType", content.type)
    forms = PROPERTIES[type_]
    return InventoryObject(
        type=type_,
        moid=content.moid,
        name=shown(content.text("name")),
        parent_moid=content.text("parent"),
        values={
            path: _value(content.values[path], form) for path, form in forms.items() if path in content.values
        },
    )


def _value(element: etree._Element, form: Form) -> Any:
    if form == "texts":
        return [item.text or "" for item in element]
    text = element.text or ""
    if form == "flag":
        return is_true(text)
    return int(text) if form == "number" else text
