"""The firewall matrix as one page of HTML that needs nothing else: to be downloaded, sent, printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from wizard.text import Text, _
from wizard.topology.firewall_csv import DIRECTION_TITLES, NEEDED_BY_TITLES, verdict_of
from wizard.topology.firewall_rule import End, FirewallRule

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 90rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8888; padding: .4rem .5rem; text-align: left; vertical-align: top; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
small { display: block; font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
@media print { @page { size: landscape; } body { max-width: none; padding: 0; font-size: 9pt; } }
"""


def as_html(
    rules: Sequence[FirewallRule],
    verdicts: Mapping[str, str],
    *,
    name: str,
    words: Mapping[str, str],
    at: datetime,
    language: str = "en",
) -> str:
    """The table with the last verdict of each rule. `words` says each status for people, `at` when this was so."""
    title = escape(str(Text(_("Firewall rules of %(name)s"), name=name)))
    head = "".join(
        f'<th scope="col">{escape(str(text))}</th>'
        for text in (
            Text(_("Rule")), Text(_("From")), Text(_("To")), Text(_("Protocol")), Text(_("Port")),
            Text(_("Direction")), Text(_("Needed by")), Text(_("Why")), Text(_("Proved by")), Text(_("Last verdict")),
        )
    )  # fmt: skip
    rows = "".join(_row(rule, words.get(verdict_of(rule, verdicts), "–")) for rule in rules)
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f"<p>{at.astimezone(UTC).strftime('%Y-%m-%d %H:%M UTC')}</p>\n"
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</main>\n</body>\n</html>\n"
    )


def _row(rule: FirewallRule, verdict: str) -> str:
    cells = (
        _end(rule.source), _end(rule.target), escape(rule.protocol), escape(rule.port),
        escape(str(DIRECTION_TITLES[rule.direction])), escape(str(NEEDED_BY_TITLES[rule.needed_by])), _why(rule),
        escape(" ".join(rule.proved_by)),
        escape(verdict),
    )  # fmt: skip
    return (
        f'<tr><th scope="row">{escape(rule.id)}</th>'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr>\n"
    )


def _why(rule: FirewallRule) -> str:
    known_from = f"<small>{escape(str(rule.known_from))}</small>" if rule.known_from else ""
    return escape(str(rule.why)) + known_from


def _end(end: End) -> str:
    name = escape(str(end.name))
    return (
        name
        if not end.address or end.address == str(end.name)
        else f"{name}<small>{escape(end.address)}</small>"
    )
