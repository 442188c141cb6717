"""No fact that a target machine may report stops a judge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.checks.shaped_facts import STRATEGIES, rendered
from wizard.checks.catalogue import PROFILES, load
from wizard.checks.judges import find_judge
from wizard.checks.requirement import Requirement

STATUSES = {"pass", "warn", "fail", "unknown"}


def rows_on_target_facts() -> list[Requirement]:
    """Variants that ask the same judge the same thing are tried once."""
    return list(
        {
            (row.judge, row.facts, repr(row.params)): row
            for profile in PROFILES
            for row in load(profile)
            if row.kind == "probe"
            and any(key.startswith(("host.", "mt_linux.")) for key in (*row.facts, *row.hints))
        }.values()
    )


ROWS = rows_on_target_facts()


def test_the_rows_that_rest_on_the_target_alone_are_many():
    assert len({row.id for row in ROWS}) >= 55


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.id}-{row.phase}-{'-'.join(row.methods)}")
def test_no_fact_of_the_right_shape_stops_a_judge(row: Requirement):
    judge = find_judge(row.judge)
    assert judge is not None
    hints = {key: STRATEGIES[key] for key in row.hints}
    sheet = st.fixed_dictionaries({key: STRATEGIES[key] for key in row.facts}, optional=hints)

    @settings(max_examples=20, deadline=None, database=None, derandomize=True)
    @given(sheet)
    def decide(facts: dict[str, Any]) -> None:
        verdict = judge(facts, row.params)
        assert verdict.status in STATUSES
        sentences = rendered(verdict.summary, verdict.observed, verdict.expected, *verdict.details)
        assert sentences[0]

    decide()


@pytest.mark.parametrize("profile", PROFILES)
def test_every_fact_that_a_row_reads_on_a_target_is_one_that_collectors_report(profile: str):
    for row in load(profile):
        for key in (*row.facts, *row.hints):
            if key.startswith(("host.", "mt_linux.")):
                assert key in STRATEGIES, f"{row.id}: {key}"
