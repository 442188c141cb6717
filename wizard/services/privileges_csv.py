"""The comparison of privileges as CSV, one line for each that is missing or too much (RFC 4180)."""

from __future__ import annotations

import csv
import io
from typing import Final

from wizard.services.privileges import LEVEL_TITLES, Comparison
from wizard.text import Text, _
from wizard.vsphere.rights import PRIVILEGE_NAMES

# A spreadsheet takes a cell that begins like this for a formula, or looks behind a tab or a line end for one.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(comparison: Comparison) -> str:
    """A header and the rows in the reader's language; lines end in CR LF, there is no BOM."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    header = (
        Text(_("Object")), Text(_("Path")), Text(_("Finding")), Text(_("Level")), Text(_("Id")), Text(_("Privilege")),
    )  # fmt: skip
    writer.writerow([str(title) for title in header])
    missing, excess = str(Text(_("missing"))), str(Text(_("excess")))
    for item in comparison.objects:
        where = (item.object.name, item.object.path)
        for level, rights in item.missing.items():
            for right in rights:
                row = (*where, missing, str(LEVEL_TITLES[level]), right.privilege_id, right.name)
                writer.writerow([_cell(cell) for cell in row])
        for identifier in item.excess:
            row = (*where, excess, "", identifier, PRIVILEGE_NAMES.get(identifier, ""))
            writer.writerow([_cell(cell) for cell in row])
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
