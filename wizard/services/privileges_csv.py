"""The comparison of privileges as CSV, one line for each that is missing or too much (RFC 4180)."""

from __future__ import annotations

from wizard.services.privileges import LEVEL_TITLES, Comparison
from wizard.spreadsheet import csv_line
from wizard.text import Text, _
from wizard.vsphere.rights import PRIVILEGE_NAMES


def as_csv(comparison: Comparison) -> str:
    """A header and the rows in the reader's language; lines end in CR LF, there is no BOM."""
    header = (
        Text(_("Object")), Text(_("Path")), Text(_("Finding")), Text(_("Level")), Text(_("Id")), Text(_("Privilege")),
    )  # fmt: skip
    lines = [csv_line(str(title) for title in header)]
    missing, excess = str(Text(_("missing"))), str(Text(_("excess")))
    for item in comparison.objects:
        where = (item.object.name, item.object.path)
        for level, rights in item.missing.items():
            for right in rights:
                row = (*where, missing, str(LEVEL_TITLES[level]), right.privilege_id, right.name)
                lines.append(csv_line(row))
        for identifier in item.excess:
            row = (*where, excess, "", identifier, PRIVILEGE_NAMES.get(identifier, ""))
            lines.append(csv_line(row))
    return "".join(lines)
