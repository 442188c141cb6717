"""How wide a text will be, and how to shorten one that is too wide.

Nobody knows the reader's font when the picture is made, so widths are those of DejaVu Sans: it is wider than
other usual fonts.
"""

from __future__ import annotations

import unicodedata
from typing import Final, Literal

ELLIPSIS: Final = "…"
_BOLD: Final = 1.15
_OTHER: Final = 0.8
_WIDE: Final = 1.05
# Hundredths of the font size for the characters from space to tilde.
_ASCII: Final[tuple[int, ...]] = (
    32, 40, 46, 84, 64, 95, 78, 28, 39, 39, 50, 84, 32, 36, 32, 34,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53,
    100, 68, 69, 70, 77, 63, 57, 78, 75, 30, 30, 66, 56, 86, 75, 79,
    60, 79, 70, 64, 61, 73, 68, 99, 68, 61, 68, 39, 34, 39, 84, 50,
    50, 61, 64, 55, 64, 62, 35, 64, 63, 28, 28, 58, 28, 97, 63, 61,
    64, 64, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
)  # fmt: skip


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels, rather too many than too few."""
    total = sum(_advance(sign) for sign in text) * size
    return total * _BOLD if bold else total


def shorten(
    text: str, room: float, size: float, *, bold: bool = False, cut: Literal["middle", "end"] = "end"
) -> str:
    """The text if `room` pixels hold it; else as much as fits, with an ellipsis.

    Names are cut in the middle, because the ends of host names are what tells them apart.
    """
    if width(text, size, bold=bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        keep = (low + high + 1) // 2
        if width(_cut(text, keep, cut), size, bold=bold) <= room:
            low = keep
        else:
            high = keep - 1
    return _cut(text, low, cut)


def _cut(text: str, keep: int, cut: Literal["middle", "end"]) -> str:
    head = keep if cut == "end" else keep - keep // 2
    tail = keep - head
    return text[:head].rstrip() + ELLIPSIS + (text[-tail:].lstrip() if tail else "")


def _advance(sign: str) -> float:
    code = ord(sign) - 32
    if 0 <= code < len(_ASCII):
        return _ASCII[code] / 100
    if unicodedata.combining(sign):
        return 0.0
    return _WIDE if unicodedata.east_asian_width(sign) in ("W", "F") else _OTHER
