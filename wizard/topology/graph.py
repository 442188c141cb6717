"""The component graph of one site: what is there, and who opens a connection to whom.

A graph is plain data in one canonical order: two equal sites make equal documents, pictures and digests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self, get_args

from wizard.text import Text, _, verbatim

Kind = Literal[
    "vault", "cache_sa", "managed_disk", "cs", "ps_builtin", "ps_scaleout", "ps_failback",
    "mt_builtin", "mt_windows", "mt_linux", "mobility", "vcenter", "esxi", "s2s", "appliance",
    "appliance_proxy", "appliance_ps", "appliance_replication", "appliance_agent", "appliance_provider",
    "appliance_discovery", "appliance_reprotection",
]  # fmt: skip
Zone = Literal["sources", "vsphere", "site", "azure"]
Basis = Literal["D", "R", "I", "E"]
Value = str | int | bool | None

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
ZONES: Final[tuple[Zone, ...]] = get_args(Zone)
BASES: Final[tuple[Basis, ...]] = get_args(Basis)
DOCUMENT_VERSION: Final = 1
DEFAULT_MACHINES: Final = _("Protected machines")
# What nobody has named yet, by kind: recorded under these names, and told to readers in their language.
DEFAULT_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "mobility": (DEFAULT_MACHINES, _("Protected virtual machines"), _("Protected physical servers")),
    "mt_windows": (_("Windows master target"),),
    "mt_linux": (_("Linux master target"),),
}


class TopologyError(ValueError):
    """A graph, or the description of a site, that cannot be. `text` says what was found and expected."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One component. `key` is unique in its graph and stays as long as the component keeps its name.

    `zone` is where it stands in the picture: the protected machines, vSphere, the site's servers, Azure.
    `attributes` hold facts about it, by the names that `plan` documents; never a float, which has more than
    one spelling and so could not be sealed by a digest. Raises TopologyError for an unknown kind or zone.
    """

    key: str
    kind: Kind
    name: str
    address: str | None = None
    zone: Zone
    attributes: Mapping[str, Value] = field(default_factory=dict)

    @property
    def label(self) -> Text:
        """The name for readers: a default name is told in their language."""
        return Text(self.name) if self.name in DEFAULT_NAMES.get(self.kind, ()) else verbatim(self.name)

    @property
    def address_to_tell(self) -> tuple[str, ...]:
        """The address, where it says more than the name does; else nothing."""
        return (self.address,) if self.address and self.address != self.name else ()

    def __post_init__(self) -> None:
        if not self.key:
            raise TopologyError(Text(_("A component has no key; every component needs one of its own.")))
        _require(
            self.kind, KINDS, _("%(key)s has the kind “%(found)s”; expected one of: %(known)s."), self.key
        )
        _require(
            self.zone, ZONES, _("%(key)s has the zone “%(found)s”; expected one of: %(known)s."), self.key
        )
        for name, value in self.attributes.items():
            if not (value is None or isinstance(value, str | int)):
                raise TopologyError(
                    Text(
                        _("%(name)s of %(key)s is a %(found)s; expected text, a whole number, yes or no."),
                        name=str(name),
                        key=self.key,
                        found=type(value).__name__,
                    )
                )
        object.__setattr__(self, "attributes", dict(sorted(self.attributes.items())))

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "kind": self.kind,
            "name": self.name,
            "address": self.address,
            "zone": self.zone,
            "attributes": dict(self.attributes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A connection in the direction in which it is opened. `id` is its row in the edge tables, such as E02.

    `port` is text as a row may name several or a range; `changeable` and `basis` are as in asr-facts 1.3.
    """

    id: str
    source: str
    target: str
    protocol: str
    port: str
    purpose: Text
    changeable: bool
    basis: Basis

    def __post_init__(self) -> None:
        _require(
            self.basis, BASES, _("%(key)s has the basis “%(found)s”; expected one of: %(known)s."), self.id
        )

    @property
    def key(self) -> str:
        """Names this link among all of its graph."""
        return f"{self.id} {self.source} → {self.target}"

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "source": self.source,
            "target": self.target,
            "protocol": self.protocol,
            "port": self.port,
            "purpose": self.purpose.to_json(),
            "changeable": self.changeable,
            "basis": self.basis,
        }


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and links in canonical order: by zone, kind, name and key; by row, source and target.

    Raises TopologyError if two nodes share a key, a link is there twice, or it ends where no node is.
    """

    nodes: tuple[Node, ...] = ()
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        nodes = sorted(self.nodes, key=_node_order)
        links = sorted(self.links, key=lambda link: (link.id, link.source, link.target))
        keys: set[str] = set()
        for node in nodes:
            if node.key in keys:
                raise TopologyError(Text(_("Two components have the key %(key)s."), key=node.key))
            keys.add(node.key)
        seen: set[tuple[str, str, str]] = set()
        for link in links:
            for end in (link.source, link.target):
                if end not in keys:
                    raise TopologyError(
                        Text(
                            _("%(id)s ends at %(key)s, which is not among the components."),
                            id=link.id,
                            key=end,
                        )
                    )
            if (link.id, link.source, link.target) in seen:
                raise TopologyError(Text(_("The link %(key)s is there twice."), key=link.key))
            seen.add((link.id, link.source, link.target))
        object.__setattr__(self, "nodes", tuple(nodes))
        object.__setattr__(self, "links", tuple(links))

    def node(self, key: str) -> Node:
        """The node with that key. Raises KeyError."""
        for node in self.nodes:
            if node.key == key:
                return node
        raise KeyError(key)

    def nodes_of(self, *kinds: Kind) -> tuple[Node, ...]:
        """All nodes of these kinds, in canonical order."""
        return tuple(node for node in self.nodes if node.kind in kinds)

    def to_json(self) -> dict[str, Any]:
        """The document that is stored and sealed: `{"version": 1, "nodes": [...], "links": [...]}`."""
        return {
            "version": DOCUMENT_VERSION,
            "nodes": [node.to_json() for node in self.nodes],
            "links": [link.to_json() for link in self.links],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote. Raises TopologyError that says what is missing or unknown."""
        if document.get("version") != DOCUMENT_VERSION:
            raise TopologyError(
                Text(
                    _("The topology document has version %(found)s; expected version %(expected)s."),
                    found=str(document.get("version")),
                    expected=str(DOCUMENT_VERSION),
                )
            )
        try:
            nodes = tuple(Node(**stored) for stored in document["nodes"])
            links = tuple(
                Link(**{**stored, "purpose": Text.from_json(stored["purpose"])})
                for stored in document["links"]
            )
        except (KeyError, TypeError, AttributeError) as error:
            what = f"{type(error).__name__} {error}"
            raise TopologyError(
                Text(_("The topology document cannot be read: %(error)s."), error=what)
            ) from error
        return cls(nodes, links)


def _node_order(node: Node) -> tuple[int, int, str, str]:
    return ZONES.index(node.zone), KINDS.index(node.kind), node.name, node.key


def _require(found: str, known: tuple[str, ...], template: str, key: str) -> None:
    if found not in known:
        raise TopologyError(Text(template, key=key, found=found, known=list(known)))
