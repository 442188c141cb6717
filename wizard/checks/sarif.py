"""Findings as SARIF 2.1.0, for tools that collect the results of checks (the schema is OASIS' own)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from wizard.checks.findings import Finding
from wizard.checks.report_parts import (
    OWNER_WORDS,
    Report,
    age_s,
    evidence,
    is_stale,
    is_waived,
    origin,
    requirement_of,
)
from wizard.checks.requirement import Requirement, Severity

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVELS: dict[Severity, str] = {"block": "error", "warn": "warning", "info": "note"}


def as_sarif(report: Report) -> str:
    """One run: a rule for each requirement with the page of its source, a result for each finding.

    What passed has the kind "pass", what could not be decided the kind "open"; neither has a level, as the
    format wants it. A waiver is an accepted suppression with its reason. A result lies where its components
    do, and at the host from which it was seen.
    """
    rules = {finding.requirement_id: _rule(finding, report) for finding in report.findings}
    order = {rule_id: number for number, rule_id in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "Foothold", "rules": list(rules.values())}},
        "automationDetails": {"id": f"preflight/{report.deployment}/"},
        "invocations": [{"executionSuccessful": True, "endTimeUtc": _utc(report.generated_at)}],
        "columnKind": "utf16CodeUnits",
        "results": [_result(finding, order[finding.requirement_id], report) for finding in report.findings],
        "properties": {"deployment": report.deployment, "profile": report.profile},
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _rule(finding: Finding, report: Report) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": finding.requirement_id,
        "shortDescription": {"text": str(finding.title)},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {"category": finding.category, "owner": str(OWNER_WORDS[finding.owner])},
    }
    row = requirement_of(finding, report)
    if row is not None:
        rule["fullDescription"] = {"text": str(row.why)}
        rule["help"] = {"text": "\n".join(filter(None, (str(row.remedy), row.command)))}
        rule["helpUri"] = row.link
        rule["properties"] |= {"source": row.source, "source_date": row.source_date}
        if row.conflict:
            rule["properties"]["conflict"] = row.conflict
    return rule


def _result(finding: Finding, rule_index: int, report: Report) -> dict[str, Any]:
    kind = {"pass": "pass", "unknown": "open", "skipped": "open"}.get(finding.status, "fail")
    words = [str(finding.summary) or str(finding.title), *map(str, finding.details)]
    if kind != "pass" and finding.remedy:
        words.append(str(finding.remedy))
    suppressions = []
    if is_waived(finding, report):
        reason = report.waivers[finding.requirement_id]
        suppressions.append({"kind": "external", "status": "accepted", "justification": reason})
    return {
        "ruleId": finding.requirement_id,
        "ruleIndex": rule_index,
        "kind": kind,
        "level": "none" if kind != "fail" else _level(finding),
        "message": {"text": "\n".join(words)},
        "locations": _locations(finding, requirement_of(finding, report), report),
        # Present and empty says “looked at and not suppressed”; left out would say nothing.
        "suppressions": suppressions,
        "partialFingerprints": {"requirement/v1": f"{report.deployment}:{finding.requirement_id}"},
        "properties": {
            "status": finding.status,
            "observed": str(finding.observed),
            "expected": str(finding.expected),
            "origin": str(origin(finding, report)),
            "evidence": [str(text) for text in evidence(finding, report)],
            "at": _utc(finding.at),
            "age_seconds": round(age_s(finding, report)),
            "old": is_stale(finding, report),
        },
    }


def _level(finding: Finding) -> str:
    if finding.status == "warn":
        return "note" if finding.severity == "info" else "warning"
    return _LEVELS[finding.severity]


def _locations(finding: Finding, row: Requirement | None, report: Report) -> list[dict[str, Any]]:
    components: Sequence[str] = row.components if row is not None else ()
    places = [
        {"name": name, "fullyQualifiedName": f"{report.deployment}/{name}", "kind": "component"}
        for name in components
    ]
    if finding.observed_from:
        places.append({"name": finding.observed_from, "kind": "host"})
    return [{"logicalLocations": [place]} for place in places]


def _utc(at: datetime) -> str:
    """The format knows no other zone, and wants it written as Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
