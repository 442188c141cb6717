"""From the courses of one net to what the pen draws: rounded corners, and nothing drawn twice.

Where several lines of a net share a stretch it is drawn once, because lines on top of each other look bolder.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wizard.topology.picture.routing import Point

CORNER: Final = 7.0
ARROW: Final = 8.0
_OVERLAP: Final = 2.0


def path(courses: Iterable[tuple[Point, ...]]) -> str:
    """The path data of all lines of a net, which end a little before the tips of their arrowheads."""
    straight: dict[tuple[bool, float], list[tuple[float, float]]] = {}
    curves: dict[tuple[Point, Point, Point], None] = {}
    for course in courses:
        tip = step(course[-1], course[-2], ARROW - _OVERLAP)
        points = (*course[:-1], tip)
        at = points[0]
        for before, corner, after in zip(points, points[1:], points[2:], strict=False):
            radius = min(CORNER, _length(before, corner) / 2, _length(corner, after) / 2)
            start, end = step(corner, before, radius), step(corner, after, radius)
            _add(straight, at, start)
            curves[min(start, end), corner, max(start, end)] = None
            at = end
        _add(straight, at, points[-1])
    pieces = [_stretch(level, low, high) for level, spans in straight.items() for low, high in _united(spans)]
    pieces += [f"M{_at(start)}Q{_at(corner)} {_at(end)}" for start, corner, end in curves]
    return "".join(pieces)


def arrowhead(course: tuple[Point, ...]) -> str:
    """A triangle with its tip at the end of the course."""
    tip, base = course[-1], step(course[-1], course[-2], ARROW)
    dx, dy = (tip[0] - base[0]) / 2, (tip[1] - base[1]) / 2
    one, other = (base[0] - dy, base[1] - dx), (base[0] + dy, base[1] + dx)
    return f"M{_at(tip)}L{_at(one)}L{_at(other)}Z"


def step(start: Point, goal: Point, distance: float) -> Point:
    """The point so far from `start` towards `goal`; the two lie on one row or one column."""
    return (
        start[0] + distance * ((goal[0] > start[0]) - (goal[0] < start[0])),
        start[1] + distance * ((goal[1] > start[1]) - (goal[1] < start[1])),
    )


def _add(straight: dict[tuple[bool, float], list[tuple[float, float]]], one: Point, other: Point) -> None:
    if one[1] == other[1]:
        straight.setdefault((True, one[1]), []).append((min(one[0], other[0]), max(one[0], other[0])))
    else:
        straight.setdefault((False, one[0]), []).append((min(one[1], other[1]), max(one[1], other[1])))


def _united(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for low, high in sorted(spans):
        if found and low <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return [(low, high) for low, high in found if low < high]


def _stretch(level: tuple[bool, float], low: float, high: float) -> str:
    flat, at = level
    return f"M{low:g} {at:g}H{high:g}" if flat else f"M{at:g} {low:g}V{high:g}"


def _length(one: Point, other: Point) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _at(point: Point) -> str:
    return f"{point[0]:g} {point[1]:g}"
