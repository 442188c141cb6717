from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.checks.builders import NOW, make_finding, make_requirement, make_sheet
from wizard.checks.engine import FactSheet, Finding, judge_all
from wizard.text import Text

TAKEN = {"placement.vm_name_taken": True}
FREE = {"placement.vm_name_taken": False}


def judge_one(sheet: FactSheet, /, **changes: object) -> Finding:
    (finding,) = judge_all([make_requirement(**changes)], sheet, now=NOW + timedelta(minutes=1))
    return finding


def test_a_met_requirement_passes_and_asks_for_nothing():
    finding = judge_one(make_sheet(FREE))
    assert finding.status == "pass"
    assert not finding.remedy
    assert finding.observed_from == "vcenter.site.test"
    assert finding.at == NOW
    assert finding.seconds == 0.25


def test_a_requirement_that_is_not_met_fails_with_its_remedy():
    finding = judge_one(make_sheet(TAKEN))
    assert finding.status == "fail"
    assert str(finding.remedy) == "Choose another name."
    assert (str(finding.observed), str(finding.expected)) == ("taken", "free")


@pytest.mark.parametrize("severity", ["warn", "info"])
def test_what_does_not_block_is_a_warning_at_worst(severity: str):
    assert judge_one(make_sheet(TAKEN), severity=severity).status == "warn"


def test_a_missing_fact_is_unknown_and_says_why():
    sheet = FactSheet()
    sheet.missing(
        "placement.vm_name_taken",
        Text("vCenter gave no answer."),
        remedy=Text("Wake it up."),
        observed_from="vcenter.site.test",
        seconds=3.0,
        at=NOW,
    )
    finding = judge_one(sheet)
    assert finding.status == "unknown"
    assert str(finding.summary) == "Could not be checked: vCenter gave no answer."
    assert str(finding.remedy) == "Wake it up."
    assert str(finding.expected) == "The name is free"
    assert (finding.observed_from, finding.seconds, finding.at) == ("vcenter.site.test", 3.0, NOW)


def test_a_fact_that_nobody_gathered_is_unknown():
    finding = judge_one(FactSheet())
    assert finding.status == "unknown"
    assert "Nothing has looked at placement.vm_name_taken." in str(finding.summary)
    assert finding.at == NOW + timedelta(minutes=1)


def test_a_fact_of_an_unexpected_shape_costs_one_finding_only(caplog: pytest.LogCaptureFixture):
    rows = [
        make_requirement(id="T-01", judge="datastore_state", facts=("placement.datastore",)),
        make_requirement(id="T-02"),
    ]
    first, second = judge_all(rows, make_sheet({"placement.datastore": "LocalDS_0", **FREE}), now=NOW)
    assert (first.status, second.status) == ("unknown", "pass")
    assert "the judge datastore_state of T-01 failed" in caplog.text


@pytest.mark.parametrize(("facts", "status"), [(TAKEN, "fail"), ({}, "unknown")], ids=["failed", "unknown"])
def test_what_rests_on_something_unsettled_is_skipped_and_names_it(facts: dict[str, bool], status: str):
    sheet = make_sheet({**facts, "placement.disk_provisioning": "thin"})
    rows = [
        make_requirement(
            id="T-03", requires=("T-02",), judge="disk_provisioning", facts=("placement.disk_provisioning",)
        ),
        make_requirement(
            id="T-02", requires=("T-01",), judge="disk_provisioning", facts=("placement.disk_provisioning",)
        ),
        make_requirement(id="T-01"),
    ]
    third, second, first = judge_all(rows, sheet, now=NOW)
    assert first.status == status
    assert second.status == third.status == "skipped"
    assert str(second.summary) == "Not checked, because T-01 comes first: The name is free."
    assert "T-02" in str(third.remedy)


def test_a_warning_stops_nothing_that_rests_on_it():
    rows = [make_requirement(id="T-01", severity="warn"), make_requirement(id="T-02", requires=("T-01",))]
    first, second = judge_all(rows, make_sheet(TAKEN), now=NOW)
    assert (first.status, second.status) == ("warn", "fail")


def test_a_required_row_that_is_not_judged_now_does_not_count():
    assert judge_one(make_sheet(FREE), requires=("T-99",)).status == "pass"


def test_findings_come_in_the_order_of_the_requirements_every_time():
    rows = [make_requirement(id=f"T-{number:02}", requires=("T-19",)) for number in range(19)]
    rows.append(make_requirement(id="T-19"))
    runs = [judge_all(rows, make_sheet(FREE), now=NOW) for _ in range(3)]
    assert [finding.requirement_id for finding in runs[0]] == [row.id for row in rows]
    assert runs[0] == runs[1] == runs[2]


def test_a_finding_is_as_old_as_its_oldest_fact_and_tells_all_sources_and_the_longest_wait():
    sheet = make_sheet({"identity.address": "10.0.0.10", "identity.netmask": "24"})
    later = NOW + timedelta(seconds=5)
    sheet.known("identity.gateway", "10.0.0.1", observed_from="this server", seconds=2.0, at=later)
    finding = judge_one(
        sheet,
        judge="static_address",
        facts=("identity.address", "identity.netmask", "identity.gateway"),
    )
    assert finding.status == "pass"
    assert finding.observed_from == "vcenter.site.test, this server"
    assert (finding.at, finding.seconds) == (NOW, 2.0)


def test_a_hint_is_used_where_it_is_known_and_missed_where_it_is_not():
    row = make_requirement(
        judge="endpoint",
        facts=("urls.reach",),
        hints=("installation.mysql",),
        params={"endpoints": (), "hosts": (), "tried": (), "unless": {"installation.mysql": "staged"}},
    )
    later = NOW + timedelta(hours=1)
    (without,) = judge_all([row], make_sheet({"urls.reach": []}), now=NOW)
    sheet = make_sheet({"urls.reach": []})
    sheet.known("installation.mysql", "staged", observed_from="Foothold", at=later)
    (with_hint,) = judge_all([row], sheet, now=NOW)
    assert (without.status, with_hint.status) == ("unknown", "pass")
    assert (with_hint.observed_from, with_hint.at) == ("vcenter.site.test, Foothold", NOW)


def test_a_finding_survives_json():
    finding = make_finding(
        status="fail", details=(Text("%(host)s: %(detail)s", host="esx1", detail=Text("refused")),)
    )
    assert Finding.from_json(json.loads(json.dumps(finding.to_json()))) == finding


def test_a_question_that_nobody_answered_is_told_with_what_to_do():
    finding = judge_one(
        FactSheet(),
        kind="attested",
        judge="attested",
        facts=("attested.T-01",),
        question=Text("Is the rack locked?"),
    )
    assert finding.status == "unknown"
    assert str(finding.summary) == "Not answered yet: Is the rack locked?"
    assert str(finding.remedy).startswith("Answer the question")
