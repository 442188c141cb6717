"""The firewall matrix as CSV, for those who open the ports (RFC 4180)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from wizard.spreadsheet import csv_line
from wizard.text import Text, _
from wizard.topology.firewall_rule import Direction, FirewallRule, NeededBy

DIRECTION_TITLES: Final[Mapping[Direction, Text]] = {
    "in": Text(_("In")),
    "out": Text(_("Out")),
    "between": Text(_("Between others")),
}
NEEDED_BY_TITLES: Final[Mapping[NeededBy, Text]] = {
    "site_recovery": Text(_("Site Recovery")),
    "foothold": Text(_("Foothold")),
}
_WORST_FIRST: Final = ("fail", "unknown", "warn", "pass", "skipped")


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
    header = (
        Text(_("Rule")), Text(_("From")), Text(_("From address")), Text(_("To")), Text(_("To address")),
        Text(_("Protocol")), Text(_("Port")), Text(_("Direction")), Text(_("Why")), Text(_("Needed by")),
        Text(_("Known from")), Text(_("Proved by")), Text(_("Last verdict")),
    )  # fmt: skip
    lines = [csv_line(str(title) for title in header)]
    for rule in rules:
        cells = (
            rule.id, str(rule.source.name), rule.source.address or "", str(rule.target.name),
            rule.target.address or "", rule.protocol, rule.port, str(DIRECTION_TITLES[rule.direction]),
            str(rule.why), str(NEEDED_BY_TITLES[rule.needed_by]), str(rule.known_from or ""),
            " ".join(rule.proved_by), verdict_of(rule, verdicts),
        )  # fmt: skip
        lines.append(csv_line(cells))
    return "".join(lines)
