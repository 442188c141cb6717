"""One shape of the picture, written down as SVG; the classes are explained in `drawing`."""

from __future__ import annotations

from typing import Final

from wizard.topology.edges import Style
from wizard.topology.picture import palette
from wizard.topology.picture.faces import ICON, INDENT, LINE_SIZE, TITLE_SIZE
from wizard.topology.picture.grid import LABEL_SIZE
from wizard.topology.picture.icons import ICONS
from wizard.topology.picture.legend import SAMPLE, SIZE
from wizard.topology.picture.markup import Value, element, text
from wizard.topology.picture.shapes import (
    BoxShape,
    FrameShape,
    LabelShape,
    LegendRow,
    LineShape,
    Rect,
    ZoneShape,
)
from wizard.topology.picture.strokes import arrowhead, path

_ZONE_SIZE: Final = 13


def words(name: str, x: float, y: float, said: str, size: int, **more: Value) -> str:
    given: dict[str, Value] = {"class": name, "x": x, "y": y, "font-size": size}
    return element("text", given | {key.replace("_", "-"): value for key, value in more.items()}, text(said))


def zone(shape: ZoneShape) -> str:
    x, y = shape.rect.x + 20, shape.rect.y + 23
    return element(
        "g",
        {"class": f"topology-zone topology-zone--{shape.zone}"},
        _rect(shape.rect, "topology-zone-area", rx=8, fill=palette.ZONES[shape.zone]),
        words("topology-zone-title", x, y, shape.title, _ZONE_SIZE, font_weight=600),
    )


def frame(shape: FrameShape) -> str:
    border = _rect(shape.rect, "topology-frame", rx=6, fill="none", stroke=palette.FAINT)
    if not shape.title:
        return border
    title = _quiet("topology-frame-title", shape.rect.x + 12, shape.rect.y + 16, shape.title, LABEL_SIZE)
    return element("g", {}, element("title", {}, text(shape.tooltip)), border, title)


def box(shape: BoxShape) -> str:
    rect, face = shape.rect, shape.face
    given: dict[str, Value] = {"class": f"topology-node topology-node--{shape.card.kind}"}
    parts = [element("title", {}, text(face.tooltip))]
    if shape.card.folded:
        behind = Rect(x=rect.x + 4, y=rect.y + 4, width=rect.width - 8, height=rect.height)
        parts.append(_plate(behind))
    else:
        given["data-key"] = shape.card.nodes[0].key
    parts.append(_plate(rect))
    x, y = rect.x + INDENT, rect.y + 18
    if face.sign:
        parts.append(_icon(shape))
    if face.title:
        parts.append(_quiet("topology-node-title", x, y, face.title, TITLE_SIZE))
        y += 18
    parts.append(words("topology-node-name", x, y, face.name, face.name_size, font_weight=600))
    for line_said in face.lines:
        y += 16
        parts.append(_quiet("topology-node-line", x, y, line_said, LINE_SIZE))
    return element("g", given, *parts)


def line(shape: LineShape) -> str:
    courses = [run.points for run in shape.runs]
    rows = sorted({link.id for run in shape.runs for link in run.links})
    given: dict[str, Value] = {
        "class": f"topology-link topology-link--{shape.style}",
        "color": palette.LINES[shape.style],
        "data-rows": " ".join(rows),
    }
    arrows = dict.fromkeys(arrowhead(course) for course in courses)
    return element(
        "g",
        given,
        element("title", {}, text(shape.tooltip)),
        _stroke("topology-link-line", path(courses), shape.style),
        *(
            element("path", {"class": "topology-link-arrow", "d": arrow, "fill": "currentColor"})
            for arrow in arrows
        ),
    )


def label(shape: LabelShape) -> str:
    name = f"topology-label topology-label--{shape.style}"
    colour = palette.LINES[shape.style]
    return words(
        name, shape.x, shape.y, shape.text, LABEL_SIZE,
        text_anchor=shape.anchor, color=colour, fill="currentColor",
    )  # fmt: skip


def legend(rows: tuple[LegendRow, ...], *, top: float, left: float, right: float) -> str:
    """The list, below a rule from `left` to `right`; nothing where there are no rows."""
    if not rows:
        return ""
    rule = element(
        "path",
        {"class": "topology-legend-rule", "d": f"M{left:g} {top:g}H{right:g}", "stroke": palette.FAINT},
    )
    return element("g", {"class": "topology-legend"}, rule, *(_legend_row(row) for row in rows))


def _legend_row(row: LegendRow) -> str:
    sample = _stroke(
        f"topology-legend-line topology-legend-line--{row.style}",
        f"M{row.sample_x:g} {row.y - 4:g}h{SAMPLE}",
        row.style,
        color=palette.LINES[row.style],
    )
    return element(
        "g",
        {},
        element("title", {}, text(row.tooltip)),
        sample,
        words("topology-legend-row", row.row_x, row.y, row.row, SIZE, font_weight=600),
        words("topology-legend-ports", row.ports_x, row.y, row.ports, SIZE),
        _quiet("topology-legend-purpose", row.purpose_x, row.y, row.purpose, SIZE),
    )


def _quiet(name: str, x: float, y: float, said: str, size: int) -> str:
    return words(name, x, y, said, size, fill=palette.MUTED)


def _icon(shape: BoxShape) -> str:
    x = shape.rect.x + shape.rect.width - INDENT - ICON + 2
    given: dict[str, Value] = {
        "class": "topology-node-icon",
        "d": ICONS[shape.card.kind],
        "fill": "none",
        "stroke": palette.MUTED,
        "stroke-width": 1.3,
        "stroke-linecap": "round",
        "stroke-linejoin": "round",
        "transform": f"translate({x:g} {shape.rect.y + 7:g})",
    }
    return element("path", given)


def _stroke(name: str, data: str, style: Style, **more: Value) -> str:
    given: dict[str, Value] = {
        "class": name,
        "d": data,
        "fill": "none",
        "stroke": "currentColor",
        "stroke-width": palette.WEIGHTS[style],
        "stroke-linecap": "round",
    }
    return element("path", given | more)


def _plate(rect: Rect) -> str:
    return _rect(rect, "topology-node-box", rx=5, fill=palette.PAPER, stroke=palette.EDGE)


def _rect(rect: Rect, name: str, **more: Value) -> str:
    place: dict[str, Value] = {"x": rect.x, "y": rect.y, "width": rect.width, "height": rect.height}
    return element("rect", {"class": name} | place | more)
