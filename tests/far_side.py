"""What the tests' vCenter shows, and what is in their template."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wizard.vsphere.effective_rights import EffectiveRights, wanted
from wizard.vsphere.ovf import OvfDescriptor, OvfDisk
from wizard.vsphere.ovf_hardware import OvfAdapter
from wizard.vsphere.ovf_property import OvfProperty
from wizard.vsphere.placement import (
    ComputeInfo,
    DatacenterInfo,
    DatastoreInfo,
    FolderInfo,
    HostInfo,
    NetworkInfo,
    ObjectRef,
    PlacementInventory,
)

LICENCE = "Terms of the lab. <b>Not</b> a real licence."


def _ref(kind: str, name: str, path: str | None = None) -> ObjectRef:
    return ObjectRef(type=kind, moid=f"{kind}-{path or name}", name=name, path=name if path is None else path)


def inventory() -> PlacementInventory:
    """Two datacenters; in the first a datastore that is too small and a host in maintenance."""
    return PlacementInventory(datacenters=(_datacenter("DC0"), _datacenter("DC1")))


def _datacenter(name: str) -> DatacenterInfo:
    hosts = tuple(
        HostInfo(
            ref=_ref("HostSystem", f"{name}_H{number}"),
            connection_state="connected",
            in_maintenance=number == 2,
            power_state="poweredOn",
            cpu_cores=16,
            memory_gb=128,
            api_version="8.0.3",
            address=f"esx{number}.lab.test",
        )
        for number in range(3)
    )
    moids = tuple(host.ref.moid for host in hosts)
    stores = tuple(
        DatastoreInfo(
            ref=_ref("Datastore", store),
            type="VMFS",
            capacity_gb=8192,
            free_gb=free,
            accessible=True,
            maintenance_mode="normal",
            host_moids=moids,
        )
        for store, free in (("shared", 4000.0), ("tiny", 50.0))
    )
    networks = (NetworkInfo(ref=_ref("Network", "VM Network"), kind="standard", host_moids=moids),)
    common: dict[str, Any] = {
        "resource_pool_moid": "resgroup-1",
        "datastore_moids": tuple(store.ref.moid for store in stores),
        "network_moids": tuple(network.ref.moid for network in networks),
    }
    return DatacenterInfo(
        ref=_ref("Datacenter", name),
        folders=(FolderInfo(ref=_ref("Folder", "vm", "")), FolderInfo(ref=_ref("Folder", "Servers"))),
        compute=(
            ComputeInfo(
                ref=_ref("ClusterComputeResource", f"{name}_C0"), kind="cluster", hosts=hosts[:2], **common
            ),
            ComputeInfo(ref=_ref("HostSystem", f"{name}_H2"), kind="host", hosts=hosts[2:], **common),
        ),
        datastores=stores,
        networks=networks,
        vms=("old-cs",),
    )


def rights(**granted: frozenset[str]) -> EffectiveRights:
    """What the account has on the root, and on DC0 and DC1; unless said otherwise all of the full role there."""
    whole = frozenset(wanted(["full"]))
    root = ObjectRef(type="Folder", moid="group-d1", name="Datacenters", path="/")
    datacenters = [_ref("Datacenter", name, f"/{name}") for name in ("DC0", "DC1")]
    objects = (root, *(replace(item, moid=f"Datacenter-{item.name}") for item in datacenters))
    return EffectiveRights(
        objects=objects,
        granted={item.moid: granted.get(item.name, whole) for item in objects},
        known_count=300,
        unknown=frozenset(),
    )


def descriptor() -> OvfDescriptor:
    disks = tuple(
        OvfDisk(
            id=f"vmdisk{number}",
            file_href=f"disk{number}.vmdk",
            capacity_bytes=size * 2**30,
            populated_bytes=None,
            format="streamOptimized",
        )
        for number, size in enumerate((80, 600, 600), start=1)
    )
    return OvfDescriptor(
        name="asr-cs",
        product="Site Recovery configuration server",
        vendor="Lab",
        version="9.57",
        annotation="",
        cpu_count=8,
        memory_mb=16384,
        disks=disks,
        files=(),
        networks=("Network 1",),
        adapters=(OvfAdapter(network="Network 1", type="VmxNet3"),),
        controllers=(),
        guest_os="Microsoft Windows Server 2016 (64-bit)",
        guest_os_type="windows9Server64Guest",
        hardware_version="vmx-11",
        license_text=LICENCE,
        properties=(
            OvfProperty(
                key="site.name",
                label="Name of the site",
                type="string",
                default="lyon",
                user_configurable=True,
            ),
        ),
        deployment_options=(),
        virtual_system_count=1,
    )
