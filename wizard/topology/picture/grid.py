"""The measures that all of the picture shares, in pixels.

Everything vertical sits on rows of 12: lines that leave a box to the right on a row, those to the left half a
row higher. So lines of both sides of a gutter never run on top of each other, and can still be made to meet.
"""

from __future__ import annotations

from typing import Final

ROW: Final = 12
HALF: Final = ROW // 2
BOX_WIDTH: Final = 220
FRAME: Final = 12
ZONE: Final = 8
COLUMN_WIDTH: Final = BOX_WIDTH + 2 * (FRAME + ZONE)
MARGIN: Final = 24
TRACK: Final = 10
LABEL_SIZE: Final = 11
LABEL_LINE: Final = 12


def whole_rows(pixels: float) -> int:
    """The least number of pixels that is whole rows and holds that many."""
    return -int(-pixels // ROW) * ROW
