"""What stands on a box, shortened to its width, and how tall that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wizard.text import Text, _
from wizard.topology.captions import captions
from wizard.topology.graph import Node
from wizard.topology.picture.grid import BOX_WIDTH, whole_rows
from wizard.topology.picture.lettering import shorten
from wizard.topology.picture.scene import Card
from wizard.topology.roles import APPLIANCE_PARTS, ROLES

TITLE_SIZE: Final = 11
NAME_SIZE: Final = 13
PART_SIZE: Final = 12
LINE_SIZE: Final = 11
ICON: Final = 16
INDENT: Final = 10
MOST_DETAILS: Final = 3
_LIST_LENGTH: Final = 60
_ROOM: Final = BOX_WIDTH - 2 * INDENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """`tooltip` says everything in full. A compact face has no title; its lines say what it is.

    `sign` says that the icon of the kind is shown; `name_size` is in pixels.
    """

    title: str
    name: str
    lines: tuple[str, ...]
    tooltip: str
    height: int
    sign: bool = False
    name_size: int = NAME_SIZE


def face(card: Card, *, beside: tuple[Node, ...] = ()) -> Face:
    """`beside` are the others of the same machine; an address that they show is not shown again."""
    if card.folded:
        return _folded(card)
    node = card.nodes[0]
    title = str(ROLES[node.kind].title)
    details = [str(text) for text in captions(node)]
    tooltip = [f"{title}: {node.label}", *node.address_to_tell, *details]
    if card.compact:
        known = [title, *node.address_to_tell, *details]
        lines = (shorten(" · ".join(known), _ROOM, LINE_SIZE),)
        return Face(
            title="",
            name=_name(str(node.label)),
            lines=lines,
            tooltip="\n".join(tooltip),
            height=whole_rows(46),
        )
    if node.kind in APPLIANCE_PARTS and beside:
        return _part(node, title, "\n".join(tooltip))
    repeated = any(other.address == node.address for other in beside) and node.kind in (
        "ps_builtin",
        "mt_builtin",
    )
    if repeated:
        shared = [str(text) for other in beside for text in captions(other)]
        details = [detail for detail in details if detail not in shared]
    shown = [*(node.address_to_tell if not repeated else ()), *details[:MOST_DETAILS]]
    return Face(
        title=shorten(title, _ROOM - ICON - 6, TITLE_SIZE),
        name=_name(str(node.label)),
        lines=tuple(shorten(line, _ROOM, LINE_SIZE, cut="middle") for line in shown),
        tooltip="\n".join(tooltip),
        height=whole_rows(50 + 15 * len(shown)),
        sign=True,
    )


def _part(node: Node, title: str, tooltip: str) -> Face:
    """One of the many parts of an appliance: what it is, and its port; the frame has the name and the rest."""
    port = node.attributes.get("data_port")
    lines = () if port is None else (str(Text(_("Data port %(port)s"), port=port)),)
    return Face(
        title="",
        name=shorten(title, _ROOM - ICON - 6, PART_SIZE, bold=True),
        lines=lines,
        tooltip=tooltip,
        height=whole_rows(28 + 15 * len(lines)),
        sign=True,
        name_size=PART_SIZE,
    )


def _folded(card: Card) -> Face:
    title = ROLES[card.kind].title
    name = str(Text(_("%(kind)s: %(count)s more"), count=len(card.nodes), kind=title))
    first, last = card.nodes[0].label, card.nodes[-1].label
    listed = [f"{node.label} {node.address or ''}".rstrip() for node in card.nodes[:_LIST_LENGTH]]
    if len(card.nodes) > _LIST_LENGTH:
        listed.append("…")
    return Face(
        title="",
        name=shorten(name, _ROOM, NAME_SIZE, bold=True),
        lines=(shorten(f"{first} – {last}", _ROOM, LINE_SIZE, cut="middle"),),
        tooltip="\n".join([name, *listed]),
        height=whole_rows(46),
    )


def _name(name: str) -> str:
    return shorten(name, _ROOM, NAME_SIZE, bold=True, cut="middle")
