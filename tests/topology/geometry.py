"""Questions about shapes, asked by the tests of the picture."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from wizard.topology.picture.grid import LABEL_SIZE
from wizard.topology.picture.lettering import width
from wizard.topology.picture.shapes import LabelShape, LineShape, Picture, Rect

Segment = tuple[float, float, float, float]


def overlap(one: Rect, other: Rect) -> bool:
    """Whether the insides meet; sharing a border is no overlap."""
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def holds(outer: Rect, inner: Rect) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


def view(picture: Picture) -> Rect:
    return Rect(x=0, y=0, width=picture.width, height=picture.height)


def of_label(shape: LabelShape) -> Rect:
    """From the top of its capitals to the lowest comma."""
    wide = width(shape.text, LABEL_SIZE)
    left = shape.x - wide if shape.anchor == "end" else shape.x
    return Rect(x=left, y=shape.y - 9, width=wide, height=11)


def segments(line: LineShape) -> Iterator[Segment]:
    """Each with its smaller end first."""
    for run in line.runs:
        for (x1, y1), (x2, y2) in pairwise(run.points):
            yield min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def crosses(segment: Segment, rect: Rect) -> bool:
    """Whether a line goes through the inside of a rectangle."""
    x1, y1, x2, y2 = segment
    return x1 < rect.x + rect.width and x2 > rect.x and y1 < rect.y + rect.height and y2 > rect.y


def on_border(point: tuple[float, float], rect: Rect) -> bool:
    x, y = point
    right, bottom = rect.x + rect.width, rect.y + rect.height
    inside = rect.x <= x <= right and rect.y <= y <= bottom
    return inside and (x in (rect.x, right) or y in (rect.y, bottom))


def run_together(one: Segment, other: Segment) -> bool:
    """Whether two lines cover a stretch of each other, so that nobody could tell them apart."""
    ax1, ay1, ax2, ay2 = one
    bx1, by1, bx2, by2 = other
    if ay1 == ay2 == by1 == by2:
        return ax1 < bx2 and bx1 < ax2
    if ax1 == ax2 == bx1 == bx2:
        return ay1 < by2 and by1 < ay2
    return False
