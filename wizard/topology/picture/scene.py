"""What is to be drawn, before it has a place: cards in frames and columns, and nets of links between them.

A card is one component, or what is left of many hosts or machines. A net joins links of one style that run
between the same cards on both sides, so that they can share one line with branches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from wizard.topology.edges import STYLES, Style, style_of
from wizard.topology.graph import Graph, Kind, Link, Node, Zone
from wizard.topology.grouping import groups

# The protected machines stand above vSphere, not beside it: the links of both go to the site's servers, and so
# none has to pass over the other zone, and the picture fits a page without being made smaller.
COLUMNS: Final[tuple[tuple[Zone, ...], ...]] = (("sources", "vsphere"), ("site",), ("azure",))
MOST_IN_A_ROW: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One box. Several nodes make a folded box: they are of one kind, and too many to draw each."""

    index: int
    nodes: tuple[Node, ...]
    compact: bool

    @property
    def kind(self) -> Kind:
        return self.nodes[0].kind

    @property
    def folded(self) -> bool:
        return len(self.nodes) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Cards that belong together, from the top: one machine (of that name), one vCenter, or a lone card."""

    cards: tuple[Card, ...]
    machine: str | None = None

    @property
    def drawn(self) -> bool:
        return len(self.cards) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    zone: Zone
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """All links of one style from one card to another; cards by index."""

    source: int
    target: int
    style: Style
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """Every source has a wire to every target. Sources stand in one column, and so do targets."""

    style: Style
    sources: tuple[int, ...]
    targets: tuple[int, ...]
    wires: tuple[Wire, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`columns` leaves out those without a component; `inner` wires join neighbours within a frame."""

    columns: tuple[tuple[Section, ...], ...]
    cards: tuple[Card, ...]
    column_of: tuple[int, ...]
    nets: tuple[Net, ...]
    inner: tuple[Wire, ...]


@dataclass(slots=True)
class _Deck:
    cards: list[Card] = field(default_factory=list)
    by_node: dict[str, int] = field(default_factory=dict)

    def deal(self, nodes: tuple[Node, ...], *, compact: bool = False) -> Card:
        card = Card(index=len(self.cards), nodes=nodes, compact=compact)
        self.cards.append(card)
        self.by_node.update((node.key, card.index) for node in nodes)
        return card


def compose(graph: Graph) -> Scene:
    """Arrange the graph. Equal graphs make equal scenes."""
    deck = _Deck()
    columns: list[tuple[Section, ...]] = []
    column_of: list[int] = []
    for zones in COLUMNS:
        sections = tuple(
            Section(zone=zone, frames=frames) for zone in zones if (frames := _frames(graph, zone, deck))
        )
        if sections:
            column_of += [len(columns)] * (len(deck.cards) - len(column_of))
            columns.append(sections)
    wires = _wires(graph, deck.by_node)
    inner = _inner(columns, wires)
    nets = _nets([wire for wire in wires if wire not in inner], column_of)
    return Scene(
        columns=tuple(columns), cards=tuple(deck.cards), column_of=tuple(column_of), nets=nets, inner=inner
    )


def _frames(graph: Graph, zone: Zone, deck: _Deck) -> tuple[Frame, ...]:
    found: list[Frame] = []
    for group in groups(graph, zone):
        if group.machine is not None:
            found.append(
                Frame(cards=tuple(deck.deal((node,)) for node in group.nodes), machine=group.machine)
            )
        elif group.manager is not None:
            head = deck.deal((group.manager,))
            found.append(Frame(cards=(head, *_dealt(group.nodes, deck, compact=True))))
        else:
            found += [Frame(cards=(card,)) for card in _dealt(group.nodes, deck)]
    return tuple(found)


def _dealt(nodes: tuple[Node, ...], deck: _Deck, *, compact: bool = False) -> tuple[Card, ...]:
    """One card each; of more than can be looked through, the rest shares one."""
    shown = nodes if len(nodes) <= MOST_IN_A_ROW else nodes[: MOST_IN_A_ROW - 1]
    cards = [deck.deal((node,), compact=compact) for node in shown]
    if len(shown) < len(nodes):
        cards.append(deck.deal(nodes[len(shown) :], compact=True))
    return tuple(cards)


def _wires(graph: Graph, by_node: Mapping[str, int]) -> list[Wire]:
    found: dict[tuple[int, int, Style], list[Link]] = {}
    for link in graph.links:
        found.setdefault((by_node[link.source], by_node[link.target], style_of(link.id)), []).append(link)
    return [
        Wire(source=source, target=target, style=style, links=tuple(links))
        for (source, target, style), links in found.items()
    ]


def _inner(columns: list[tuple[Section, ...]], wires: list[Wire]) -> tuple[Wire, ...]:
    """At most one wire between two neighbours of a machine: the gap between them has room for one label."""
    chosen: dict[tuple[int, int], Wire] = {}
    neighbours = {
        (upper.index, lower.index)
        for sections in columns
        for section in sections
        for frame in section.frames
        if frame.machine is not None
        for upper, lower in zip(frame.cards, frame.cards[1:], strict=False)
    }
    for wire in wires:
        pair = (min(wire.source, wire.target), max(wire.source, wire.target))
        if pair in neighbours:
            chosen.setdefault(pair, wire)
    return tuple(chosen.values())


def _nets(wires: list[Wire], column_of: list[int]) -> tuple[Net, ...]:
    """Gather per target who leads there; targets that the same cards lead to make one net."""
    leading: dict[tuple[Style, int, int, int], dict[int, Wire]] = {}
    for wire in wires:
        columns = column_of[wire.source], column_of[wire.target]
        leading.setdefault((wire.style, *columns, wire.target), {})[wire.source] = wire
    joined: dict[tuple[Style, int, int, tuple[int, ...]], list[Wire]] = {}
    for (style, start, end, _), by_source in leading.items():
        sources = tuple(sorted(by_source))
        joined.setdefault((style, start, end, sources), []).extend(by_source[source] for source in sources)
    nets = [
        Net(
            style=style,
            sources=sources,
            targets=tuple(sorted({wire.target for wire in members})),
            wires=tuple(sorted(members, key=lambda wire: (wire.source, wire.target))),
        )
        for (style, _, _, sources), members in joined.items()
    ]
    return tuple(sorted(nets, key=lambda net: (STYLES.index(net.style), net.sources, net.targets)))
