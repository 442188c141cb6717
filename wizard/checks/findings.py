"""Requirements judged on a sheet of facts. What is not known never counts as passed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from wizard.checks import judges
from wizard.checks.facts import FactSheet, Known, Missing
from wizard.checks.requirement import Requirement, Severity
from wizard.checks.verdict import Verdict, VerdictStatus
from wizard.text import Text, _

log = logging.getLogger(__name__)

Status = Literal["pass", "warn", "fail", "unknown", "skipped"]

_UNSETTLED = frozenset({"fail", "unknown", "skipped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One requirement judged at one time.

    `observed_from`, `at` and `seconds` tell where the facts come from, when the oldest of them was seen (an answer
    given today makes what a machine said last week no younger), and how long the slowest took. `remedy` is empty
    where the requirement is met.
    """

    requirement_id: str
    title: Text
    category: str
    severity: Severity
    waivable: bool
    owner: str
    status: Status
    summary: Text
    observed: Text
    expected: Text
    remedy: Text
    observed_from: str
    at: datetime
    seconds: float
    details: tuple[Text, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Texts keep template and values, `at` is RFC 3339."""
        return {
            "requirement_id": self.requirement_id,
            "title": self.title.to_json(),
            "category": self.category,
            "severity": self.severity,
            "waivable": self.waivable,
            "owner": self.owner,
            "status": self.status,
            "summary": self.summary.to_json(),
            "observed": self.observed.to_json(),
            "expected": self.expected.to_json(),
            "remedy": self.remedy.to_json(),
            "observed_from": self.observed_from,
            "at": self.at.isoformat(),
            "seconds": self.seconds,
            "details": [detail.to_json() for detail in self.details],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        texts = {
            name: Text.from_json(stored[name])
            for name in ("title", "summary", "observed", "expected", "remedy")
        }
        return cls(
            requirement_id=stored["requirement_id"],
            category=stored["category"],
            severity=stored["severity"],
            waivable=stored["waivable"],
            owner=stored["owner"],
            status=stored["status"],
            observed_from=stored["observed_from"],
            at=datetime.fromisoformat(stored["at"]),
            seconds=stored["seconds"],
            details=tuple(Text.from_json(detail) for detail in stored["details"]),
            **texts,
        )


def judge_all(requirements: Iterable[Requirement], sheet: FactSheet, *, now: datetime) -> list[Finding]:
    """One finding for each requirement, in the order given.

    A requirement is skipped when one that it requires was not met, not known or skipped itself; a required
    one that is not among `requirements` does not count. `now` is the time of findings that rest on no fact.
    """
    rows = {row.id: row for row in requirements}
    findings: dict[str, Finding] = {}

    def settle(row: Requirement) -> Finding:
        if row.id not in findings:
            required = [settle(rows[wanted]) for wanted in row.requires if wanted in rows]
            unsettled = next((item for item in required if item.status in _UNSETTLED), None)
            findings[row.id] = (
                _skip(row, unsettled, now) if unsettled is not None else _judge_one(row, sheet, now)
            )
        return findings[row.id]

    return [settle(row) for row in rows.values()]


def _judge_one(row: Requirement, sheet: FactSheet, now: datetime) -> Finding:
    seen: list[Known] = []
    for key in row.facts:
        fact = sheet.get(key)
        if row.question and not isinstance(fact, Known):
            return _unanswered(row, row.question, now)
        if fact is None:
            return _unknown(row, now, Text(_("Nothing has looked at %(fact)s."), fact=key))
        if isinstance(fact, Missing):
            return _unknown(row, now, fact.reason, fact)
        seen.append(fact)
    asked = dict(zip(row.facts, seen, strict=True))
    asked.update({key: fact for key in row.hints if isinstance(fact := sheet.get(key), Known)})
    seen = list(asked.values())
    verdict = _ask_judge(row, {key: fact.value for key, fact in asked.items()})
    if verdict is None:
        return _unknown(
            row, now, Text(_("The facts could not be read; the log of the worker holds the details."))
        )
    return _finding(
        row,
        status=_soften(verdict.status, row.severity),
        summary=verdict.summary,
        observed=verdict.observed,
        expected=verdict.expected,
        remedy=Text("") if verdict.status == "pass" else row.remedy,
        observed_from=", ".join(dict.fromkeys(fact.observed_from for fact in seen)),
        at=min(fact.at for fact in seen),
        seconds=max(fact.seconds for fact in seen),
        details=verdict.details,
    )


def _ask_judge(row: Requirement, facts: Mapping[str, Any]) -> Verdict | None:
    judge = judges.find_judge(row.judge)
    if judge is None:
        raise LookupError(f"{row.id} names the judge {row.judge}, which does not exist")
    try:
        return judge(facts, row.params)
    except Exception:
        # One fact of an unexpected shape must not cost the operator all other findings.
        log.exception("the judge %s of %s failed", row.judge, row.id)
        return None


def _soften(status: VerdictStatus, severity: Severity) -> Status:
    if status == "fail" and severity != "block":
        return "warn"
    return status


def _skip(row: Requirement, because: Finding, now: datetime) -> Finding:
    return _finding(
        row,
        status="skipped",
        summary=Text(
            _("Not checked, because %(id)s comes first: %(title)s."),
            id=because.requirement_id,
            title=because.title,
        ),
        observed=Text(_("not checked")),
        expected=row.title,
        remedy=Text(_("Settle %(id)s, then run the checks again."), id=because.requirement_id),
        observed_from="",
        at=now,
        seconds=0.0,
    )


def _unknown(row: Requirement, now: datetime, reason: Text, missing: Missing | None = None) -> Finding:
    return _finding(
        row,
        status="unknown",
        summary=Text(_("Could not be checked: %(reason)s"), reason=reason),
        observed=Text(_("not known")),
        expected=row.title,
        remedy=(missing and missing.remedy) or Text(_("Run the checks again once the cause is settled.")),
        observed_from=missing.observed_from if missing else "",
        at=missing.at if missing else now,
        seconds=missing.seconds if missing else 0.0,
    )


def _unanswered(row: Requirement, question: Text, now: datetime) -> Finding:
    return _finding(
        row,
        status="unknown",
        summary=Text(_("Not answered yet: %(question)s"), question=question),
        observed=Text(_("not answered")),
        expected=Text(_("yes")),
        remedy=Text(_("Answer the question; a note or a file may show what the answer rests on.")),
        observed_from="",
        at=now,
        seconds=0.0,
    )


def _finding(row: Requirement, **values: Any) -> Finding:
    return Finding(
        requirement_id=row.id,
        title=row.title,
        category=row.category,
        severity=row.severity,
        waivable=row.waivable,
        owner=row.owner,
        **values,
    )
