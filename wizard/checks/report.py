"""Findings as files: JSON for programs, JUnit XML for pipelines, Markdown for tickets, HTML for people.

The words come out in the language that is active when a report is made.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import groupby
from typing import Any
from xml.etree import ElementTree

from wizard.checks.findings import Finding, Status
from wizard.checks.gate import gate
from wizard.text import Text, _

STATUS_WORDS: Mapping[Status, Text] = {
    "pass": Text(_("Passed")),
    "warn": Text(_("Warning")),
    "fail": Text(_("Action needed")),
    "unknown": Text(_("Could not be checked")),
    "skipped": Text(_("Skipped")),
}

OWNER_WORDS: Mapping[str, Text] = {
    "vsphere": Text(_("vSphere administrator")),
    "windows": Text(_("Windows administrator")),
    "network": Text(_("Network administrator")),
    "azure": Text(_("Azure administrator")),
    "operator": Text(_("Operator of this wizard")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a report is made of: findings in order, and the reasons of the waivers in force by requirement."""

    deployment: str
    profile: str
    generated_at: datetime
    findings: Sequence[Finding]
    waivers: Mapping[str, str]


def as_json(report: Report) -> str:
    """`{deployment, profile, generated_at, blocked, blocking[], waived[], counts{}, findings[]}`."""
    decision = gate(report.findings, report.waivers)
    document = {
        "deployment": report.deployment,
        "profile": report.profile,
        "generated_at": report.generated_at.isoformat(),
        "blocked": decision.blocked,
        "blocking": list(decision.blocking),
        "waived": list(decision.waived),
        "counts": dict(_count(report)),
        "findings": [_plain(finding, report) for finding in report.findings],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_junit(report: Report) -> str:
    """One suite for each category. What blocks is a failure, what is not known an error, what was skipped or
    waived is skipped; warnings pass and say so in system-out."""
    root = ElementTree.Element("testsuites", name=_clean(report.deployment))
    blocking = set(gate(report.findings, report.waivers).blocking)
    for category, findings in _by_category(report):
        suite = ElementTree.SubElement(
            root, "testsuite", name=category, timestamp=report.generated_at.isoformat(timespec="seconds")
        )
        kinds = Counter(_add_case(suite, finding, report, blocking) for finding in findings)
        suite.set("tests", str(len(findings)))
        for plural, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(plural, str(kinds[kind]))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def as_markdown(report: Report) -> str:
    """A summary, a table of everything, then each finding that is not in order with what to do."""
    lines = [f"# {_cell(_heading(report))}", "", str(_verdict(report)), ""]
    columns = (Text(_("Requirement")), Text(_("Status")), Text(_("Observed")), Text(_("Expected")))
    lines += ["| " + " | ".join(map(str, columns)) + " |", "|---|---|---|---|"]
    for finding in report.findings:
        cells = (
            f"{finding.requirement_id} {finding.title}",
            _status_words(finding, report),
            finding.observed,
            finding.expected,
        )
        lines.append("| " + " | ".join(_cell(str(cell)) for cell in cells) + " |")
    for finding in _not_in_order(report):
        lines += [
            "",
            f"## {_cell(f'{finding.requirement_id} {finding.title}')}",
            "",
            _cell(str(finding.summary)),
        ]
        lines += [f"- {_cell(str(detail))}" for detail in finding.details]
        lines += ["", f"**{_cell(str(OWNER_WORDS[finding.owner]))}:** {_cell(str(finding.remedy))}"]
        if reason := report.waivers.get(finding.requirement_id):
            lines += ["", _cell(str(Text(_("Accepted: %(reason)s"), reason=reason)))]
    return "\n".join(lines) + "\n"


def as_html(report: Report, *, language: str = "en") -> str:
    """One page that needs nothing else: to be downloaded, sent, printed."""
    rows = "".join(_html_row(finding, report) for finding in report.findings)
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
    title = _html(_heading(report))
    return (
        f'<!DOCTYPE html>\n<html lang="{_html(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f"<p>{_html(_verdict(report))}</p>\n"
        f"<p>{_html(report.generated_at.isoformat(timespec='seconds'))}</p>\n"
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</main>\n</body>\n</html>\n"
    )


_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 80rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8888; padding: .5rem; text-align: left; vertical-align: top; }
td ul { margin: .25rem 0; padding-left: 1.25rem; }
.fail, .unknown { font-weight: 700; }
.owner { display: block; font-size: .875rem; }
@media print { body { max-width: none; } }
"""


def _plain(finding: Finding, report: Report) -> dict[str, Any]:
    return {
        "requirement_id": finding.requirement_id,
        "title": str(finding.title),
        "category": finding.category,
        "severity": finding.severity,
        "owner": finding.owner,
        "status": finding.status,
        "waived": report.waivers.get(finding.requirement_id) if finding.waivable else None,
        "summary": str(finding.summary),
        "observed": str(finding.observed),
        "expected": str(finding.expected),
        "remedy": str(finding.remedy),
        "details": [str(detail) for detail in finding.details],
        "observed_from": finding.observed_from,
        "at": finding.at.isoformat(),
        "seconds": round(finding.seconds, 3),
    }


def _add_case(suite: ElementTree.Element, finding: Finding, report: Report, blocking: set[str]) -> str:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        name=_clean(f"{finding.requirement_id} {finding.title}"),
        classname=f"preflight.{finding.category}",
        time=f"{finding.seconds:.3f}",
    )
    kind = _junit_kind(finding, report, blocking)
    words = [str(finding.summary), *map(str, finding.details), str(finding.remedy)]
    if kind == "skipped":
        reason = report.waivers.get(finding.requirement_id) or str(finding.summary)
        ElementTree.SubElement(case, "skipped", message=_clean(reason))
    elif kind in ("failure", "error"):
        element = ElementTree.SubElement(
            case, kind, message=_clean(str(finding.summary)), type=finding.status
        )
        element.text = _clean("\n".join(filter(None, words)))
    elif finding.status != "pass":
        ElementTree.SubElement(case, "system-out").text = _clean("\n".join(filter(None, words)))
    return kind


def _junit_kind(finding: Finding, report: Report, blocking: set[str]) -> str:
    if finding.status == "pass":
        return "passed"
    if finding.status == "skipped" or (finding.waivable and finding.requirement_id in report.waivers):
        return "skipped"
    if finding.status == "unknown":
        return "error"
    return "failure" if finding.requirement_id in blocking else "passed"


def _html_row(finding: Finding, report: Report) -> str:
    details = "".join(f"<li>{_html(detail)}</li>" for detail in finding.details)
    observed = _html(finding.observed) + (f"<ul>{details}</ul>" if details else "")
    what_to_do = ""
    if finding.remedy:
        owner = _html(OWNER_WORDS[finding.owner])
        what_to_do = f'<strong class="owner">{owner}</strong>{_html(finding.remedy)}'
    return (
        f'<tr><th scope="row">{_html(finding.requirement_id)} {_html(finding.title)}</th>'
        f'<td class="{finding.status}">{_html(_status_words(finding, report))}</td>'
        f"<td>{observed}</td><td>{_html(finding.expected)}</td><td>{what_to_do}</td></tr>\n"
    )


def _heading(report: Report) -> str:
    return str(Text(_("Preflight of %(deployment)s"), deployment=report.deployment))


def _verdict(report: Report) -> Text:
    decision = gate(report.findings, report.waivers)
    if decision.blocked:
        return Text(_("In the way: %(ids)s."), ids=list(decision.blocking))
    return Text(_("Nothing stands in the way. Warnings: %(number)s."), number=len(decision.warnings))


def _status_words(finding: Finding, report: Report) -> str:
    words = str(STATUS_WORDS[finding.status])
    accepted = finding.waivable and finding.status != "pass" and finding.requirement_id in report.waivers
    return f"{words} ({Text(_('accepted'))})" if accepted else words


def _not_in_order(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.status != "pass"]


def _count(report: Report) -> Counter[str]:
    counts: Counter[str] = Counter(dict.fromkeys(STATUS_WORDS, 0))
    counts.update(finding.status for finding in report.findings)
    return counts


def _by_category(report: Report) -> list[tuple[str, list[Finding]]]:
    ordered = sorted(report.findings, key=lambda finding: finding.category)
    return [(category, list(members)) for category, members in groupby(ordered, lambda item: item.category)]


def _cell(text: str) -> str:
    """Markdown that shows the text as it is, on one line: remote parties have a say in what we quote."""
    one_line = " ".join(text.split())
    for character in "\\`*_[]<>|":
        one_line = one_line.replace(character, f"\\{character}")
    return one_line


def _html(text: object) -> str:
    return escape(_clean(str(text)))


def _clean(text: str) -> str:
    """XML 1.0 has no place for most control characters, not even escaped."""
    return "".join(
        c
        for c in text
        if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
