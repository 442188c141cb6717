from __future__ import annotations

from typing import Any

import pytest

from tests.journey.complete import CAPACITY, PROFILE, SOURCE, wrong
from wizard.journey.capacity import ApplianceCapacityAnswers, CapacityAnswers
from wizard.journey.profile import ProfileAnswers
from wizard.journey.source import ApplianceSourceAnswers, SourceAnswers
from wizard.planning.sizing import SizingInput


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            {"profile": "zerto"},
            {
                "profile": "“zerto” is not among the choices. Expected is one of: asr-modernized, asr-classic.",
            },
        ),
        (
            {"name": "Lyon CS"},
            {
                "name": "“Lyon CS” cannot be the name of a deployment. Use 1 to 63 letters, digits, dots, "
                "underscores or hyphens, and begin with a letter or a digit."
            },
        ),
    ],
)
def test_an_unfit_name_or_profile_is_refused(change: dict[str, Any], found: dict[str, str]) -> None:
    assert wrong(ProfileAnswers, {**PROFILE, **change}) == found


def test_a_retired_architecture_is_never_taken_for_granted() -> None:
    assert wrong(ProfileAnswers, {"name": "lyon-cs01"}) == {"profile": "An answer is missing here."}
    for profile in ("asr-modernized", "asr-classic"):
        assert wrong(ProfileAnswers, {"name": "lyon-cs01", "profile": profile}) == {}


@pytest.mark.parametrize(
    ("protects", "stored"),
    [
        (["vmware"], ["vmware"]),
        ("vmware", ["vmware"]),
        ("vmware, physical", ["vmware", "physical"]),
        (["physical", "vmware"], ["physical", "vmware"]),
    ],
)
def test_the_machines_to_protect_are_a_list_or_a_text(protects: object, stored: list[str]) -> None:
    assert SourceAnswers.model_validate({**SOURCE, "protects": protects}).protects == stored


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"protects": []}, {"protects": "There are 0 entries. Expected are at least 1."}),
        (
            {"protects": ["vmware", "vmware"]},
            {"protects": "“vmware” occurs twice. Give every entry once."},
        ),
        (
            {"protects": ["hyperv"]},
            {"protects.0": "“hyperv” is not among the choices. Expected is one of: vmware, physical."},
        ),
        (
            {"protects": ["physical"]},
            {
                "method": "Only physical servers are to be protected: the configuration server is installed by hand "
                "with Unified Setup, the environment being not VMware. Add VMware virtual machines, or "
                "choose manual "
                "installation."
            },
        ),
        (
            {"component": "ps_scaleout"},
            {
                "method": "A further process server is never made from the template: run Unified Setup with "
                "“Add additional process servers to scale out deployment”."
            },
        ),
        (
            {"runs_on": "physical"},
            {
                "runs_on": "The OVA template cannot be put on a physical server. Choose a VMware virtual "
                "machine, or manual installation."
            },
        ),
        (
            {"component": "appliance"},
            {"component": "“appliance” is not among the choices. Expected is one of: cs, ps_scaleout."},
        ),
    ],
)
def test_a_source_that_the_template_cannot_serve_is_refused(
    change: dict[str, Any], found: dict[str, str]
) -> None:
    assert wrong(SourceAnswers, {**SOURCE, **change}) == found


@pytest.mark.parametrize(
    "change",
    [
        {"protects": ["physical"]},
        {"protects": ["physical"], "runs_on": "physical"},
        {"runs_on": "physical"},
        {"component": "ps_scaleout"},
        {"component": "ps_scaleout", "protects": ["physical"], "runs_on": "physical"},
    ],
)
def test_by_hand_every_server_can_be_installed(change: dict[str, Any]) -> None:
    assert wrong(SourceAnswers, {**SOURCE, "method": "manual", **change}) == {}


def test_what_was_answered_before_there_was_a_choice_means_a_configuration_server_in_vmware() -> None:
    assert SourceAnswers.model_validate(SOURCE).model_dump() == {
        **SOURCE,
        "component": "cs",
        "runs_on": "vmware",
    }


@pytest.mark.parametrize("protects", [["vmware"], ["physical"], ["vmware", "physical"]])
def test_the_appliance_protects_every_kind_from_its_template(protects: list[str]) -> None:
    assert wrong(ApplianceSourceAnswers, {"protects": protects, "method": "ova"}) == {}


def test_the_appliance_is_one_component_and_its_template_needs_vmware() -> None:
    answers = {"protects": ["vmware"], "method": "ova"}
    assert wrong(ApplianceSourceAnswers, {**answers, "component": "cs"}) == {
        "component": "This field is not known here. Check the spelling, or remove it."
    }
    assert set(wrong(ApplianceSourceAnswers, {**answers, "runs_on": "physical"})) == {"runs_on"}
    assert wrong(ApplianceSourceAnswers, {**answers, "method": "manual", "runs_on": "physical"}) == {}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"machines": 0}, {"machines": "0 is too small. The least possible is 1."}),
        ({"machines": "10001"}, {"machines": "10001 is too large. The most possible is 10000."}),
        ({"machines": "12.5"}, {"machines": "“12.5” is not a whole number. Expected are digits only."}),
        ({"daily_change_gb": 0}, {"daily_change_gb": "0 is too small. Expected is more than 0.0."}),
        (
            {"daily_change_gb": "inf"},
            {
                "daily_change_gb": "“inf” is not a number. Expected are digits, with a point before the decimals.",
            },
        ),
        (
            {"largest_machine_change_gb": 701},
            {
                "largest_machine_change_gb": "One machine changes 701 GB a day, yet all machines together 700 GB. "
                "Correct one of the two numbers."
            },
        ),
    ],
)
def test_numbers_that_cannot_be_are_refused(change: dict[str, Any], found: dict[str, str]) -> None:
    assert wrong(CapacityAnswers, {**CAPACITY, **change}) == found


def test_a_form_sends_texts_and_the_sizing_gets_numbers() -> None:
    typed = {
        "machines": "120",
        "daily_change_gb": "700",
        "failback": "on",
        "largest_machine_change_gb": " ",
    }
    assert CapacityAnswers.model_validate(typed).sizing_input("asr-classic") == SizingInput(
        profile="asr-classic",
        machines=120,
        daily_change_gb=700,
        failback=True,
        largest_machine_change_gb=None,
    )


def test_linux_returns_only_with_failback_and_the_appliance_needs_no_master_target() -> None:
    both = {**CAPACITY, "failback": True, "linux_failback": True}
    assert wrong(CapacityAnswers, both) == {}
    assert wrong(CapacityAnswers, {**both, "failback": False}) == {
        "linux_failback": "Linux machines are marked to return, but failback to this site is not chosen. "
        "Choose both, or neither."
    }
    assert set(wrong(ApplianceCapacityAnswers, both)) == {"linux_failback"}
    asked = ApplianceCapacityAnswers.model_validate({**CAPACITY, "failback": True})
    assert asked.sizing_input("asr-modernized").failback is True
