"""Findings as JUnit XML, for pipelines."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from xml.etree import ElementTree

from wizard.checks.findings import Finding
from wizard.checks.gate import gate
from wizard.checks.report_parts import Report, evidence, is_waived, origin, printable


def as_junit(report: Report) -> str:
    """One suite for each category. What blocks is a failure, what is not known an error, what was skipped or
    waived is skipped; warnings and answers of people pass and say so in system-out."""
    root = ElementTree.Element("testsuites", name=printable(report.deployment))
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


def _add_case(suite: ElementTree.Element, finding: Finding, report: Report, blocking: set[str]) -> str:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        name=printable(f"{finding.requirement_id} {finding.title}"),
        classname=f"preflight.{finding.category}",
        time=f"{finding.seconds:.3f}",
    )
    kind = _kind(finding, report, blocking)
    sources = (origin(finding, report), *evidence(finding, report))
    words = (finding.summary, *finding.details, finding.remedy, *sources)
    text = printable("\n".join(filter(None, map(str, words))))
    if kind == "skipped":
        reason = report.waivers.get(finding.requirement_id) or str(finding.summary)
        ElementTree.SubElement(case, "skipped", message=printable(reason))
    elif kind in ("failure", "error"):
        element = ElementTree.SubElement(
            case, kind, message=printable(str(finding.summary)), type=finding.status
        )
        element.text = text
    elif finding.status != "pass" or finding.requirement_id in report.answers:
        ElementTree.SubElement(case, "system-out").text = text
    return kind


def _kind(finding: Finding, report: Report, blocking: set[str]) -> str:
    if finding.status == "pass":
        return "passed"
    if finding.status == "skipped" or is_waived(finding, report):
        return "skipped"
    if finding.status == "unknown":
        return "error"
    return "failure" if finding.requirement_id in blocking else "passed"


def _by_category(report: Report) -> list[tuple[str, list[Finding]]]:
    ordered = sorted(report.findings, key=lambda finding: finding.category)
    return [(category, list(members)) for category, members in groupby(ordered, lambda item: item.category)]
