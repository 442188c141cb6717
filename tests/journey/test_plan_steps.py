from __future__ import annotations

from typing import Any

import pytest

from tests.journey.complete import CAPACITY, PROFILE, SOURCE, wrong
from wizard.journey.capacity import CapacityAnswers
from wizard.journey.profile import ProfileAnswers
from wizard.journey.source import SourceAnswers, methods_available
from wizard.planning.sizing import SizingInput


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            {"profile": "asr-modernized"},
            {
                "profile": "The modernized appliance arrives later. For now only the classic architecture can be "
                "set up."
            },
        ),
        (
            {"profile": "zerto"},
            {
                "profile": "“zerto” is not among the choices. Expected is one of: asr-classic, asr-modernized.",
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


def test_classic_is_what_a_deployment_is_when_nobody_says_otherwise() -> None:
    assert ProfileAnswers.model_validate({"name": " lyon-cs01 "}).model_dump() == PROFILE


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
            {"method": "manual"},
            {"method": "Manual installation arrives later. For now choose the OVA template."},
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
    ],
)
def test_a_source_that_the_template_cannot_serve_is_refused(
    change: dict[str, Any], found: dict[str, str]
) -> None:
    assert wrong(SourceAnswers, {**SOURCE, **change}) == found


def test_the_methods_follow_the_profile() -> None:
    assert methods_available("asr-classic") == ("ova",)
    assert methods_available("asr-modernized") == ()
    with pytest.raises(KeyError):
        methods_available("zerto")


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
