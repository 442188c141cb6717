"""What a rule finds wrong with a topology, and what the rules of both profiles ask of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

from wizard.text import Text, _
from wizard.topology.graph import Graph, Kind, Node

DATA_PORT_NEVER: Final = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """`keys` are the components that it is about; empty where something is missing altogether."""

    rule: str
    severity: Literal["block", "warn"]
    text: Text
    keys: tuple[str, ...]


def block(rule: str, text: Text, *nodes: Node) -> Violation:
    return Violation(rule=rule, severity="block", text=text, keys=tuple(node.key for node in nodes))


def far_ends(graph: Graph, node: Node, rows: tuple[str, ...], *kinds: Kind) -> list[Node]:
    """The components of these kinds that links of these rows lead to from a node, each once."""
    targets = {link.target for link in graph.links if link.source == node.key and link.id in rows}
    return [other for other in graph.nodes_of(*kinds) if other.key in targets]


def clones(rule: str, nodes: Sequence[Node]) -> Iterator[Violation]:
    """Each pair of machines that share a UUID, once, however many components they carry."""
    text = _(
        "%(one)s and %(other)s share the %(fact)s %(value)s: one was cloned from the other. Build it anew."
    )
    seen: set[frozenset[object]] = set()
    for one, other in combinations(nodes, 2):
        machines = frozenset(
            {one.attributes.get("machine", one.key), other.attributes.get("machine", other.key)}
        )
        if len(machines) == 1 or machines in seen:
            continue
        for fact, title in (("instance_uuid", _("instance UUID")), ("bios_uuid", _("BIOS UUID"))):
            value = _uuid(one, fact)
            if value and value == _uuid(other, fact):
                seen.add(machines)
                wrong = Text(text, one=one.name, other=other.name, fact=Text(title), value=value)
                yield block(rule, wrong, one, other)
                break


def _uuid(node: Node, fact: str) -> str:
    """In one spelling: the same UUID is shown with braces, dashes and capitals or without."""
    return "".join(sign for sign in str(node.attributes.get(fact) or "").lower() if sign.isalnum())
