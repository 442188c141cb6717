"""Where in vSphere a virtual machine can be put: the inventory as plain data, found by name.

Paths are those of vSphere's inventory, in which a `/` within a name is written `%2f`. They are relative to
the folder of their kind (`vm`, `host`, `datastore`, `network`) of their datacenter; a datacenter's own path
starts at the root.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, Protocol, Self, TypeVar

from wizard.text import Text, _
from wizard.vsphere.errors import Ambiguous, NotFound
from wizard.vsphere.names import shown, shown_path

ComputeKind = Literal["cluster", "host", "resource_pool", "vapp"]
NetworkKind = Literal["standard", "distributed", "opaque"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRef:
    """One object: vSphere's type name and id, its name as people know it, its path."""

    type: str
    moid: str
    name: str
    path: str

    def to_json(self) -> dict[str, Any]:
        """Shape: `{"type", "moid", "name", "path"}`."""
        return _fields(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderInfo:
    """A folder for virtual machines; the top one has the path ""."""

    ref: ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class HostInfo:
    """An ESXi host. `address` is what vCenter knows it by, a name or an address; uploads go there.

    `connection_state` is `connected`, `disconnected` or `notResponding`; `memory_gb` counts 2^30 bytes; what
    vCenter does not tell of a disconnected host is "" or 0.
    """

    ref: ObjectRef
    connection_state: str
    in_maintenance: bool
    power_state: str
    cpu_cores: int
    memory_gb: float
    api_version: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeInfo:
    """Something that runs machines.

    `hosts` are those that may run one; the moids are what at least one of them reaches. For a single host of
    a cluster `ref` is the host and the resource pool is the cluster's, so an import has to name the host,
    too. A "vapp" is a vApp or a pool in one: listed, so that people find it, but no place for an import.
    """

    ref: ObjectRef
    kind: ComputeKind
    hosts: tuple[HostInfo, ...]
    resource_pool_moid: str
    datastore_moids: tuple[str, ...]
    network_moids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatastoreInfo:
    """Sizes in GB of 2^30 bytes; `maintenance_mode` is `normal`, `enteringMaintenance` or `inMaintenance`.

    `cluster` is the name of the datastore cluster that it is part of, or "".
    """

    ref: ObjectRef
    type: str
    capacity_gb: float
    free_gb: float
    accessible: bool
    maintenance_mode: str
    host_moids: tuple[str, ...]
    cluster: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkInfo:
    ref: ObjectRef
    kind: NetworkKind
    host_moids: tuple[str, ...]


class _Named(Protocol):
    @property
    def ref(self) -> ObjectRef: ...


Info = TypeVar("Info", bound=_Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatacenterInfo:
    """Everything to choose from in one datacenter; `vms` are the paths of its machines, other than those in vApps."""

    ref: ObjectRef
    folders: tuple[FolderInfo, ...]
    compute: tuple[ComputeInfo, ...]
    datastores: tuple[DatastoreInfo, ...]
    networks: tuple[NetworkInfo, ...]
    vms: tuple[str, ...]

    def find_folder(self, name: str) -> FolderInfo:
        """By path, else by name; "" is the top. Raises NotFound or Ambiguous, which name what there is."""
        return _find(
            self.folders, name, _("The folder “%(name)s” is not in datacenter %(datacenter)s."), self
        )

    def find_compute(self, name: str) -> ComputeInfo:
        """By path, else by bare name. Raises NotFound or Ambiguous, which name what there is.

        A vApp is not found: an import into one would need another call, and would end in no folder.
        """
        return _find(
            [info for info in self.compute if info.kind != "vapp"],
            name,
            _("The cluster, host or resource pool “%(name)s” is not in datacenter %(datacenter)s."),
            self,
        )

    def find_datastore(self, name: str) -> DatastoreInfo:
        """By path, else by bare name. Raises NotFound or Ambiguous, which name what there is."""
        return _find(
            self.datastores, name, _("The datastore “%(name)s” is not in datacenter %(datacenter)s."), self
        )

    def find_network(self, name: str) -> NetworkInfo:
        """By path, else by bare name. Raises NotFound or Ambiguous, which name what there is."""
        return _find(
            self.networks, name, _("The network “%(name)s” is not in datacenter %(datacenter)s."), self
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementInventory:
    datacenters: tuple[DatacenterInfo, ...]

    def datacenter(self, name: str) -> DatacenterInfo:
        """By path, else by bare name. Raises NotFound or Ambiguous, which name what there is."""
        return _find(self.datacenters, name, _("The datacenter “%(name)s” is not in this vCenter."), None)

    def to_json(self) -> dict[str, Any]:
        """Shape: `{"datacenters": [...]}`; every part has the fields of its class under their own names."""
        return _fields(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(datacenters=tuple(_datacenter(item) for item in stored["datacenters"]))


def _find(infos: Sequence[Info], name: str, not_there: str, datacenter: DatacenterInfo | None) -> Info:
    by_path = [info for info in infos if info.ref.path == name]
    if len(by_path) == 1:
        return by_path[0]
    # A path as a page shows it, or as somebody types it, has no escapes.
    by_name = [
        info
        for info in infos
        if name and name in (info.ref.name, shown(info.ref.path), shown_path(info.ref.path))
    ]
    if len(by_name) == 1:
        return by_name[0]
    if by_name:
        raise Ambiguous(
            Text(_("“%(name)s” is the name of several objects."), name=name),
            remedy=Text(
                _("Give one of these paths: %(paths)s."), paths=_some(info.ref.path for info in by_name)
            ),
        )
    where = {"datacenter": datacenter.ref.name} if datacenter else {}
    raise NotFound(
        Text(not_there, name=name, **where),
        remedy=Text(
            _("Choose one of: %(paths)s. If it should be there, check that the account may see it."),
            paths=_some(info.ref.path or "/" for info in infos) or "–",
        ),
    )


_MOST_NAMES = 20  # in one message


def _some(paths: Iterable[str]) -> list[str]:
    ordered = sorted(paths)
    return ordered if len(ordered) <= _MOST_NAMES else [*ordered[:_MOST_NAMES], "…"]


def _fields(info: Any) -> dict[str, Any]:
    return {item.name: _plain(getattr(info, item.name)) for item in fields(info)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _datacenter(stored: Mapping[str, Any]) -> DatacenterInfo:
    return DatacenterInfo(
        ref=ObjectRef.from_json(stored["ref"]),
        folders=tuple(FolderInfo(ref=ObjectRef.from_json(item["ref"])) for item in stored["folders"]),
        compute=tuple(_compute(item) for item in stored["compute"]),
        datastores=tuple(DatastoreInfo(**_restored(item)) for item in stored["datastores"]),
        networks=tuple(NetworkInfo(**_restored(item)) for item in stored["networks"]),
        vms=tuple(stored["vms"]),
    )


def _compute(stored: Mapping[str, Any]) -> ComputeInfo:
    values = _restored(stored)
    return ComputeInfo(**{**values, "hosts": tuple(HostInfo(**_restored(item)) for item in stored["hosts"])})


def _restored(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one part, its lists as tuples and its reference as an ObjectRef."""
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
    return {**values, "ref": ObjectRef.from_json(stored["ref"])}
