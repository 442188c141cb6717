"""The half-made graph of a site: components by key, and links as the edge tables have them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from wizard.text import Text, _
from wizard.topology.edges import EDGES
from wizard.topology.graph import Graph, Kind, Link, Node, TopologyError, Value, Zone
from wizard.topology.roles import ROLES

KEY_LENGTH: Final = 100


def node_key(kind: Kind, name: str) -> str:
    """Kind and name, at most 100 characters; the key of a longer name ends in a digest of it."""
    key = f"{kind}:{name}"
    if len(key) <= KEY_LENGTH:
        return key
    return f"{key[: KEY_LENGTH - 17]}~{hashlib.sha256(key.encode()).hexdigest()[:16]}"


class Drafts:
    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.links: list[Link] = []

    def add(
        self,
        kind: Kind,
        name: str,
        address: str | None,
        attributes: Mapping[str, Value],
        *,
        zone: Zone | None = None,
    ) -> str:
        """Add a component in the zone of its role or in `zone`; attributes that are None are left out.

        Answers its key. Raises TopologyError if one of that kind and name is there already.
        """
        key = node_key(kind, name)
        title = ROLES[kind].title
        if key in self.nodes:
            raise TopologyError(
                Text(_("%(kind)s: two are called “%(name)s”; names must differ."), kind=title, name=name)
            )
        self.nodes[key] = Node(
            key=key,
            kind=kind,
            name=name,
            address=address,
            zone=zone or ROLES[kind].zone,
            attributes={label: value for label, value in attributes.items() if value is not None},
        )
        return key

    def link(
        self, row: str, sources: Iterable[str], targets: Iterable[str], *, port: int | None = None
    ) -> None:
        """Links of one row of the tables, from every source to every target; `port` replaces the row's."""
        edge, far_ends = EDGES[row], tuple(targets)
        self.links += [
            Link(
                id=row,
                source=source,
                target=target,
                protocol=edge.protocol,
                port=edge.port if port is None else str(port),
                purpose=edge.purpose,
                changeable=edge.changeable,
                basis=edge.basis,
            )
            for source in sources
            for target in far_ends
        ]

    def keys(self, *kinds: Kind) -> tuple[str, ...]:
        return tuple(node.key for node in self.nodes.values() if node.kind in kinds)

    def find(self, name: str, *kinds: Kind) -> Node:
        """The component of that name; the first kind wins where one machine carries several.

        Raises TopologyError with the names that exist.
        """
        for kind in kinds:
            node = self.nodes.get(node_key(kind, name))
            if node is not None:
                return node
        known = sorted({node.name for node in self.nodes.values() if node.kind in kinds})
        raise TopologyError(
            Text(
                _("%(kind)s “%(name)s” is not part of this site; known: %(known)s."),
                kind=ROLES[kinds[0]].title,
                name=name,
                known=known or ["–"],
            )
        )

    def graph(self) -> Graph:
        return Graph(tuple(self.nodes.values()), tuple(self.links))
