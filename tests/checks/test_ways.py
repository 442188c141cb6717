from __future__ import annotations

from datetime import timedelta

import pytest

from tests.checks.builders import NOW, make_sheet
from tests.checks.test_catalogue import ROW
from wizard.checks.catalogue import CatalogueError, read
from wizard.checks.engine import judge_all
from wizard.checks.freshness import is_old

WAYS = """
[[requirement.way]]
methods = ["ova"]

[[requirement.way]]
methods = ["manual"]
severity = "warn"
when = ["physical_host"]
facts = ["host.hardware.disks"]

[[requirement.way]]
phase = "after"
components = ["cs", "ps_scaleout"]
"""
ATTESTED = (
    ROW.replace('judge = "vm_name_free"\n', "").replace('facts = ["placement.vm_name_taken"]\n', "")
    + 'kind = "attested"\nquestion = "Is the rack locked?"\n'
)
LISTED = (
    ROW.replace('judge = "vm_name_free"\n', "").replace('facts = ["placement.vm_name_taken"]\n', "")
    + 'kind = "listed"\nunchecked = "No machine can see it."\n'
)
PHYSICAL = frozenset({"manual", "physical_host"})


def test_every_way_is_a_variant_that_keeps_what_it_does_not_replace():
    catalogue = read("asr-classic", ROW + WAYS)
    template, host, after = catalogue.variants("X-01")
    assert len(catalogue) == 1
    assert catalogue.get("X-01") == template
    assert (template.methods, template.severity, template.waivable) == (("ova",), "block", False)
    assert (host.methods, host.when, host.severity) == (("manual",), ("physical_host",), "warn")
    assert host.waivable, "what is waivable follows from the severity of the way"
    assert (after.phase, after.components) == ("after", ("cs", "ps_scaleout"))
    assert {row.title for row in (template, host, after)} == {template.title}


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ({"method": "ova", "phase": "before"}, 0),
        ({"method": "manual", "phase": "before", "circumstances": PHYSICAL}, 1),
        ({"method": "manual", "phase": "before", "circumstances": {"manual"}}, None),
        ({"method": "ova", "phase": "after", "components": {"ps_scaleout"}}, 2),
        ({"method": "ova", "phase": "before", "components": {"ps_scaleout"}}, None),
        ({}, 0),
    ],
)
def test_the_way_that_applies_is_selected(asked: dict[str, object], chosen: int | None):
    catalogue = read("asr-classic", ROW + WAYS)
    expected = () if chosen is None else (catalogue.variants("X-01")[chosen],)
    assert catalogue.select(**asked) == expected  # type: ignore[arg-type]


def test_two_ways_that_apply_at_once_are_refused_where_nothing_was_left_open():
    catalogue = read("asr-classic", ROW + '[[requirement.way]]\n[[requirement.way]]\nseverity = "warn"\n')
    assert len(catalogue.select(phase="before")) == 1
    with pytest.raises(CatalogueError, match="X-01: two ways of checking it apply at once"):
        catalogue.select(components={"cs"}, circumstances=(), method="ova", phase="before")


def test_a_row_of_another_profile_is_not_in_the_catalogue():
    assert len(read("asr-modernized", ROW)) == 0


def test_a_circle_through_another_way_is_found():
    rows = ROW + '[[requirement.way]]\n[[requirement.way]]\nphase = "after"\nrequires = ["X-02"]\n'
    with pytest.raises(CatalogueError, match="is a circle"):
        read("asr-classic", rows + ROW.replace("X-01", "X-02") + 'requires = ["X-01"]\n')


def test_an_attested_row_is_judged_by_its_answer_alone():
    (row,) = read("asr-classic", ATTESTED)
    assert (row.judge, row.facts, str(row.question)) == (
        "attested",
        ("attested.X-01",),
        "Is the rack locked?",
    )


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        ("yes", "pass", "anna confirmed it."),
        ("no", "fail", "anna answered that it is not so."),
        ("not_applicable", "pass", "anna answered that it does not apply here."),
    ],
)
def test_an_answer_decides_and_names_who_gave_it(answer: str, status: str, words: str):
    given = {"answer": answer, "note": " Key 7. ", "by": "anna", "at": NOW}
    (finding,) = judge_all(read("asr-classic", ATTESTED), make_sheet({"attested.X-01": given}), now=NOW)
    assert (finding.status, str(finding.summary)) == (status, words)
    assert [str(detail) for detail in finding.details] == ["Key 7."]


def test_a_question_without_an_answer_is_not_known():
    (finding,) = judge_all(read("asr-classic", ATTESTED), make_sheet({}), now=NOW)
    assert finding.status == "unknown"


def test_a_listed_row_is_never_judged_but_told_with_its_reason():
    catalogue = read("asr-classic", LISTED)
    assert catalogue.select() == ()
    (row,) = catalogue.listed()
    assert str(row.unchecked) == "No machine can see it."
    assert catalogue.listed(components={"appliance"}) == ()


@pytest.mark.parametrize(("hours", "old"), [(-1, False), (24, False), (24.1, True)])
def test_facts_are_old_after_a_day(hours: float, old: bool):
    assert is_old(NOW, NOW + timedelta(hours=hours)) is old
