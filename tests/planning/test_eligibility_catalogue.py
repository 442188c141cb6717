from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.planning.eligibility_machines import ALONE, controller, disk, linux, machine
from wizard.planning import eligibility
from wizard.planning.eligibility import (
    RULES,
    STATUS_LABELS,
    VERDICT_LABELS,
    VERDICTS,
    MachineFinding,
    Verdict,
    judge,
    unseen,
    verdict_of,
)
from wizard.planning.eligibility.finding import BOTH, CLASSIC, MODERNIZED, Status, found

SEVERITIES = {
    "SM-01": "block", "SM-02": "block", "SM-03": "block", "SM-04": "block", "SM-05": "block", "SM-06": "block",
    "SM-07": "block", "SM-08": "warn", "SM-09": "block", "SM-10": "block", "SM-11": "block", "SM-12": "info",
    "SM-13": "warn", "SM-14": "warn", "SM-15": "warn", "SM-16": "warn", "SM-17": "block", "SM-18": "warn",
    "SM-19": "warn", "SM-20": "warn", "SM-21": "block", "SM-22": "block", "SM-23": "info", "SM-24": "block",
    "SM-25": "block", "SM-26": "block", "SM-27": "warn", "SM-28": "block", "SM-29": "hide", "SM-30": "hide",
    "SM-31": "block",
}  # fmt: skip
UNSEEN = {"SM-08", "SM-09", "SM-20", "SM-24", "SM-25", "SM-26", "SM-27", "SM-28", "SM-31"}


def finding(status: Status, **fields: object) -> MachineFinding:
    return found("SM-01", status, "text", "remedy", **fields)


def test_all_31_rules_are_there_with_the_severity_of_the_facts() -> None:
    assert {id: rule.severity for id, rule in RULES.items()} == SEVERITIES
    assert list(RULES) == [f"SM-{number:02}" for number in range(1, 32)]
    assert all(rule.id == id and rule.title and rule.source for id, rule in RULES.items())


def test_what_only_the_guest_can_tell_is_listed_and_never_found() -> None:
    assert {id for id, rule in RULES.items() if not rule.seen} == UNSEEN
    assert set(RULES) >= {rule.id for rule in unseen()} > UNSEEN
    assert all(rule.in_guest for rule in unseen())


def test_every_rule_that_is_seen_has_code_that_says_it_and_no_other_has() -> None:
    package = Path(eligibility.__file__).parent
    said = set[str]()
    for file in package.glob("*_rules.py"):
        said |= set(re.findall(r'found\(\s*"(SM-\d\d)"', file.read_text("utf-8")))
    assert said == {id for id, rule in RULES.items() if rule.seen}


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([], "ready"),
        (["info"], "ready"),
        (["info", "warn"], "attention"),
        (["warn", "unknown", "info"], "unknown"),
        (["unknown", "block", "warn"], "blocked"),
        (["hide", "block"], "hidden"),
    ],
)
def test_the_gravest_finding_gives_the_verdict(statuses: list[Status], verdict: Verdict) -> None:
    findings = [finding(status) for status in statuses]
    assert verdict_of(findings, "asr-classic") == verdict
    assert verdict_of(findings, "asr-modernized") == verdict


def test_a_finding_counts_only_in_its_profiles() -> None:
    findings = [finding("block", profiles=CLASSIC), finding("warn", profiles=MODERNIZED)]
    assert verdict_of(findings, "asr-classic") == "blocked"
    assert verdict_of(findings, "asr-modernized") == "attention"


def test_every_verdict_and_status_has_words() -> None:
    assert set(VERDICT_LABELS) == set(VERDICTS)
    assert set(STATUS_LABELS) == {"info", "warn", "unknown", "block", "hide"}
    labels = [*VERDICT_LABELS.values(), *STATUS_LABELS.values()]
    assert all(label.title and label.hint.endswith(".") for label in labels)


def test_findings_survive_being_stored() -> None:
    spoiled = linux(
        guest_id="rhel9_64Guest",
        guest_full_name="",
        disks=(disk(5000), disk(9000, unit=1, disk_mode="independent_persistent")),
        controllers=(controller(kind="pvscsi"),),
    )
    found = judge(spoiled, ALONE)
    assert {finding.rule for finding in found} == {"SM-01", "SM-03", "SM-06", "SM-13", "SM-22"}
    stored = json.loads(json.dumps([finding.to_json() for finding in found]))
    restored = tuple(MachineFinding.from_json(entry) for entry in stored)
    assert restored == found
    assert [str(finding.text) for finding in restored] == [str(finding.text) for finding in found]


def test_the_stored_form_is_small() -> None:
    assert judge(machine(), ALONE) == ()
    both, classic = finding("block"), finding("block", profiles=CLASSIC)
    assert both.to_json() == {
        "rule": "SM-01",
        "status": "block",
        "text": {"text": "text"},
        "remedy": {"text": "remedy"},
    }
    assert classic.to_json()["profiles"] == ["asr-classic"]
    assert MachineFinding.from_json(both.to_json()).profiles == BOTH
    assert MachineFinding.from_json(classic.to_json()).profiles == CLASSIC
