"""The machines that replicate, one by one, from the documents of a vault (arm-site-recovery 2.5), and how they move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal, Self

Way = Literal["reassociate", "update_appliance"]

BATCH: Final = 20
"""How many machines one job of the vault moves."""

# What replicates to Azure; what comes home stays where it is until it is home.
_WAYS: Final[Mapping[str, Way]] = {"inmageazurev2": "reassociate", "inmagercm": "update_appliance"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedMachine:
    """`id` is the last part of its protectable item's id, `item` its protected item; `server` is upper-cased.

    `group` is its replication group, `run_as_account` the account of a modernized one; "" for none.
    """

    id: str
    item: str
    name: str
    server: str
    fabric: str
    container: str
    way: Way
    group: str = ""
    run_as_account: str = ""

    @property
    def key(self) -> str:
        """Names it among all machines of its vault: two fabrics may know the same machine."""
        return f"{self.fabric}/{self.id}".lower()

    @property
    def held(self) -> bool:
        """Whether it cannot be moved: another appliance needs the account with which to sign in to it."""
        return self.way == "update_appliance" and not self.run_as_account


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOrder:
    """One machine to be moved, with all that the vault has to be told. `source` and `target` are ids as the vault spells them."""

    machine: str
    name: str
    item: str
    fabric: str
    container: str
    way: Way
    source: str
    target: str
    group: str = ""
    run_as_account: str = ""

    @property
    def key(self) -> str:
        """That of its machine."""
        return f"{self.fabric}/{self.machine}".lower()

    def back(self) -> Self:
        """The order that undoes it."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return type(self)(**fields | {"source": self.target, "target": self.source})

    def to_json(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__slots__}


def read_machines(documents: Mapping[str, Any]) -> tuple[ProtectedMachine, ...]:
    """Those that replicate to Azure through a server, by name; whatever the documents hold, it does not raise."""
    found: dict[str, ProtectedMachine] = {}
    for item in _mappings(documents.get("protected_items")):
        if machine := _machine(item):
            found.setdefault(machine.key, machine)
    return tuple(sorted(found.values(), key=lambda machine: (machine.name.casefold(), machine.id)))


def batches(orders: Sequence[MoveOrder]) -> tuple[tuple[MoveOrder, ...], ...]:
    """What one job moves each: between the same two servers, at most BATCH machines, no replication group torn apart.

    A group of more than BATCH has a job of its own; a modernized machine always has one.
    """
    lanes: dict[tuple[str, ...], dict[str, list[MoveOrder]]] = {}
    for order in orders:
        lane: tuple[str, ...] = (
            order.way,
            order.fabric,
            order.container,
            order.source.upper(),
            order.target.upper(),
        )
        if order.way == "update_appliance":
            lane = (*lane, order.machine)
        # An id never begins with a blank, so a machine alone is never taken for a group.
        lanes.setdefault(lane, {}).setdefault(order.group or f" {order.machine}", []).append(order)
    made: list[tuple[MoveOrder, ...]] = []
    for groups in lanes.values():
        batch: list[MoveOrder] = []
        for members in groups.values():
            if batch and len(batch) + len(members) > BATCH:
                made.append(tuple(batch))
                batch = []
            batch += members
        made.append(tuple(batch))
    return tuple(made)


def _machine(item: Mapping[str, Any]) -> ProtectedMachine | None:
    properties = _mapping(item.get("properties"))
    details = _mapping(properties.get("providerSpecificDetails"))
    way = _WAYS.get(_text(details.get("instanceType")).casefold())
    place = dict(_pairs(_text(item.get("id"))))
    protectable = _text(properties.get("protectableItemId")).rpartition("/")[2]
    name = _text(item.get("name"))
    machine = protectable or name
    server = _text(details.get("processServerId")).upper()
    if way is None or not machine or not server:
        return None
    return ProtectedMachine(
        id=machine,
        item=name,
        name=_text(properties.get("friendlyName")) or name or machine,
        server=server,
        fabric=place.get("replicationfabrics", ""),
        container=place.get("replicationprotectioncontainers", ""),
        way=way,
        group=_text(details.get("multiVmGroupName")),
        run_as_account=_text(details.get("runAsAccountId")),
    )


def _pairs(arm_id: str) -> Iterator[tuple[str, str]]:
    parts = [part for part in arm_id.split("/") if part]
    for name, value in pairwise(parts):
        yield name.lower(), value


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> Iterable[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list | tuple) else []


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
