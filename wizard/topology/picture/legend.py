"""The list below the picture: what each row number on a line stands for."""

from __future__ import annotations

from typing import Final

from wizard.topology.edges import style_of
from wizard.topology.graph import Graph, Link
from wizard.topology.picture.grid import MARGIN
from wizard.topology.picture.lettering import shorten, width
from wizard.topology.picture.shapes import LegendRow

SIZE: Final = 12
SAMPLE: Final = 18
_LINE: Final = 20
_GAP: Final = 12
_COLUMN_GAP: Final = 28
_MOST_ROW: Final = 60
_MOST_PORTS: Final = 160


def legend(graph: Graph, top: float, wide: float) -> tuple[LegendRow, ...]:
    """One entry for each row and purpose that occurs, in as many columns as `wide` holds in full."""
    found: dict[tuple[str, str], list[Link]] = {}
    for link in graph.links:
        found.setdefault((link.id, str(link.purpose)), []).append(link)
    if not found:
        return ()
    ports = {entry: _ports(links) for entry, links in found.items()}
    row_room = min(_MOST_ROW, max(width(row, SIZE, bold=True) for row, _ in found))
    ports_room = min(_MOST_PORTS, max(width(words, SIZE) for words in ports.values()))
    lead = SAMPLE + _GAP + row_room + _GAP + ports_room + _GAP
    room = wide - 2 * MARGIN
    need = lead + max(width(purpose, SIZE) for _, purpose in found)
    columns = max(1, min(len(found), int((room + _COLUMN_GAP) // (need + _COLUMN_GAP))))
    deep = -(-len(found) // columns)
    rows: list[LegendRow] = []
    for place, (entry, links) in enumerate(found.items()):
        row, purpose = entry
        x = MARGIN + place // deep * (room + _COLUMN_GAP) // columns
        rows.append(
            LegendRow(
                y=top + _LINE * (place % deep + 1) + _GAP / 2,
                sample_x=x,
                row_x=x + SAMPLE + _GAP,
                ports_x=x + SAMPLE + _GAP + row_room + _GAP,
                purpose_x=x + lead,
                style=style_of(links[0].id),
                row=shorten(row, row_room, SIZE, bold=True),
                ports=shorten(ports[entry], ports_room, SIZE),
                purpose=shorten(purpose, room - lead, SIZE),
                tooltip=f"{row} {ports[entry]}: {purpose}",
            )
        )
    return tuple(rows)


def _ports(links: list[Link]) -> str:
    return ", ".join(dict.fromkeys(f"{link.protocol} {link.port}" for link in links))
