from __future__ import annotations

from typing import Any

import pytest

from tests.journey.complete import APPLIANCE, wrong
from wizard.journey.appliance import ApplianceAnswers


def test_a_friendly_name_is_enough() -> None:
    assert ApplianceAnswers.model_validate({"friendly_name": "  Lyon · Gerät 1 "}).model_dump() == {
        "connectivity": "fqdn",
        "several_subnets": False,
        "friendly_name": "Lyon · Gerät 1",
    }


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"friendly_name": " "}, {"friendly_name": "An answer is missing here."}),
        (
            {"friendly_name": "x" * 64},
            {
                "friendly_name": "The name has 64 characters. Expected are at most 63. Choose a shorter one.",
            },
        ),
        (
            {"friendly_name": "Lyon\u200b\tappliance"},
            {
                "friendly_name": "“Lyon appliance” contains a character that cannot be seen (U+0009 U+200B). "
                "Type the name anew, with visible characters and plain blanks."
            },
        ),
        (
            {"connectivity": "nat"},
            {"connectivity": "“nat” is not among the choices. Expected is one of: fqdn, ip."},
        ),
    ],
)
def test_a_name_that_could_not_be_told_from_another_is_refused(
    change: dict[str, Any], found: dict[str, str]
) -> None:
    assert wrong(ApplianceAnswers, {**APPLIANCE, **change}) == found


def test_the_longest_friendly_name_is_taken() -> None:
    assert wrong(ApplianceAnswers, {"friendly_name": "x" * 63}) == {}


def test_several_subnets_by_address_are_left_to_the_requirement_that_warns() -> None:
    assert wrong(ApplianceAnswers, {**APPLIANCE, "connectivity": "ip", "several_subnets": True}) == {}
