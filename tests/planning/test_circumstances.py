from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning.circumstances import CIRCUMSTANCES, Answers, circumstances, components

CS_OVA: Answers = {
    "source": {"protects": ["vmware"], "component": "cs", "method": "ova", "runs_on": "vmware"}
}
CS_PHYSICAL: Answers = {
    "source": {"protects": ["physical"], "component": "cs", "method": "manual", "runs_on": "physical"}
}
FURTHER_PS: Answers = {
    "source": {"protects": ["vmware"], "component": "ps_scaleout", "method": "manual", "runs_on": "vmware"}
}
APPLIANCE: Answers = {"source": {"protects": ["vmware", "physical"], "method": "ova", "runs_on": "vmware"}}
FAILBACK: Answers = {"capacity": {"failback": True, "linux_failback": True}}


@pytest.mark.parametrize(
    ("profile", "answers", "found"),
    [
        ("asr-classic", {}, {"cs"}),
        ("asr-modernized", {}, {"appliance"}),
        ("asr-classic", CS_OVA, {"cs", "ova", "vmware", "vmware_host", "vcenter"}),
        ("asr-classic", CS_PHYSICAL, {"cs", "manual", "physical", "physical_host"}),
        ("asr-classic", FURTHER_PS, {"ps_scaleout", "manual", "vmware", "vmware_host"}),
        (
            "asr-modernized",
            APPLIANCE,
            {"appliance", "ova", "vmware", "physical", "vmware_host", "vcenter"},
        ),
        ("asr-classic", FAILBACK, {"cs", "failback", "linux_failback"}),
        (
            "asr-classic",
            {
                "network": {"proxy": "http://proxy.lab.test:3128"},
                "vault": {"private_endpoints": True},
                "evidence": {"way": "winrm"},
            },
            {"cs", "proxy", "private_endpoints", "winrm"},
        ),
        (
            "asr-classic",
            {
                "network": {"proxy": ""},
                "vault": {"private_endpoints": False},
                "evidence": {"way": "by_hand"},
            },
            {"cs"},
        ),
    ],
)
def test_the_words_follow_from_the_answers(profile: str, answers: Answers, found: set[str]) -> None:
    assert circumstances(profile, answers) == found


def test_a_template_needs_vcenter_even_where_only_physical_servers_are_protected() -> None:
    answers: Answers = {"source": {"protects": ["physical"], "method": "ova", "runs_on": "vmware"}}
    assert "vcenter" in circumstances("asr-modernized", answers)
    assert {"vcenter", "esxi"} <= components("asr-modernized", answers)


def test_the_template_makes_a_virtual_machine_whatever_else_is_said() -> None:
    answers: Answers = {"source": {"method": "ova", "runs_on": "physical"}}
    assert "vmware_host" in circumstances("asr-classic", answers)


def test_linux_failback_means_nothing_without_failback() -> None:
    assert circumstances("asr-classic", {"capacity": {"linux_failback": True}}) == {"cs"}


def test_the_appliance_brings_no_physical_server_back() -> None:
    answers: Answers = {
        "source": {"protects": ["physical"], "method": "manual", "runs_on": "physical"},
        **FAILBACK,
    }
    assert "failback" not in circumstances("asr-modernized", answers)
    assert "failback" in circumstances("asr-classic", answers)


@pytest.mark.parametrize(
    ("profile", "answers", "found"),
    [
        ("asr-classic", {}, {"cs", "ps_builtin", "mobility", "vault"}),
        ("asr-classic", CS_OVA, {"cs", "ps_builtin", "mobility", "vault", "vcenter", "esxi"}),
        ("asr-classic", FURTHER_PS, {"ps_scaleout", "mobility", "vault"}),
        ("asr-classic", {**FURTHER_PS, **FAILBACK}, {"ps_scaleout", "mobility", "vault"}),
        ("asr-modernized", APPLIANCE, {"appliance", "mobility", "vault", "vcenter", "esxi"}),
        (
            "asr-modernized",
            {**APPLIANCE, **FAILBACK},
            {"appliance", "mobility", "vault", "vcenter", "esxi"},
        ),
        (
            "asr-classic",
            {**CS_OVA, **FAILBACK},
            {
                "cs",
                "ps_builtin",
                "mobility",
                "vault",
                "vcenter",
                "esxi",
                "ps_failback",
                "mt_builtin",
                "mt_linux",
            },
        ),
        (
            "asr-classic",
            {**CS_PHYSICAL, "capacity": {"failback": True}},
            {"cs", "ps_builtin", "mobility", "vault", "ps_failback", "mt_windows"},
        ),
    ],
)
def test_the_components_follow_from_the_answers(profile: str, answers: Answers, found: set[str]) -> None:
    assert components(profile, answers) == found


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def partial_answers() -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    kinds = st.sampled_from(["vmware", "physical"])
    return some(
        source=some(
            protects=st.lists(kinds, unique=True),
            component=st.sampled_from(["cs", "ps_scaleout"]),
            method=st.sampled_from(["ova", "manual"]),
            runs_on=kinds,
        ),
        capacity=some(failback=st.booleans(), linux_failback=st.booleans()),
        network=some(proxy=st.sampled_from(["", "http://proxy.lab.test:3128", None])),
        vault=some(private_endpoints=st.booleans()),
        evidence=some(way=st.sampled_from(["winrm", "by_hand"])),
    )


@given(st.sampled_from(["asr-classic", "asr-modernized"]), partial_answers())
def test_partial_answers_give_known_words_that_do_not_contradict_each_other(
    profile: str, answers: Answers
) -> None:
    found = circumstances(profile, answers)
    assert found <= CIRCUMSTANCES
    assert len(found & {"cs", "ps_scaleout", "appliance"}) == 1
    assert not {"ova", "manual"} <= found
    assert not {"vmware_host", "physical_host"} <= found
    assert not {"ova", "physical_host"} <= found
    assert "failback" in found or "linux_failback" not in found
    parts = components(profile, answers)
    assert {"mobility", "vault"} < parts
    assert ("vcenter" in parts) == ("vcenter" in found)
    assert not {"mt_builtin", "mt_windows"} <= parts
