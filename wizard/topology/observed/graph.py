"""The observed components as a graph, to be drawn beside the planned one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wizard.topology.edges import EDGES
from wizard.topology.graph import Graph, Kind, Link, Node, Value
from wizard.topology.observed.model import Observed, ObservedComponent, ObservedLink
from wizard.topology.roles import ROLES

_MASTER_TARGETS: Final = ("mt_builtin", "mt_windows", "mt_linux")


def graph_of(observed: Observed) -> Graph:
    """Nodes keep their keys. What has no kind in the picture, and what leads to nothing, is left to the table."""
    shown = {component.key: component for component in observed.components if component.kind != "unknown"}
    nodes = tuple(_node(component, shown) for component in shown.values())
    links: dict[str, Link] = {}
    for link in observed.links:
        for drawn in _links(link, shown):
            links.setdefault(drawn.key, drawn)
    return Graph(nodes, tuple(links.values()))


def _node(component: ObservedComponent, shown: Mapping[str, ObservedComponent]) -> Node:
    kind: Kind = component.kind if component.kind != "unknown" else "mobility"
    facts: dict[str, Value] = {
        "machine": _machine(component, shown),
        "version": component.version or None,
        "os": component.os_version or component.os_type or None,
        "port": component.facts.get("port"),
        "region": component.facts.get("region"),
        "count": component.machines if kind == "mobility" else None,
        "failed_over": True if component.facts.get("direction") == "home" else None,
        "health": component.health,
        "certainty": component.certainty,
    }
    away = component.facts.get("direction") == "home"
    return Node(
        key=component.key,
        kind=kind,
        name=component.name or component.address or component.id or component.key,
        address=component.address or component.fqdn or None,
        zone="azure" if away else ROLES[kind].zone,
        attributes={name: value for name, value in facts.items() if value is not None},
    )


def _machine(component: ObservedComponent, shown: Mapping[str, ObservedComponent]) -> str | None:
    """The name of the machine that carries it: a configuration server and its parts are one box."""
    if component.kind in ("vault", "vcenter", "mobility"):
        return None
    seen = {component.key}
    while (carrier := component.part_of) is not None and carrier in shown and carrier not in seen:
        seen.add(carrier)
        component = shown[carrier]
    return component.key


def _links(link: ObservedLink, shown: Mapping[str, ObservedComponent]) -> Iterator[Link]:
    """The documented row of each link, in the direction in which the connection is opened."""
    source, target = shown.get(link.source), shown.get(link.target)
    if source is None or target is None:
        return
    modern = target.kind == "appliance" or source.kind == "appliance"
    match link.kind:
        case "registered_in":
            for part in _parts(source, shown, "appliance_agent") if modern else [source]:
                yield _link("M03" if modern else "E03", part, target)
        case "manages" if target.kind in _MASTER_TARGETS:
            yield _link("E07", target, source)
        case "manages":
            yield _link("E17" if target.kind == "ps_failback" else "E06", target, source)
        case "discovers":
            for part in _parts(source, shown, "appliance_reprotection") if modern else [source]:
                yield _link("M04" if modern else "E05", part, target)
        case "registered_vcenter":
            yield _link("E05", source, target)
        case "replicates_through":
            home = source.facts.get("direction") == "home"
            for part in _parts(target, shown, "appliance_reprotection" if home else "appliance_ps"):
                yield _link(
                    ("M07" if home else "M02") if modern else ("E16" if home else "E02"), source, part
                )
        case _:
            return


def _parts(
    machine: ObservedComponent, shown: Mapping[str, ObservedComponent], kind: Kind
) -> list[ObservedComponent]:
    found = [part for part in shown.values() if part.part_of == machine.key and part.kind == kind]
    return found or [machine]


def _link(row: str, source: ObservedComponent, target: ObservedComponent) -> Link:
    edge = EDGES[row]
    port = target.facts.get("port")
    return Link(
        id=row,
        source=source.key,
        target=target.key,
        protocol=edge.protocol,
        port=edge.port if port is None else str(port),
        purpose=edge.purpose,
        changeable=edge.changeable,
        basis=edge.basis,
    )
