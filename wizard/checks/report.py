"""Findings as files: JSON for programs, JUnit XML for pipelines, Markdown for tickets, HTML for people.

The words come out in the language that is active when a report is made. SARIF is in `wizard.checks.sarif`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from wizard.checks.findings import Finding
from wizard.checks.gate import gate
from wizard.checks.report_html import as_html as as_html
from wizard.checks.report_junit import as_junit as as_junit
from wizard.checks.report_parts import OWNER_WORDS as OWNER_WORDS
from wizard.checks.report_parts import STATUS_WORDS as STATUS_WORDS
from wizard.checks.report_parts import Answered as Answered
from wizard.checks.report_parts import Approved as Approved
from wizard.checks.report_parts import Report as Report
from wizard.checks.report_parts import (
    age_s,
    count,
    evidence,
    heading,
    is_stale,
    origin,
    requirement_of,
    status_words,
    verdict,
)
from wizard.checks.report_parts import approval_line as approval_line
from wizard.text import Text, _


def as_json(report: Report) -> str:
    """`{deployment, profile, generated_at, blocked, blocking[], waived[], counts{}, findings[]}`, and where there is one
    `approval {by, asked_by, at, sha256}`."""
    decision = gate(report.findings, report.waivers)
    document = {
        "deployment": report.deployment,
        "profile": report.profile,
        "generated_at": report.generated_at.isoformat(),
        "blocked": decision.blocked,
        "blocking": list(decision.blocking),
        "waived": list(decision.waived),
        "counts": dict(count(report)),
        **_approved(report),
        "findings": [_plain(finding, report) for finding in report.findings],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _approved(report: Report) -> dict[str, Any]:
    if report.approval is None:
        return {}
    return {"approval": {**asdict(report.approval), "at": report.approval.at.isoformat()}}


def as_markdown(report: Report) -> str:
    """A summary, a table of everything, then each finding that is not in order with what to do."""
    lines = [f"# {escaped(heading(report))}", "", str(verdict(report)), ""]
    if report.approval is not None:
        lines += [escaped(str(approval_line(report.approval))), ""]
    columns = (Text(_("Requirement")), Text(_("Status")), Text(_("Observed")), Text(_("Expected")))
    lines += ["| " + " | ".join(map(str, columns)) + " |", "|---|---|---|---|"]
    for finding in report.findings:
        cells = (
            f"{finding.requirement_id} {finding.title}",
            status_words(finding, report),
            finding.observed,
            finding.expected,
        )
        lines.append("| " + " | ".join(escaped(str(cell)) for cell in cells) + " |")
    for finding in report.findings:
        if finding.status != "pass":
            lines += _open_finding(finding, report)
    answered = [finding for finding in report.findings if finding.requirement_id in report.answers]
    if answered:
        lines += ["", f"## {Text(_('Answers'))}", ""]
    for finding in answered:
        told = " ".join(map(str, (origin(finding, report), *evidence(finding, report))))
        lines.append(f"- {escaped(f'{finding.requirement_id} {finding.title}: {finding.observed}. {told}')}")
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Markdown that shows the text as it is, on one line: remote parties have a say in what we quote."""
    one_line = " ".join(text.split())
    for character in "\\`*_[]<>|":
        one_line = one_line.replace(character, f"\\{character}")
    return one_line


def _open_finding(finding: Finding, report: Report) -> list[str]:
    lines = [
        "",
        f"## {escaped(f'{finding.requirement_id} {finding.title}')}",
        "",
        escaped(str(finding.summary)),
    ]
    lines += [f"- {escaped(str(detail))}" for detail in finding.details]
    lines += ["", f"**{escaped(str(OWNER_WORDS[finding.owner]))}:** {escaped(str(finding.remedy))}"]
    if seen := origin(finding, report):
        lines += ["", escaped(str(seen))]
    if row := requirement_of(finding, report):
        words = Text(_("Source: %(document)s, %(date)s"), document=row.source, date=row.source_date)
        lines += ["", f"[{escaped(str(words))}]({row.link})"]
    if reason := report.waivers.get(finding.requirement_id):
        lines += ["", escaped(str(Text(_("Accepted: %(reason)s"), reason=reason)))]
    return lines


def _plain(finding: Finding, report: Report) -> dict[str, Any]:
    row, answer = requirement_of(finding, report), report.answers.get(finding.requirement_id)
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
        "age_seconds": round(age_s(finding, report)),
        "old": is_stale(finding, report),
        "seconds": round(finding.seconds, 3),
        "answer": {
            "by": answer.by,
            "at": answer.at.isoformat(),
            "note": answer.note,
            "file_name": answer.file_name,
        }
        if answer
        else None,
        "source": {
            "document": row.source,
            "date": row.source_date,
            "link": row.link,
            "conflict": row.conflict,
        }
        if row
        else None,
    }
