from __future__ import annotations

from typing import Any

import pytest

from tests.journey.complete import VAULT, wrong
from wizard.journey.vault import VaultAnswers


def test_the_region_is_stored_under_azures_own_name() -> None:
    answers = VaultAnswers.model_validate({**VAULT, "region": "France Central"})
    assert (answers.cloud, answers.region) == ("public", "francecentral")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            {"cloud": "china"},
            {
                "region": "francecentral is a region of the public cloud, not of Azure in China. "
                "Correct the cloud or the region."
            },
        ),
        (
            {"cloud": "mars"},
            {"cloud": "“mars” is not among the choices. Expected is one of: public, us_government, china."},
        ),
        (
            {"confirm_name": "Lyon-vault"},
            {"confirm_name": "“Lyon-vault” is not the name of the vault, which is “lyon-vault”."},
        ),
        (
            {"subscription": "Pay-As-You-Go"},
            {
                "subscription": "“Pay-As-You-Go” is not a subscription id. Copy the id, not the name, from the Azure "
                "portal: 32 hexadecimal digits such as 0a1b2c3d-1111-2222-3333-444455556666."
            },
        ),
    ],
)
def test_a_vault_that_cannot_be_meant_is_refused(change: dict[str, Any], found: dict[str, str]) -> None:
    assert wrong(VaultAnswers, {**VAULT, **change}) == found
