"""Vertical places: boxes in frames in sections in columns, lanes above crossed columns, ports on boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wizard.topology.edges import STYLES
from wizard.topology.graph import Node
from wizard.topology.picture.faces import Face, face
from wizard.topology.picture.grid import HALF, ROW, whole_rows
from wizard.topology.picture.ports import MOST_INNER_LINES, Port, Route, Side, room, route, sides, spread
from wizard.topology.picture.scene import Frame, Scene, Section

HEADING: Final = 36
SECTION_GAP: Final = 24
FRAME_GAP: Final = 24
CARD_GAP: Final = 12
FRAME_TITLE: Final = 24
_FARTHEST_SHIFT: Final = 20 * ROW
_SOONEST_PORT: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    top: int
    bottom: int

    @property
    def height(self) -> int:
        return self.bottom - self.top


@dataclass(slots=True)
class Placement:
    """Where everything stands vertically. `frames` are by the index of their first card."""

    scene: Scene
    routes: list[Route]
    faces: list[Face]
    cards: dict[int, Span]
    frames: dict[int, Span]
    sections: dict[tuple[int, int], Span]
    bottom: int


def place(scene: Scene, top: int) -> Placement:
    """Place the scene below `top` (a multiple of 12)."""
    routes = route(scene)
    by_side = sides(routes)
    placement = Placement(scene, routes, _faces(scene), {}, {}, {}, top)
    heights = _heights(scene, placement.faces, by_side)
    stack = _Stack(placement, heights, _gaps(scene))
    for column in range(len(scene.columns)):
        stack.pile(column, top)
    _settle(placement, by_side, "right")
    channel = _lanes(placement, top)
    crossed = {column for way in routes for column in way.crossed}
    for column in sorted(crossed):
        stack.pile(column, top + channel)
    _settle(placement, by_side, "right")
    _settle(placement, by_side, "left")
    last = len(scene.columns) - 1
    if last > 0 and last not in crossed:
        stack.pull(last, top, by_side)
        _settle(placement, by_side, "right")
        _settle(placement, by_side, "left")
    _straighten(placement)
    placement.bottom = max((span.bottom for span in placement.sections.values()), default=top)
    return placement


class _Stack:
    """Piles the boxes of a column on each other; piling it again moves it."""

    def __init__(self, placement: Placement, heights: list[int], gaps: dict[int, int]) -> None:
        self.placement, self.heights, self.gaps = placement, heights, gaps

    def pile(self, column: int, top: int, wishes: dict[int, int] | None = None) -> int:
        """Answers the bottom. `wishes` are tops that frames want, by first card, and get unless taken."""
        y = top
        for index, section in enumerate(self.placement.scene.columns[column]):
            y = self._section(column, index, section, y, wishes or {}) + SECTION_GAP
        return y - SECTION_GAP

    def _section(self, column: int, index: int, section: Section, top: int, wishes: dict[int, int]) -> int:
        y = top + HEADING
        for frame in section.frames:
            y = max(y, wishes.get(frame.cards[0].index, y))
            y = self._frame(frame, y) + FRAME_GAP
        bottom = y - FRAME_GAP + CARD_GAP
        self.placement.sections[column, index] = Span(top=top, bottom=bottom)
        return bottom

    def _frame(self, frame: Frame, top: int) -> int:
        y = top
        if frame.drawn:
            y += FRAME_TITLE if frame.machine is not None else CARD_GAP
        for card in frame.cards:
            self.placement.cards[card.index] = Span(top=y, bottom=y + self.heights[card.index])
            y += self.heights[card.index] + self.gaps.get(card.index, CARD_GAP)
        y -= CARD_GAP
        if frame.drawn:
            y += CARD_GAP
            self.placement.frames[frame.cards[0].index] = Span(top=top, bottom=y)
        return y

    def pull(self, column: int, top: int, by_side: dict[tuple[int, Side], list[Port]]) -> None:
        """Lower frames of the last column so that lines reach them straight, if the picture stays as tall."""
        placement = self.placement
        compact = self.pile(column, top)
        limit = max(compact, *(span.bottom for span in placement.sections.values()))
        wishes: dict[int, int] = {}
        for section in placement.scene.columns[column]:
            for frame in section.frames:
                shift = self._shift(frame, by_side)
                frame_top = placement.frames.get(
                    frame.cards[0].index, placement.cards[frame.cards[0].index]
                ).top
                if shift is not None:
                    wishes[frame.cards[0].index] = frame_top + shift
        if self.pile(column, top, wishes) > limit:
            self.pile(column, top)

    def _shift(self, frame: Frame, by_side: dict[tuple[int, Side], list[Port]]) -> int | None:
        """How far down the frame must go for its first line that comes from one place to become straight."""
        for card in frame.cards:
            for port in sorted(by_side.get((card.index, "left"), []), key=lambda port: port.y):
                opposite = [other for other in self.placement.routes[port.net].ports if other.side == "right"]
                if len(opposite) == 1 and not self.placement.routes[port.net].crossed:
                    shift = opposite[0].y + HALF - port.y
                    return shift if 0 <= shift <= _FARTHEST_SHIFT else None
        return None


def _faces(scene: Scene) -> list[Face]:
    beside: dict[int, tuple[Node, ...]] = {}
    for sections in scene.columns:
        for section in sections:
            for frame in section.frames:
                for card in frame.cards:
                    beside[card.index] = tuple(
                        other.nodes[0]
                        for other in frame.cards
                        if other is not card and frame.machine is not None
                    )
    return [face(card, beside=beside[card.index]) for card in scene.cards]


def _heights(scene: Scene, faces: list[Face], by_side: dict[tuple[int, Side], list[Port]]) -> list[int]:
    both: tuple[Side, Side] = ("left", "right")
    return [
        max(
            whole_rows(faces[card.index].height),
            *(room(by_side.get((card.index, side), [])) for side in both),
        )
        for card in scene.cards
    ]


def _gaps(scene: Scene) -> dict[int, int]:
    """The space below a card that has an inner wire to the next one: an arrow and a label fit in."""
    return {
        min(wire.source, wire.target): ROW * (2 + min(len(wire.links), MOST_INNER_LINES))
        for wire in scene.inner
    }


def _settle(placement: Placement, by_side: dict[tuple[int, Side], list[Port]], side: Side) -> None:
    """Order the ports of one side by where their lines go, and place them."""
    centres = {index: (span.top + span.bottom) / 2 for index, span in placement.cards.items()}

    def key(port: Port) -> tuple[float, ...]:
        way = placement.routes[port.net]
        others = way.out_ports if port.arrives else way.in_ports
        middle = sum(centres[other.card] for other in others) / len(others)
        style = float(STYLES.index(way.net.style))
        if not way.crossed:
            return 1.0, middle, style, float(port.net)
        if side == "left" and way.lane is not None:
            return 0.0, float(way.lane), style, float(port.net)
        return 0.0, middle, style, float(port.net)

    for (card, where), ports in by_side.items():
        if where == side:
            span = placement.cards[card]
            spread(ports, span.top, span.height, key)


def _lanes(placement: Placement, top: int) -> int:
    """Give each crossing net a row of its own above the columns it crosses; answers the height they take.

    A lane goes on in the row of the port it comes from if that is free, never in that of a foreign port.
    """
    crossing = [way for way in placement.routes if way.crossed]
    if not crossing:
        return 0
    crossed = {column for way in crossing for column in way.crossed}
    column_of = placement.scene.column_of
    foreign = {
        port.y: port.net
        for way in placement.routes
        for port in way.left_end()
        if column_of[port.card] not in crossed
    }
    first_ports = {id(way): min(port.y for port in way.left_end()) for way in crossing}
    limit = top + HEADING + ROW * max(10, 2 * len(crossing))
    taken: set[int] = set()
    for way in sorted(crossing, key=lambda way: first_ports[id(way)]):
        wish = first_ports[id(way)]
        start_column = column_of[way.left_end()[0].card]
        if start_column not in crossed and wish <= limit and wish not in taken:
            way.lane = wish
        else:
            y = top + HEADING
            while y in taken or foreign.get(y, way.left_end()[0].net) != way.left_end()[0].net:
                y += ROW
            way.lane = y
        taken.add(way.lane)
    return max(taken) - top + ROW


def _straighten(placement: Placement) -> None:
    """Lift a left port by half a row where that makes its line straight."""
    for way in placement.routes:
        left = [port for port in way.ports if port.side == "left"]
        right = [port for port in way.ports if port.side == "right"]
        if len(left) != 1:
            continue
        if way.lane is not None:
            goal = way.lane
        elif len(right) == 1:
            goal = right[0].y
        else:
            continue
        port = left[0]
        if port.y - goal == HALF and goal - placement.cards[port.card].top >= _SOONEST_PORT:
            port.y = goal
