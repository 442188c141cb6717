"""What stands together within a zone, and in which order: parts of one machine, hosts below their vCenter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from wizard.topology.edges import style_of
from wizard.topology.graph import Graph, Kind, Node, Zone
from wizard.topology.roles import APPLIANCE_PARTS, PROCESS_SERVERS

_ORDER: Final[tuple[Kind, ...]] = (
    "cs", "appliance", *APPLIANCE_PARTS, "ps_builtin", "ps_scaleout", "mt_builtin", "mt_windows", "mt_linux", "vcenter", "esxi",
    "cache_sa", "managed_disk", "vault", "s2s", "ps_failback", "mobility",
)  # fmt: skip
# The data path enters a machine at the top and leaves it towards ESXi at the bottom, the rest is between.
_IN_A_MACHINE: Final[tuple[Kind, ...]] = (
    "ps_builtin", "ps_scaleout", "ps_failback", "cs", "appliance", *APPLIANCE_PARTS, "mt_builtin",
    "mt_windows", "mt_linux",
)  # fmt: skip

_DATA_ENDS: Final[tuple[Kind, ...]] = (*PROCESS_SERVERS, "appliance_ps", "appliance_reprotection")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One machine with its parts (`machine` names it), one vCenter with its hosts (`manager`), or one kind.

    `nodes` are the parts, the hosts, or the components of that kind that belong to nothing else.
    """

    nodes: tuple[Node, ...]
    machine: str | None = None
    manager: Node | None = None


def groups(graph: Graph, zone: Zone) -> tuple[Group, ...]:
    """All components of a zone, each in one group."""
    servers = _process_server_places(graph)
    nodes = sorted(
        (node for node in graph.nodes if node.zone == zone),
        key=lambda node: (_ORDER.index(node.kind), servers.get(node.key, 0)),
    )
    machines: dict[str, list[Node]] = {}
    managed: dict[str, list[Node]] = {node.key: [] for node in nodes if node.kind == "vcenter"}
    lone: dict[Kind, list[Node]] = {}
    for node in nodes:
        if node.kind == "esxi" and node.attributes.get("vcenter") in managed:
            managed[str(node.attributes["vcenter"])].append(node)
        elif node.kind in _IN_A_MACHINE and node.attributes.get("machine") is not None:
            machines.setdefault(str(node.attributes["machine"]), []).append(node)
        elif node.kind != "vcenter":
            lone.setdefault(node.kind, []).append(node)
    found = [
        (_rank(members), Group(nodes=_in_machine(members), machine=name))
        for name, members in machines.items()
    ]
    found += [
        (_rank([node]), Group(nodes=tuple(managed[node.key]), manager=node))
        for node in nodes
        if node.key in managed
    ]
    found += [(_rank(members), Group(nodes=tuple(members))) for members in lone.values()]
    return tuple(group for _, group in sorted(found, key=lambda entry: entry[0]))


def _rank(nodes: Iterable[Node]) -> int:
    return min(_ORDER.index(node.kind) for node in nodes)


def _in_machine(nodes: list[Node]) -> tuple[Node, ...]:
    return tuple(sorted(nodes, key=lambda node: _IN_A_MACHINE.index(node.kind)))


def _process_server_places(graph: Graph) -> dict[str, int]:
    """Machines in the order of their process servers: their lines run beside each other and do not cross."""
    places = {node.key: place for place, node in enumerate(graph.nodes) if node.kind in _DATA_ENDS}
    found: dict[str, int] = {}
    for link in graph.links:
        if link.target in places and style_of(link.id) in ("data", "failback"):
            found[link.source] = min(places[link.target], found.get(link.source, len(graph.nodes)))
    return found
