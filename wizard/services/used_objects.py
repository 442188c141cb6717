"""The objects of a vCenter that a deployment uses, among those that its account sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from wizard.vsphere.errors import Ambiguous, NotFound
from wizard.vsphere.placement import DatacenterInfo, ObjectRef, PlacementInventory


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedObjects:
    """`objects` with paths from the root of the inventory, datacenters first.

    `unseen` are names of what the placement chose and the account does not see: it is gone, or hidden from the account.
    `no_import` are the ids of datacenters into which nothing is deployed.
    """

    objects: tuple[ObjectRef, ...]
    unseen: tuple[str, ...]
    no_import: frozenset[str]


def used_objects(inventory: PlacementInventory, placement: Mapping[str, Any] | None) -> UsedObjects:
    """Every datacenter, as any of them may hold machines to protect, and what `placement` (the step's answers) chose."""
    found = [replace(item.ref, path=_path(item.ref.path)) for item in inventory.datacenters]
    unseen: list[str] = []
    no_import: frozenset[str] = frozenset()
    if placement is not None:
        try:
            datacenter = inventory.datacenter(placement["datacenter"])
        except (NotFound, Ambiguous):
            unseen.append(placement["datacenter"])
        else:
            no_import = frozenset(item.moid for item in found if item.moid != datacenter.ref.moid)
            for kind, name, find in _parts(datacenter, placement):
                try:
                    ref = find(name)
                except (NotFound, Ambiguous):
                    unseen.append(name)
                else:
                    found.append(replace(ref, path=_path(datacenter.ref.path, kind, ref.path)))
    return UsedObjects(objects=tuple(found), unseen=tuple(unseen), no_import=no_import)


def _parts(
    datacenter: DatacenterInfo, placement: Mapping[str, Any]
) -> tuple[tuple[str, str, Callable[[str], ObjectRef]], ...]:
    """The folder of a datacenter in which each part lies, the name that was chosen, and how it is found."""
    return (
        ("vm", placement["folder"], lambda name: datacenter.find_folder(name).ref),
        ("host", placement["compute"], lambda name: datacenter.find_compute(name).ref),
        ("datastore", placement["datastore"], lambda name: datacenter.find_datastore(name).ref),
        ("network", placement["network"], lambda name: datacenter.find_network(name).ref),
    )


def _path(*parts: str) -> str:
    return "/" + "/".join(part for part in parts if part)
