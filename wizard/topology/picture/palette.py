"""Colours and line widths where no page says otherwise; texts keep a contrast of 4.5 and more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wizard.topology.edges import Style
from wizard.topology.graph import Zone

PAPER: Final = "#ffffff"
INK: Final = "#1b2430"
MUTED: Final = "#4d5966"
EDGE: Final = "#8a96a3"
FAINT: Final = "#aab4be"

ZONES: Final[Mapping[Zone, str]] = {
    "sources": "#eef2f6",
    "vsphere": "#ecf4ec",
    "site": "#eef2f6",
    "azure": "#e8f1fa",
}
LINES: Final[Mapping[Style, str]] = {
    "data": "#0a5cad",
    "failback": "#8a2b8f",
    "control": "#4d5966",
    "vsphere": "#2c6e2f",
    "push": "#8a5200",
}
WEIGHTS: Final[Mapping[Style, float]] = {
    "data": 2.4,
    "failback": 2.0,
    "control": 1.4,
    "vsphere": 1.6,
    "push": 1.4,
}
# The path of the data lies above the others.
DEPTH: Final[Mapping[Style, int]] = {"push": 0, "vsphere": 1, "control": 2, "failback": 3, "data": 4}
