from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning.method import RULES, Decision, RouteFacts, decide, why_no_template

FACTS = RouteFacts(profile="asr-classic", protects=frozenset({"vmware"}), today=date(2025, 1, 1))
MODERNIZED = replace(FACTS, profile="asr-modernized")


def ids(decision: Decision) -> list[str]:
    return [rule.id for rule in decision.applying]


def test_all_fifteen_rules_are_present_in_order() -> None:
    assert [rule.id for rule in decide(FACTS).rules] == [f"DD{number:02}" for number in range(1, 16)]


def test_virtual_machines_with_vcenter_and_template_go_by_the_template() -> None:
    decision = decide(FACTS)
    assert decision.recommended == "ova"
    assert decision.permitted == {"ova": True, "manual": True}
    assert ids(decision) == ["DD03"]


@pytest.mark.parametrize(
    ("facts", "rule", "effect", "recommended", "ova_permitted"),
    [
        (replace(FACTS, today=date(2026, 3, 31)), "DD01", "warn", "ova", True),
        (replace(FACTS, vault_created=date(2023, 3, 16)), "DD01", "warn", "ova", True),
        (replace(FACTS, vault_switched_to_classic=True), "DD02", "warn", "ova", True),
        (FACTS, "DD03", "recommend", "ova", True),
        (replace(FACTS, vcenter_access=False), "DD04", "refuse", "manual", False),
        (replace(FACTS, template_obtainable=False), "DD04", "refuse", "manual", False),
        (replace(FACTS, protects=frozenset({"physical"})), "DD05", "refuse", "manual", False),
        (replace(FACTS, protects=frozenset({"physical", "vmware"})), "DD06", "info", "ova", True),
        (replace(FACTS, private_endpoints=True, web_sites_open=False), "DD07", "refuse", "manual", False),
        (replace(FACTS, private_endpoints=True), "DD08", "warn", "ova", True),
        (replace(FACTS, newest_components=True), "DD09", "refuse", "manual", False),
        (replace(FACTS, cloud="us_government"), "DD10", "recommend", "manual", True),
        (replace(FACTS, mfa_account=True, method="ova"), "DD11", "warn", "ova", True),
        (replace(FACTS, process_server_only=True), "DD12", "refuse", "manual", False),
        (replace(FACTS, server_is_physical=True), "DD04", "refuse", "manual", False),
        (replace(FACTS, failback=True, server_is_physical=True), "DD13", "warn", "manual", False),
        (replace(MODERNIZED, protects=frozenset({"physical"})), "DD14", "warn", "ova", True),
        (MODERNIZED, "DD15", "recommend", "ova", True),
        (replace(MODERNIZED, protects=frozenset({"physical"})), "DD15", "recommend", "ova", True),
        (replace(MODERNIZED, vcenter_access=False), "DD15", "refuse", "manual", False),
        (replace(MODERNIZED, template_obtainable=False), "DD15", "refuse", "manual", False),
        (replace(MODERNIZED, server_is_physical=True), "DD15", "refuse", "manual", False),
    ],
)
def test_each_rule_applies_to_its_case_and_has_its_effect(
    facts: RouteFacts, rule: str, effect: str, recommended: str, ova_permitted: bool
) -> None:
    decision = decide(facts)
    outcome = next(outcome for outcome in decision.rules if outcome.id == rule)
    assert outcome.applies
    assert outcome.effect == effect
    assert decision.recommended == recommended
    assert decision.permitted["ova"] is ova_permitted


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        (replace(FACTS, today=date(2026, 3, 30)), "DD01"),
        (replace(FACTS, vault_created=date(2023, 3, 15)), "DD01"),
        (replace(MODERNIZED, today=date(2027, 1, 1)), "DD01"),
        (replace(FACTS, private_endpoints=True), "DD07"),
        (replace(FACTS, cloud="china"), "DD10"),
        (replace(FACTS, mfa_account=True, method="manual"), "DD11"),
        (replace(FACTS, failback=True), "DD13"),
        (replace(FACTS, protects=frozenset({"physical"})), "DD03"),
        (replace(FACTS, protects=frozenset({"physical"}), vcenter_access=False), "DD04"),
        (replace(FACTS, protects=frozenset({"physical"})), "DD14"),
        (replace(FACTS, process_server_only=True), "DD03"),
        (replace(FACTS, process_server_only=True, private_endpoints=True), "DD08"),
        (replace(FACTS, server_is_physical=True), "DD03"),
    ],
)
def test_each_rule_keeps_silent_next_to_its_case(facts: RouteFacts, rule: str) -> None:
    assert rule not in ids(decide(facts))


def test_a_refusal_of_the_template_outweighs_every_recommendation_for_it() -> None:
    decision = decide(replace(FACTS, private_endpoints=True, web_sites_open=False))
    assert ids(decision) == ["DD03", "DD07", "DD08"]
    assert decision.recommended == "manual"


@given(st.builds(RouteFacts))
def test_of_the_variants_of_a_rule_at_most_one_applies(facts: RouteFacts) -> None:
    applying = [rule.id for rule in RULES if rule.applies(facts)]
    assert len(applying) == len(set(applying))
    assert ids(decide(facts)) == sorted(applying)


def test_a_physical_machine_is_told_so_and_not_sent_to_a_virtual_one() -> None:
    for facts in (replace(FACTS, server_is_physical=True), replace(MODERNIZED, server_is_physical=True)):
        said = next(rule for rule in decide(facts).applying if rule.effect == "refuse")
        assert "physical machine, which no template makes" in str(said.text)


@given(st.builds(RouteFacts))
def test_what_is_recommended_is_always_permitted(facts: RouteFacts) -> None:
    decision = decide(facts)
    assert decision.permitted[decision.recommended]


def test_only_physical_servers_are_told_why_the_template_does_not_serve() -> None:
    assert why_no_template(frozenset({"vmware"})) is None
    assert why_no_template(frozenset({"vmware", "physical"})) is None
    assert str(why_no_template(frozenset({"physical"}))) == (
        "Only physical servers are to be protected: the configuration server is installed by hand with "
        "Unified "
        "Setup, the environment being not VMware. Add VMware virtual machines, or choose manual installation."
    )
