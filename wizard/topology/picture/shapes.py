"""The finished picture as plain shapes, in pixels from its top left corner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wizard.topology.edges import Style
from wizard.topology.graph import Link, Zone
from wizard.topology.picture.faces import Face
from wizard.topology.picture.routing import Point
from wizard.topology.picture.scene import Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Rect:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneShape:
    rect: Rect
    zone: Zone
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameShape:
    """`title` is shortened, `tooltip` is not; both are empty for the frame around a vCenter."""

    rect: Rect
    title: str
    tooltip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxShape:
    rect: Rect
    card: Card
    face: Face


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The corners of one connection from source to target; its arrowhead sits at the last one."""

    points: tuple[Point, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShape:
    """The connections of one net, which share what they can."""

    style: Style
    runs: tuple[Run, ...]
    tooltip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelShape:
    """`y` is the base line. `anchor` says which end of the text is at `x`."""

    x: float
    y: float
    anchor: Literal["start", "end"]
    text: str
    style: Style


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendRow:
    """One row of the edge tables that occurs: its number, protocol and ports, and what it is for."""

    y: float
    sample_x: float
    row_x: float
    ports_x: float
    purpose_x: float
    style: Style
    row: str
    ports: str
    purpose: str
    tooltip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    width: float
    height: float
    zones: tuple[ZoneShape, ...]
    frames: tuple[FrameShape, ...]
    boxes: tuple[BoxShape, ...]
    lines: tuple[LineShape, ...]
    labels: tuple[LabelShape, ...]
    legend_top: float
    legend: tuple[LegendRow, ...]
