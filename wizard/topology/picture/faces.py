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
from wizard.topology.roles import ROLES

TITLE_SIZE: Final = 11
NAME_SIZE: Final = 13
LINE_SIZE: Final = 11
ICON: Final = 16
INDENT: Final = 10
MOST_DETAILS: Final = 3
_LIST_LENGTH: Final = 60
_ROOM: Final = BOX_WIDTH - 2 * INDENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """`tooltip` says everything in full. A compact face has no title; its lines say what it is."""

    title: str
    name: str
    lines: tuple[str, ...]
    tooltip: str
    height: int


def face(card: Card, *, beside: tuple[Node, ...] = ()) -> Face:
    """`beside` are the others of the same machine; an address that they show is not shown again."""
    if card.folded:
        return _folded(card)
    node = card.nodes[0]
    title = str(ROLES[node.kind].title)
    details = [str(text) for text in captions(node)]
    tooltip = [f"{title}: {node.name}", *node.address_to_tell, *details]
    if card.compact:
        known = [title, *node.address_to_tell, *details]
        lines = (shorten(" · ".join(known), _ROOM, LINE_SIZE),)
        return Face(
            title="", name=_name(node.name), lines=lines, tooltip="\n".join(tooltip), height=whole_rows(46)
        )
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
        name=_name(node.name),
        lines=tuple(shorten(line, _ROOM, LINE_SIZE, cut="middle") for line in shown),
        tooltip="\n".join(tooltip),
        height=whole_rows(50 + 15 * len(shown)),
    )


def _folded(card: Card) -> Face:
    title = ROLES[card.kind].title
    name = str(Text(_("%(kind)s: %(count)s more"), count=len(card.nodes), kind=title))
    first, last = card.nodes[0].name, card.nodes[-1].name
    listed = [f"{node.name} {node.address or ''}".rstrip() for node in card.nodes[:_LIST_LENGTH]]
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
