"""From a graph to the shapes of its picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from wizard.text import Text, _
from wizard.topology.captions import ZONE_TITLES
from wizard.topology.edges import Style
from wizard.topology.graph import Graph, Link
from wizard.topology.picture.grid import (
    BOX_WIDTH,
    COLUMN_WIDTH,
    FRAME,
    LABEL_LINE,
    LABEL_SIZE,
    MARGIN,
    ROW,
    ZONE,
    whole_rows,
)
from wizard.topology.picture.legend import legend
from wizard.topology.picture.lettering import shorten, width
from wizard.topology.picture.placement import place
from wizard.topology.picture.ports import MOST_INNER_LINES, Port, label
from wizard.topology.picture.routing import Routing, lay
from wizard.topology.picture.scene import Card, Wire, compose
from wizard.topology.picture.shapes import (
    BoxShape,
    FrameShape,
    LabelShape,
    LineShape,
    Picture,
    Rect,
    Run,
    ZoneShape,
)

CONTENT_TOP: Final = 60
_LEAST_WIDTH: Final = 480
_LABEL_ABOVE: Final = 4
_INNER_X: Final = 32
_MOST_SENTENCES: Final = 12


def sketch(graph: Graph) -> Picture:
    """Lay the graph out. Texts are in the language that is active now."""
    placement = place(compose(graph), CONTENT_TOP)
    routing = lay(placement)
    wide = max(routing.width, _LEAST_WIDTH)
    legend_top = placement.bottom + 2 * ROW
    rows = legend(graph, legend_top, wide)
    bottom = max((row.y for row in rows), default=placement.bottom) + MARGIN
    names = {node.key: str(node.label) for node in graph.nodes}
    lines, labels = _lines(routing, names)
    inner_lines, inner_labels = _inner(routing, names)
    return Picture(
        width=wide,
        height=whole_rows(bottom),
        zones=_zones(routing),
        frames=_frames(routing),
        boxes=tuple(_box(routing, card) for card in placement.scene.cards),
        lines=(*lines, *inner_lines),
        labels=(*labels, *inner_labels),
        legend_top=legend_top,
        legend=rows,
    )


def _zones(routing: Routing) -> tuple[ZoneShape, ...]:
    return tuple(
        ZoneShape(
            rect=Rect(
                x=routing.columns[column],
                y=routing.placement.sections[column, index].top,
                width=COLUMN_WIDTH,
                height=routing.placement.sections[column, index].height,
            ),
            zone=section.zone,
            title=str(ZONE_TITLES[section.zone]),
        )
        for column, sections in enumerate(routing.placement.scene.columns)
        for index, section in enumerate(sections)
    )


def _frames(routing: Routing) -> tuple[FrameShape, ...]:
    placement, shapes = routing.placement, []
    for column, sections in enumerate(placement.scene.columns):
        for frame in (frame for section in sections for frame in section.frames):
            span = placement.frames.get(frame.cards[0].index)
            if span is not None:
                rect = Rect(
                    x=routing.columns[column] + ZONE,
                    y=span.top,
                    width=BOX_WIDTH + 2 * FRAME,
                    height=span.height,
                )
                title, tooltip = _frame_title(frame.machine)
                shapes.append(FrameShape(rect=rect, title=title, tooltip=tooltip))
    return tuple(shapes)


def _frame_title(machine: str | None) -> tuple[str, str]:
    """Shortened and in full; it is the name that is shortened, not the words before it."""
    if machine is None:
        return "", ""
    template = _("On one machine: %(name)s")
    room = BOX_WIDTH - width(str(Text(template, name="")), LABEL_SIZE)
    short = shorten(machine, room, LABEL_SIZE, cut="middle")
    return str(Text(template, name=short)), str(Text(template, name=machine))


def _box(routing: Routing, card: Card) -> BoxShape:
    span = routing.placement.cards[card.index]
    rect = Rect(x=routing.box_left(card.index), y=span.top, width=BOX_WIDTH, height=span.height)
    return BoxShape(rect=rect, card=card, face=routing.placement.faces[card.index])


def _lines(routing: Routing, names: Mapping[str, str]) -> tuple[list[LineShape], list[LabelShape]]:
    lines: list[LineShape] = []
    labels: list[LabelShape] = []
    for way in routing.placement.routes:
        out_ports = {port.card: port for port in way.out_ports}
        in_ports = {port.card: port for port in way.in_ports}
        runs = tuple(
            Run(points=routing.course(way, out_ports[wire.source], in_ports[wire.target]), links=wire.links)
            for wire in way.net.wires
        )
        tooltip = _tooltip([link for run in runs for link in run.links], names)
        lines.append(LineShape(style=way.net.style, runs=runs, tooltip=tooltip))
        for port in way.in_ports:
            labels += _labels(routing, port, way.net.style)
    return lines, labels


def _tooltip(links: list[Link], names: Mapping[str, str]) -> str:
    sentences = [_sentence(link, names) for link in links[:_MOST_SENTENCES]]
    return "\n".join([*sentences, "…"] if len(links) > _MOST_SENTENCES else sentences)


def _sentence(link: Link, names: Mapping[str, str]) -> str:
    return str(
        Text(
            _("%(row)s: %(source)s → %(target)s, %(protocol)s %(port)s. %(purpose)s"),
            row=link.id,
            source=names[link.source],
            target=names[link.target],
            protocol=link.protocol,
            port=link.port,
            purpose=link.purpose,
        )
    )


def _labels(routing: Routing, port: Port, style: Style) -> list[LabelShape]:
    x, y = routing.anchor(port)
    anchor: Literal["start", "end"] = "end" if port.side == "left" else "start"
    lowest = y - _LABEL_ABOVE
    return [
        LabelShape(x=x, y=lowest - LABEL_LINE * above, anchor=anchor, text=text, style=style)
        for above, text in enumerate(reversed(port.labels))
    ]


def _inner(routing: Routing, names: Mapping[str, str]) -> tuple[list[LineShape], list[LabelShape]]:
    """Short arrows between two neighbours of one machine, with their labels beside them."""
    lines: list[LineShape] = []
    labels: list[LabelShape] = []
    for wire in routing.placement.scene.inner:
        source, target = routing.placement.cards[wire.source], routing.placement.cards[wire.target]
        down = source.top < target.top
        start, end = (source.bottom, target.top) if down else (source.top, target.bottom)
        x = routing.box_left(wire.source) + _INNER_X
        run = Run(points=((x, start), (x, end)), links=wire.links)
        lines.append(LineShape(style=wire.style, runs=(run,), tooltip=_tooltip(list(wire.links), names)))
        labels += _inner_labels(wire, x + ROW, (start + end) / 2)
    return lines, labels


def _inner_labels(wire: Wire, x: float, middle: float) -> list[LabelShape]:
    texts = list(dict.fromkeys(label(link) for link in wire.links))[:MOST_INNER_LINES]
    first = middle + LABEL_SIZE * 0.36 - (len(texts) - 1) * LABEL_LINE / 2
    room = BOX_WIDTH - _INNER_X - 2 * ROW
    return [
        LabelShape(
            x=x,
            y=first + number * LABEL_LINE,
            anchor="start",
            text=shorten(text, room, LABEL_SIZE),
            style=wire.style,
        )
        for number, text in enumerate(texts)
    ]
