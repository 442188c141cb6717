"""Lines of CSV (RFC 4180) that a spreadsheet may open without harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

# A spreadsheet takes a cell that begins like this for a formula, or looks behind a tab or a line end for one.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_line(cells: Iterable[str]) -> str:
    """One line, which ends in CR LF. A cell that could be taken for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue()
