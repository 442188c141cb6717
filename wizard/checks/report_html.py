"""Findings as one page of HTML that needs nothing else: to be downloaded, sent, printed."""

from __future__ import annotations

from html import escape

from wizard.checks.findings import Finding
from wizard.checks.report_parts import (
    OWNER_WORDS,
    Report,
    approval_line,
    evidence,
    heading,
    moment,
    origin,
    printable,
    requirement_of,
    status_words,
    verdict,
)
from wizard.text import Text, _

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 80rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8888; overflow-wrap: anywhere; padding: .5rem; text-align: left; vertical-align: top; }
td:nth-child(2) { overflow-wrap: normal; }
td ul { margin: .25rem 0; padding-left: 1.25rem; }
.fail, .unknown { font-weight: 700; }
.owner, .origin, .source { display: block; font-size: .875rem; }
.source { font-weight: 400; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  :root { color-scheme: light; font-size: 9pt; }
  body { max-width: none; padding: 0; }
  h1 { break-after: avoid; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  a { color: inherit; text-decoration: none; }
  a::after { content: " <" attr(href) ">"; }
}
"""


def as_html(report: Report, *, language: str = "en") -> str:
    """The verdict, then a table of everything: each row says from where it was seen and links to its source."""
    rows = "".join(_row(finding, report) for finding in report.findings)
    head = "".join(
        f'<th scope="col">{_html(text)}</th>'
        for text in (
            Text(_("Requirement")),
            Text(_("Status")),
            Text(_("Observed")),
            Text(_("Expected")),
            Text(_("What to do")),
        )
    )
    title = _html(heading(report))
    approved = f"<p>{_html(approval_line(report.approval))}</p>\n" if report.approval is not None else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{_html(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f"<p>{_html(verdict(report))}</p>\n"
        f"{approved}<p>{_html(moment(report.generated_at))}</p>\n"
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</main>\n</body>\n</html>\n"
    )


def _row(finding: Finding, report: Report) -> str:
    told = (*finding.details, *evidence(finding, report))
    details = "".join(f"<li>{_html(detail)}</li>" for detail in told)
    observed = _html(finding.observed) + (f"<ul>{details}</ul>" if details else "")
    if seen := origin(finding, report):
        observed += f'<span class="origin">{_html(seen)}</span>'
    what_to_do = ""
    if finding.remedy:
        owner = _html(OWNER_WORDS[finding.owner])
        what_to_do = f'<strong class="owner">{owner}</strong>{_html(finding.remedy)}'
    return (
        f'<tr><th scope="row">{_html(finding.requirement_id)} {_html(finding.title)}{_source(finding, report)}</th>'
        f'<td class="{finding.status}">{_html(status_words(finding, report))}</td>'
        f"<td>{observed}</td><td>{_html(finding.expected)}</td><td>{what_to_do}</td></tr>\n"
    )


def _source(finding: Finding, report: Report) -> str:
    row = requirement_of(finding, report)
    if row is None:
        return ""
    words = Text(_("Source: %(document)s, %(date)s"), document=row.source, date=row.source_date)
    return f'<a class="source" href="{_html(row.link)}">{_html(words)}</a>'


def _html(text: object) -> str:
    return escape(printable(str(text)))
