"""Where nets leave and enter boxes: sides, gutters and the order of the ports along each side.

Gutter g lies left of column g; the last one lies right of the last column. A net whose columns are not
neighbours crosses those between in a lane above their boxes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from wizard.topology.graph import Link
from wizard.topology.picture.grid import HALF, LABEL_SIZE, ROW
from wizard.topology.picture.lettering import shorten
from wizard.topology.picture.scene import Net, Scene

Side = Literal["left", "right"]
MOST_LINES: Final = 5
MOST_INNER_LINES: Final = 3
_LABEL_ROOM: Final = 132


@dataclass(slots=True, kw_only=True)
class Port:
    """One end of a net at one box. `labels` stand above it where the net arrives; `y` is set by `spread`."""

    net: int
    card: int
    side: Side
    arrives: bool
    labels: tuple[str, ...] = ()
    y: int = 0

    @property
    def height(self) -> int:
        return ROW * (len(self.labels) + 1)


@dataclass(slots=True, kw_only=True)
class Route:
    """The way of one net: from its sources into gutter `start`, from gutter `end` to its targets."""

    net: Net
    out_side: Side
    in_side: Side
    start: int
    end: int
    crossed: tuple[int, ...]
    out_ports: list[Port] = field(default_factory=list)
    in_ports: list[Port] = field(default_factory=list)
    lane: int | None = None

    @property
    def ports(self) -> list[Port]:
        return [*self.out_ports, *self.in_ports]

    def left_end(self) -> list[Port]:
        """Of a net between two columns, the ports that look to the right."""
        return [port for port in self.ports if port.side == "right"]


def route(scene: Scene) -> list[Route]:
    """One route for each net, with its ports, not yet placed."""
    return [_route(scene, index, net) for index, net in enumerate(scene.nets)]


def _route(scene: Scene, index: int, net: Net) -> Route:
    source, target = scene.column_of[net.sources[0]], scene.column_of[net.targets[0]]
    if source < target:
        way = Route(
            net=net, out_side="right", in_side="left", start=source + 1, end=target,
            crossed=tuple(range(source + 1, target)),
        )  # fmt: skip
    elif source > target:
        way = Route(
            net=net, out_side="left", in_side="right", start=source, end=target + 1,
            crossed=tuple(range(target + 1, source)),
        )  # fmt: skip
    else:
        side: Side = "left" if source == 0 else "right"
        gutter = 0 if source == 0 else source + 1
        way = Route(net=net, out_side=side, in_side=side, start=gutter, end=gutter, crossed=())
    way.out_ports = [Port(net=index, card=card, side=way.out_side, arrives=False) for card in net.sources]
    way.in_ports = [
        Port(net=index, card=card, side=way.in_side, arrives=True, labels=_labels(net, card))
        for card in net.targets
    ]
    return way


def _labels(net: Net, card: int) -> tuple[str, ...]:
    links = [link for wire in net.wires if wire.target == card for link in wire.links]
    lines = list(dict.fromkeys(label(link) for link in sorted(links, key=lambda link: (link.id, link.port))))
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], f"+ {len(lines) - MOST_LINES + 1}"]
    return tuple(shorten(line, _LABEL_ROOM, LABEL_SIZE) for line in lines)


def label(link: Link) -> str:
    """Row and port, as it stands beside a line: `E02 9443`. The protocol is named where it is not TCP."""
    return " ".join(
        part for part in (link.id, "" if link.protocol == "TCP" else link.protocol, link.port) if part
    )


def sides(routes: list[Route]) -> dict[tuple[int, Side], list[Port]]:
    """All ports by box and side."""
    found: dict[tuple[int, Side], list[Port]] = {}
    for way in routes:
        for port in way.ports:
            found.setdefault((port.card, port.side), []).append(port)
    return found


def room(ports: list[Port]) -> int:
    """The height that a side with these ports needs."""
    return sum(port.height for port in ports) + ROW if ports else 0


def spread(ports: list[Port], top: int, height: int, key: Callable[[Port], tuple[float, ...]]) -> None:
    """Place the ports of one side in the order of `key`, centred on the side."""
    y = top + (height - sum(port.height for port in ports)) // 2 // ROW * ROW
    for port in sorted(ports, key=key):
        y += port.height
        port.y = y if port.side == "right" else y - HALF
