"""Horizontal places and the courses of lines: gutters as wide as labels and tracks, corners in tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wizard.topology.picture.grid import BOX_WIDTH, COLUMN_WIDTH, FRAME, LABEL_SIZE, MARGIN, TRACK, ZONE
from wizard.topology.picture.lettering import width
from wizard.topology.picture.placement import Placement
from wizard.topology.picture.ports import Port, Route
from wizard.topology.picture.tracks import Bundle, assign

Point = tuple[float, float]
LABEL_GAP: Final = 5
_LEAST_STRIP: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Gutter:
    """`left` and `right` are its edges; the first track is at `first`."""

    left: float
    right: float
    first: float
    tracks: dict[int, int]

    def x(self, net: int) -> float:
        """Where the vertical line of this net runs; any place will do for one that has none."""
        return self.first + self.tracks.get(net, 0) * TRACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """`columns` are the left edges of the columns; `gutters` are as numbered in `ports`."""

    placement: Placement
    columns: tuple[float, ...]
    gutters: tuple[Gutter, ...]
    width: float

    def box_left(self, card: int) -> float:
        return self.columns[self.placement.scene.column_of[card]] + ZONE + FRAME

    def course(self, way: Route, source: Port, target: Port) -> tuple[Point, ...]:
        """The corners from one box to another, without repetitions."""
        points: list[Point] = [(self._edge(source), source.y)]
        start, end = self.gutters[way.start].x(source.net), self.gutters[way.end].x(source.net)
        if way.lane is None:
            points += [(start, source.y), (start, target.y)]
        else:
            points += [(start, source.y), (start, way.lane), (end, way.lane), (end, target.y)]
        points.append((self._edge(target), target.y))
        return _plain(points)

    def anchor(self, port: Port) -> Point:
        """Where the label of an arriving line stands: just outside the zone, the line under it."""
        column = self.columns[self.placement.scene.column_of[port.card]]
        x = column - LABEL_GAP if port.side == "left" else column + COLUMN_WIDTH + LABEL_GAP
        return x, port.y

    def _edge(self, port: Port) -> float:
        left = self.box_left(port.card)
        return left if port.side == "left" else left + BOX_WIDTH


def lay(placement: Placement) -> Routing:
    """Spread columns and gutters from left to right."""
    count = len(placement.scene.columns)
    x: float = MARGIN
    columns: list[float] = []
    gutters: list[Gutter] = []
    for number in range(count + 1):
        tracks = assign(_bundles(placement.routes, number))
        before = _strip(placement, number - 1, "right")
        after = _strip(placement, number, "left")
        outer = number in (0, count)
        wide = 0.0 if outer and not before + after and not tracks else _width(before, after, tracks)
        first = x + before + TRACK
        gutters.append(Gutter(left=x, right=x + wide, first=first, tracks=tracks))
        x += wide
        if number < count:
            columns.append(x)
            x += COLUMN_WIDTH
    return Routing(placement=placement, columns=tuple(columns), gutters=tuple(gutters), width=x + MARGIN)


def _width(before: float, after: float, tracks: dict[int, int]) -> float:
    count = max(tracks.values(), default=-1) + 1
    return before + after + TRACK * (count + 1)


def _strip(placement: Placement, column: int, side: str) -> float:
    """The width that labels of arriving lines need beside a column; no vertical line runs there."""
    column_of = placement.scene.column_of
    ports = [
        port
        for way in placement.routes
        for port in way.ports
        if column_of[port.card] == column and port.side == side
    ]
    widths = [width(line, LABEL_SIZE) for port in ports for line in port.labels]
    if not ports:
        return 0.0
    return max(widths, default=0.0) // 1 + 2 * LABEL_GAP if widths else float(_LEAST_STRIP)


def _bundles(routes: list[Route], gutter: int) -> list[Bundle]:
    found: list[Bundle] = []
    for way in routes:
        if gutter not in (way.start, way.end):
            continue
        ports = [port for port in way.ports if gutter == (way.end if port.arrives else way.start)]
        left = [port.y for port in ports if port.side == "right"]
        right = [port.y for port in ports if port.side == "left"]
        if way.lane is not None:
            (right if left else left).append(way.lane)
        found.append(Bundle(net=ports[0].net, left=tuple(left), right=tuple(right)))
    return found


def _plain(points: list[Point]) -> tuple[Point, ...]:
    """Drop repeated points and those in the middle of a straight line."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        if len(kept) > 1 and _in_line(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return tuple(kept)


def _in_line(first: Point, middle: Point, last: Point) -> bool:
    return first[0] == middle[0] == last[0] or first[1] == middle[1] == last[1]
