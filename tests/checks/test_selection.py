"""What a deployment is asked for: no row twice, and nothing about machines that are no part of it."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from wizard.checks.catalogue import load
from wizard.checks.requirement import CLOUDS, COMPONENTS, WHEN, Requirement
from wizard.planning.circumstances import CIRCUMSTANCES, circumstances, components


def select(
    profile: str, phase: str = "before", cloud: str = "public", **answers: Any
) -> dict[str, Requirement]:
    given = {name: value for name, value in answers.items() if value is not None}
    rows = load(profile).select(
        components=components(profile, given),
        circumstances=circumstances(profile, given),
        method=given["source"]["method"],
        phase=phase,
        cloud=cloud,
    )
    return {row.id: row for row in rows}


def source(method: str = "ova", *protects: str, **more: Any) -> dict[str, Any]:
    runs_on = "vmware" if method == "ova" else "physical"
    return {"method": method, "protects": protects or ("vmware",), "runs_on": runs_on, **more}


def test_rows_use_the_words_for_circumstances_that_the_planning_knows():
    assert WHEN == CIRCUMSTANCES
    assert {
        name
        for profile in ("asr-classic", "asr-modernized")
        for row in load(profile)
        for name in row.components
    } <= COMPONENTS


@pytest.mark.parametrize("profile", ["asr-classic", "asr-modernized"])
@pytest.mark.parametrize("phase", ["before", "after"])
def test_no_deployment_is_asked_for_one_thing_in_two_ways(profile: str, phase: str):
    kinds = ("cs", "ps_scaleout") if profile == "asr-classic" else ("appliance",)
    seen: set[str] = set()
    for kind, method, runs_on, protects, failback, linux, proxy, private, cloud in product(
        kinds,
        ("ova", "manual"),
        ("vmware", "physical"),
        (("vmware",), ("physical",), ("vmware", "physical")),
        (True, False),
        (True, False),
        (None, "http://proxy.site.test:3128"),
        (True, False),
        sorted(CLOUDS),
    ):
        if method == "ova" and (kind == "ps_scaleout" or runs_on == "physical"):
            continue
        seen |= select(
            profile,
            phase,
            cloud,
            source={"component": kind, "method": method, "runs_on": runs_on, "protects": protects},
            capacity={"failback": failback, "linux_failback": linux},
            network={"proxy": proxy},
            vault={"private_endpoints": private},
        ).keys()
    asked = {row.id for row in load(profile) if row.kind != "listed" and row.phase == phase}
    assert seen == asked, "a row that no deployment is asked for is never checked"


def test_a_deployment_without_failback_is_not_asked_about_master_targets():
    rows = {**select("asr-classic", source=source()), **select("asr-classic", "after", source=source())}
    assert not [name for name in rows if name.startswith("MT-")]
    with_failback = select("asr-classic", "after", source=source(), capacity={"failback": True})
    assert {"MT-05", "MT-09-WIN", "AZ-06", "NET-16"} <= with_failback.keys()
    assert "MT-14" not in with_failback, "there is no Linux master target"


@pytest.mark.parametrize("profile", ["asr-classic", "asr-modernized"])
@pytest.mark.parametrize("method", ["ova", "manual"])
def test_machines_to_be_protected_never_hold_up_the_setup(profile: str, method: str):
    before = select(profile, source=source(method))
    after = select(profile, "after", source=source(method))
    assert not [row.id for row in before.values() if row.category == "source_machines"]
    assert {"SRC-01", "SRC-19", "NET-15"} <= after.keys()


def test_a_process_server_is_not_asked_for_a_vault_or_a_registration():
    rows = select("asr-classic", source=source("manual", component="ps_scaleout"))
    assert not [name for name in rows if name.startswith(("AZ-0", "INST-"))]
    assert "NET-08" in rows
    assert {"URL-01", "URL-02"} <= rows.keys()
    assert "URL-16" not in rows, "MySQL is for the configuration server alone"


def test_the_appliance_has_addresses_of_its_own():
    rows = select("asr-modernized", source=source("manual"))
    assert {"URL-MOD-04", "URL-MOD-09", "TIME-06", "NET-13", "AZ-08", "PRX-05"} <= rows.keys()
    assert not [name for name in rows if name.startswith("URL-") and not name.startswith("URL-MOD-")]
    assert rows["URL-MOD-07"].kind == "attested"


@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_the_clock_check_of_the_appliance_tries_the_portal_of_each_cloud(cloud: str):
    rows = select("asr-modernized", cloud=cloud, source=source())
    tried = {entry[0] for entry in rows["TIME-06"].params["tried"]}
    assert len(tried & rows.keys()) == 1


def test_questions_are_for_people_in_one_sentence_that_yes_answers_well():
    for profile in ("asr-classic", "asr-modernized"):
        for row in load(profile):
            if row.kind == "attested":
                question = str(row.question)
                assert question.endswith("?"), row.id
                assert question.count("?") == 1, row.id


def test_listed_rows_say_why_nobody_checks_them():
    listed = {row.id for profile in ("asr-classic", "asr-modernized") for row in load(profile).listed()}
    assert {"TIME-05", "PRX-07", "SRC-08", "SRC-20", "MT-02", "MT-17", "MT-19", "MT-20", "MT-22"} <= listed
