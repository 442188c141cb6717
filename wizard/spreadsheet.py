"""Lines of CSV (RFC 4180) that a spreadsheet may open without harm."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

# A spreadsheet takes a cell that begins like this for a formula, also in the wide forms of East Asian keyboards.
_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"
# At the beginning, behind spaces or not; a tab or a line end there is looked behind.
_FORMULA: Final = re.compile(rf"\s*[{_SIGNS}]|[\t\r\n]")
# One that is set to French or Swedish divides lines at semicolons, takes our quotes for text, and so finds cells within a cell.
# A run is begun at its first character alone, else a cell of nothing but line ends would take hours.
_WITHIN: Final = re.compile(rf"(?<![;\s\"])[;\s\"]++(?=[{_SIGNS}])")
_SEPARATORS: Final = frozenset(";\t\r\n")


def csv_line(cells: Iterable[str]) -> str:
    """One line, which ends in CR LF. What could be taken for a formula, at whatever separator, has an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_WITHIN.sub(_quoted, f"'{cell}" if _FORMULA.match(cell) else cell) for cell in cells])
    return out.getvalue()


def _quoted(run: re.Match[str]) -> str:
    return run[0] if _SEPARATORS.isdisjoint(run[0]) else f"{run[0]}'"
