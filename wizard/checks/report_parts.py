"""What every form of a report is made of: the report itself, words for people, and the small decisions they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from wizard.checks import catalogue
from wizard.checks.findings import Finding, Status
from wizard.checks.freshness import is_old
from wizard.checks.gate import gate
from wizard.checks.requirement import PROFILES, Requirement
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
class Answered:
    """Who answered an attested requirement and when, and what the answer rests on; `file_name` is "" without."""

    by: str
    at: datetime
    note: str = ""
    file_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """Who approved the answers of now, who had asked, when; `sha256` is the digest of exactly these answers."""

    by: str
    asked_by: str
    at: datetime
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a report is made of: findings in order, and the reasons of the waivers in force by requirement.

    `answers` holds, by requirement, what people answered where no probe can see. `approval` is None where there is none, or
    none of these answers.
    """

    deployment: str
    profile: str
    generated_at: datetime
    findings: Sequence[Finding]
    waivers: Mapping[str, str]
    answers: Mapping[str, Answered] = field(default_factory=dict)
    approval: Approved | None = None


def heading(report: Report) -> str:
    return str(Text(_("Preflight of %(deployment)s"), deployment=report.deployment))


def verdict(report: Report) -> Text:
    decision = gate(report.findings, report.waivers)
    if decision.blocked:
        return Text(_("In the way: %(ids)s."), ids=list(decision.blocking))
    return Text(_("Nothing stands in the way. Warnings: %(number)s."), number=len(decision.warnings))


def approval_line(approval: Approved) -> Text:
    return Text(
        _("Approved by %(who)s on %(at)s, as %(asker)s had asked. SHA-256 of the answers: %(sha256)s"),
        who=approval.by,
        at=approval.at.date().isoformat(),
        asker=approval.asked_by,
        sha256=approval.sha256,
    )


def is_waived(finding: Finding, report: Report) -> bool:
    """Whether a waiver in force lets this finding, which is not in order, be as it is."""
    return finding.waivable and finding.status != "pass" and finding.requirement_id in report.waivers


def status_words(finding: Finding, report: Report) -> str:
    words = str(STATUS_WORDS[finding.status])
    return f"{words} ({Text(_('accepted'))})" if is_waived(finding, report) else words


def count(report: Report) -> Counter[str]:
    counts: Counter[str] = Counter(dict.fromkeys(STATUS_WORDS, 0))
    counts.update(finding.status for finding in report.findings)
    return counts


def requirement_of(finding: Finding, report: Report) -> Requirement | None:
    """The row of the catalogue, or None where today's catalogue does not know it any more."""
    if report.profile not in PROFILES:
        return None
    return catalogue.load(report.profile).get(finding.requirement_id)


def age_s(finding: Finding, report: Report) -> float:
    """Seconds between what was seen and the report; never negative."""
    return max(0.0, (report.generated_at - finding.at).total_seconds())


def is_stale(finding: Finding, report: Report) -> bool:
    """Whether what was seen is more than a day old. What a person answered does not age like that."""
    return finding.requirement_id not in report.answers and is_old(finding.at, report.generated_at)


def origin(finding: Finding, report: Report) -> Text:
    """One sentence on where the finding comes from: who answered and when, or from where it was seen and when."""
    if answer := report.answers.get(finding.requirement_id):
        return Text(_("Answered by %(who)s at %(time)s."), who=answer.by, time=moment(answer.at))
    if not finding.observed_from:
        return Text("")
    seen = {"where": finding.observed_from, "time": moment(finding.at)}
    if is_stale(finding, report):
        return Text(_("Seen from %(where)s at %(time)s, more than a day ago."), **seen)
    return Text(_("Seen from %(where)s at %(time)s."), **seen)


def evidence(finding: Finding, report: Report) -> tuple[Text, ...]:
    """What an answer rests on, one sentence each: the note and the file that came with it."""
    answer = report.answers.get(finding.requirement_id)
    if answer is None:
        return ()
    told = []
    if answer.note.strip():
        told.append(Text(_("Note: %(note)s"), note=answer.note.strip()))
    if answer.file_name:
        told.append(Text(_("File: %(name)s"), name=answer.file_name))
    return tuple(told)


def moment(at: datetime) -> str:
    """ "2026-11-22 09:30 UTC": the same for every reader, wherever the report ends up."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def printable(text: str) -> str:
    """XML 1.0 has no place for most control characters, not even escaped."""
    return "".join(
        c
        for c in text
        if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
