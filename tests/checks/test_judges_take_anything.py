"""No fact that a target machine may report stops a judge, and no row leaves two ways of being checked open."""

from __future__ import annotations

from itertools import product
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
            and any(key.startswith(("host.", "mt_linux.")) for key in row.facts)
            and set(row.facts) <= set(STRATEGIES)
        }.values()
    )


ROWS = rows_on_target_facts()


def test_the_rows_that_rest_on_the_target_alone_are_many():
    assert len({row.id for row in ROWS}) >= 55


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.id}-{row.phase}-{'-'.join(row.methods)}")
def test_no_fact_of_the_right_shape_stops_a_judge(row: Requirement):
    judge = find_judge(row.judge)
    assert judge is not None
    hints = {key: STRATEGIES[key] for key in row.hints if key in STRATEGIES}
    sheet = st.fixed_dictionaries({key: STRATEGIES[key] for key in row.facts}, optional=hints)

    @settings(max_examples=30, deadline=None, database=None, derandomize=True)
    @given(sheet)
    def decide(facts: dict[str, Any]) -> None:
        verdict = judge(facts, row.params)
        assert verdict.status in STATUSES
        sentences = rendered(verdict.summary, verdict.observed, verdict.expected, *verdict.details)
        assert sentences[0]

    decide()


CLASSIC = {"mobility", "vault"}
COMPONENTS = {
    "asr-classic": [
        {"cs", "ps_builtin", *CLASSIC},
        {"cs", "ps_builtin", "vcenter", "esxi", "ps_failback", "mt_builtin", "mt_linux", *CLASSIC},
        {"cs", "ps_builtin", "vcenter", "esxi", "ps_failback", "mt_windows", "mt_linux", *CLASSIC},
        {"ps_scaleout", *CLASSIC},
    ],
    "asr-modernized": [{"appliance", *CLASSIC}, {"appliance", "vcenter", "esxi", *CLASSIC}],
}
FURTHER = ("proxy", "private_endpoints", "failback", "linux_failback", "winrm", "physical")


@pytest.mark.parametrize("profile", PROFILES)
def test_in_no_deployment_two_ways_of_checking_apply_at_once(profile: str):
    catalogue = load(profile)
    for components, method, runs_on, phase, *flags in product(
        COMPONENTS[profile],
        ("ova", "manual"),
        ("vmware_host", "physical_host"),
        ("before", "after"),
        *((False, True) for _ in FURTHER),
    ):
        if method == "ova" and runs_on == "physical_host":
            continue
        words = {method, runs_on, *(word for word, holds in zip(FURTHER, flags, strict=True) if holds)}
        words |= components & {"cs", "ps_scaleout", "appliance", "vcenter"} | {"vmware"}
        for cloud in ("public", "us_government"):
            catalogue.select(
                components=components, circumstances=words, method=method, phase=phase, cloud=cloud
            )


@pytest.mark.parametrize("profile", PROFILES)
def test_every_fact_that_a_row_reads_on_a_target_is_one_that_collectors_report(profile: str):
    for row in load(profile):
        for key in (*row.facts, *row.hints):
            if key.startswith(("host.", "mt_linux.")):
                assert key in STRATEGIES, f"{row.id}: {key}"
