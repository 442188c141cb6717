"""From the flat rows that vCenter sends to datacenters with what belongs to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from wizard.vsphere.collector import Row, moid
from wizard.vsphere.names import shown
from wizard.vsphere.placement import (
    ComputeInfo,
    ComputeKind,
    DatacenterInfo,
    DatastoreInfo,
    FolderInfo,
    HostInfo,
    NetworkInfo,
    NetworkKind,
    ObjectRef,
    PlacementInventory,
)

_KINDS = ("vmFolder", "hostFolder", "datastoreFolder", "networkFolder")
_COMPUTE: dict[str, ComputeKind] = {"ClusterComputeResource": "cluster", "ComputeResource": "host"}
_NETWORKS: dict[str, NetworkKind] = {
    "Network": "standard",
    "DistributedVirtualPortgroup": "distributed",
    "OpaqueNetwork": "opaque",
}
_DATASTORE = "Datastore"
_STORAGE_POD = "StoragePod"
_VAPP = "VirtualApp"
_POOLS = ("ResourcePool", _VAPP)
_UPLINK_TAG = (
    "SYSTEM/DVS.UPLINKPG"  # how vSphere marks the port groups of a switch's uplinks; no machine goes there
)
_GB = 2**30


def assemble(rows: Iterable[Row]) -> PlacementInventory:
    """Put every row into its datacenter. Rows without a visible way up to a datacenter are left out."""
    tree = _Tree(rows)
    datacenters = [_datacenter(tree, row) for row in tree.of_type("Datacenter")]
    return PlacementInventory(datacenters=tuple(sorted(datacenters, key=lambda info: info.ref.path)))


class _Tree:
    """The rows by id, and the way from each up to its datacenter."""

    def __init__(self, rows: Iterable[Row]) -> None:
        # An object without a name is one that the account may not read.
        self.rows = {row.moid: row for row in rows if "name" in row.values}
        self._homes = {
            moid(row.values[kind]): (row.moid, kind)
            for row in self.of_type("Datacenter")
            for kind in _KINDS
            if kind in row.values
        }
        self._places: dict[tuple[str, str], list[tuple[Row, str]]] = defaultdict(list)
        for row in self.rows.values():
            place = self._place(row)
            if place is not None:
                datacenter, kind, path = place
                self._places[datacenter, kind].append((row, path))

    def of_type(self, *types: str) -> list[Row]:
        return [row for row in self.rows.values() if row.type in types]

    def below(self, datacenter: Row, kind: str) -> Iterator[tuple[Row, ObjectRef]]:
        """Everything in one of a datacenter's four folders, that folder first, in the order of the paths."""
        for row, path in sorted(self._places[datacenter.moid, kind], key=lambda place: place[1]):
            yield row, reference(row, path)

    def children(self, parent: Row, type_: str) -> list[Row]:
        return [row for row in self.of_type(type_) if _parent(row) == parent.moid]

    def path_from_root(self, row: Row) -> str:
        names: list[str] = []
        current: Row | None = row
        # The root folder itself has no parent, and no part in paths.
        while current is not None and (parent := _parent(current)) is not None:
            names.append(current.values["name"])
            current = self.rows.get(parent)
        return "/".join(reversed(names))

    def _place(self, row: Row) -> tuple[str, str, str] | None:
        names: list[str] = []
        current: Row | None = row
        while current is not None:
            home = self._homes.get(current.moid)
            if home is not None:
                return *home, "/".join(reversed(names))
            names.append(current.values["name"])
            parent = _parent(current)
            current = self.rows.get(parent) if parent is not None else None
        return None


def reference(row: Row, path: str) -> ObjectRef:
    return ObjectRef(type=row.type, moid=row.moid, name=shown(row.values["name"]), path=path)


def _datacenter(tree: _Tree, row: Row) -> DatacenterInfo:
    hosts = _hosts(tree, row)
    on_datastore, on_network = _who_reaches(tree, hosts, "datastore"), _who_reaches(tree, hosts, "network")
    in_vm_folder = list(tree.below(row, "vmFolder"))
    return DatacenterInfo(
        ref=reference(row, tree.path_from_root(row)),
        folders=tuple(FolderInfo(ref=ref) for item, ref in in_vm_folder if item.type == "Folder"),
        compute=tuple(_compute(tree, row, hosts)),
        datastores=tuple(
            _datastore(tree, item, ref, on_datastore[item.moid])
            for item, ref in tree.below(row, "datastoreFolder")
            if item.type == _DATASTORE
        ),
        networks=tuple(
            NetworkInfo(ref=ref, kind=_NETWORKS[item.type], host_moids=tuple(on_network[item.moid]))
            for item, ref in tree.below(row, "networkFolder")
            if item.type in _NETWORKS and not _is_uplink(item)
        ),
        vms=tuple(ref.path for item, ref in in_vm_folder if item.type == "VirtualMachine"),
    )


def _hosts(tree: _Tree, datacenter: Row) -> dict[str, HostInfo]:
    return {
        row.moid: _host(row, ref)
        for row, ref in tree.below(datacenter, "hostFolder")
        if row.type == "HostSystem"
    }


def _host(row: Row, ref: ObjectRef) -> HostInfo:
    values = row.values
    return HostInfo(
        ref=ref,
        connection_state=str(values.get("runtime.connectionState", "")),
        in_maintenance=bool(values.get("runtime.inMaintenanceMode", False)),
        power_state=str(values.get("runtime.powerState", "")),
        cpu_cores=int(values.get("summary.hardware.numCpuCores", 0)),
        memory_gb=_gb(values.get("summary.hardware.memorySize", 0)),
        api_version=str(values.get("summary.config.product.apiVersion", "")),
        address=ref.name,
    )


def _who_reaches(tree: _Tree, hosts: Iterable[str], what: str) -> dict[str, list[str]]:
    """Which hosts mount a datastore or carry a network, by its id: told by the hosts, as that is cheapest."""
    reaching: dict[str, list[str]] = defaultdict(list)
    for host in sorted(hosts):
        for target in tree.rows[host].values.get(what, ()):
            reaching[moid(target)].append(host)
    return reaching


def _compute(tree: _Tree, datacenter: Row, hosts: dict[str, HostInfo]) -> Iterator[ComputeInfo]:
    own_hosts: dict[str, list[str]] = defaultdict(list)
    for host in hosts:
        own_hosts[_parent(tree.rows[host]) or ""].append(host)
    for row, ref in tree.below(datacenter, "hostFolder"):
        if row.type in _COMPUTE and "resourcePool" in row.values:
            pool = moid(row.values["resourcePool"])
            yield _compute_info(tree, ref, _COMPUTE[row.type], own_hosts[row.moid], hosts, pool)
        elif row.type == "HostSystem":
            owner = tree.rows[_parent(row) or ""]
            # The only host of a ComputeResource is that resource; a host of a cluster can be chosen by
            # itself.
            if owner.type == "ClusterComputeResource" and "resourcePool" in owner.values:
                pool = moid(owner.values["resourcePool"])
                yield _compute_info(tree, ref, "host", [row.moid], hosts, pool)
        elif row.type in _POOLS and not _is_root_pool(tree, row):
            owner_moid = moid(row.values["owner"]) if "owner" in row.values else ""
            kind: ComputeKind = "vapp" if _in_vapp(tree, row) else "resource_pool"
            yield _compute_info(tree, ref, kind, own_hosts[owner_moid], hosts, row.moid)


def _compute_info(
    tree: _Tree, ref: ObjectRef, kind: ComputeKind, own: Sequence[str], hosts: dict[str, HostInfo], pool: str
) -> ComputeInfo:
    return ComputeInfo(
        ref=ref,
        kind=kind,
        hosts=tuple(hosts[host] for host in own),
        resource_pool_moid=pool,
        datastore_moids=_reached(tree, own, "datastore"),
        network_moids=_reached(tree, own, "network"),
    )


def _reached(tree: _Tree, hosts: Iterable[str], what: str) -> tuple[str, ...]:
    return tuple(sorted({moid(target) for host in hosts for target in tree.rows[host].values.get(what, ())}))


def _in_vapp(tree: _Tree, row: Row) -> bool:
    """Whether a pool is a vApp or stands in one: what is put there belongs to the vApp, and to no folder."""
    current: Row | None = row
    while current is not None and current.type in _POOLS:
        if current.type == _VAPP:
            return True
        current = tree.rows.get(_parent(current) or "")
    return False


def _is_root_pool(tree: _Tree, row: Row) -> bool:
    parent = tree.rows.get(_parent(row) or "")
    return parent is not None and parent.type in _COMPUTE


def _datastore(tree: _Tree, row: Row, ref: ObjectRef, host_moids: Sequence[str]) -> DatastoreInfo:
    values = row.values
    above = tree.rows.get(_parent(row) or "")
    return DatastoreInfo(
        ref=ref,
        type=str(values.get("summary.type", "")),
        capacity_gb=_gb(values.get("summary.capacity", 0)),
        free_gb=_gb(values.get("summary.freeSpace", 0)),
        accessible=bool(values.get("summary.accessible", False)),
        maintenance_mode=str(values.get("summary.maintenanceMode", "normal")),
        host_moids=tuple(host_moids),
        cluster=shown(above.values["name"]) if above is not None and above.type == _STORAGE_POD else "",
    )


def _is_uplink(row: Row) -> bool:
    return any(tag.key == _UPLINK_TAG for tag in row.values.get("tag", ()))


def _parent(row: Row) -> str | None:
    parent = row.values.get("parent")
    return moid(parent) if parent is not None else None


def _gb(count: Any) -> float:
    return round(int(count) / _GB, 2)
