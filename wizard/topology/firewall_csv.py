"""The firewall matrix as CSV, for those who open the ports (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Final

from wizard.text import Text, _
from wizard.topology.firewall_rule import Direction, FirewallRule

_DIRECTION_TITLES: Final[Mapping[Direction, Text]] = {
    "in": Text(_("In")),
    "out": Text(_("Out")),
    "between": Text(_("Between others")),
}
_WORST_FIRST: Final = ("fail", "unknown", "warn", "pass", "skipped")
# A spreadsheet takes a cell that begins like this for a formula, or looks behind a tab or a line end for one.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def verdict_of(rule: FirewallRule, verdicts: Mapping[str, str]) -> str:
    """The worst status among the rule's proofs, `verdicts` being statuses by requirement id.

    A proof without a status is unknown, and unknown never counts as passed. Empty where nothing proves the rule.
    """
    found = {verdicts.get(requirement, "unknown") for requirement in rule.proved_by}
    for status in _WORST_FIRST:
        if status in found:
            return status
    return "unknown" if found else ""


def as_csv(rules: Sequence[FirewallRule], verdicts: Mapping[str, str]) -> str:
    """A header and one line for each rule, in the reader's language; lines end in CR LF, there is no BOM.

    A cell that a spreadsheet could take for a formula begins with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    header = (
        Text(_("Rule")), Text(_("From")), Text(_("From address")), Text(_("To")), Text(_("To address")),
        Text(_("Protocol")), Text(_("Port")), Text(_("Direction")), Text(_("Why")), Text(_("Proved by")),
        Text(_("Last verdict")),
    )  # fmt: skip
    writer.writerow([_cell(str(title)) for title in header])
    for rule in rules:
        cells = (
            rule.id, str(rule.source.name), rule.source.address or "", str(rule.target.name),
            rule.target.address or "", rule.protocol, rule.port, str(_DIRECTION_TITLES[rule.direction]),
            str(rule.why), " ".join(rule.proved_by), verdict_of(rule, verdicts),
        )  # fmt: skip
        writer.writerow([_cell(cell) for cell in cells])
    return out.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
