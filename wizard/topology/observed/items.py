"""Replicated items, summed up: which servers their data goes through, and where they live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from wizard.topology.observed.keys import fabric_in, last_part
from wizard.topology.observed.model import Health
from wizard.topology.observed.record import Record
from wizard.topology.observed.words import meaning

Direction = Literal["to_azure", "home", "other"]

_DIRECTIONS: Final[Mapping[str, Direction]] = {
    "inmageazurev2": "to_azure",
    "inmagercm": "to_azure",
    "inmage": "home",
    "inmagercmfailback": "home",
}


@dataclass(slots=True, kw_only=True)
class Load:
    """All items of one fabric that replicate in one direction; servers by upper-cased id, vCenters as told."""

    fabric: str
    direction: Direction
    count: int = 0
    active_in_azure: int = 0
    states: Counter[Health] = field(default_factory=Counter)
    servers: Counter[str] = field(default_factory=Counter)
    servers_of_azure: Counter[str] = field(default_factory=Counter)
    targets: Counter[str] = field(default_factory=Counter)
    vcenters: Counter[str] = field(default_factory=Counter)
    through_nothing: int = 0


def loads(items: Iterable[Mapping[str, Any]]) -> tuple[Load, ...]:
    """The items by fabric and direction, in that order (arm-site-recovery 2.5)."""
    found: dict[tuple[str, Direction], Load] = {}
    for item in items:
        properties = Record(item.get("properties"))
        details = properties.record("providerSpecificDetails")
        direction = _DIRECTIONS.get(details.text("instanceType").casefold(), "other")
        fabric = fabric_in(str(item.get("id") or ""))
        load = found.setdefault((fabric, direction), Load(fabric=fabric, direction=direction))
        _add(load, properties, details)
    return tuple(found[key] for key in sorted(found))


def _add(load: Load, properties: Record, details: Record) -> None:
    load.count += 1
    load.states[meaning(properties.text("replicationHealth"))] += 1
    server = details.text("processServerId", "reprotectAgentId").upper()
    if server:
        load.servers[server] += 1
    else:
        load.through_nothing += 1
    if load.direction == "home" and (target := details.text("masterTargetId")):
        load.targets[target.upper()] += 1
    if details.text("activeSiteType").casefold() == "azure":
        load.active_in_azure += 1
        if server:
            load.servers_of_azure[server] += 1
    if details.text("discoveryType").casefold() == "vcenter":
        if vcenter := details.text("vCenterInfrastructureId"):
            load.vcenters[vcenter] += 1
    elif vcenter := details.text("targetvCenterId"):
        load.vcenters[last_part(vcenter)] += 1
