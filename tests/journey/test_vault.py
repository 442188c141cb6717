from __future__ import annotations

from typing import Any

import pytest

from tests.journey.complete import EXCLUSIVE_VAULT, VAULT, wrong
from wizard.journey.vault import ExclusiveVaultAnswers, VaultAnswers


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


def test_the_appliance_needs_a_vault_of_its_own_and_somebody_who_says_so() -> None:
    assert wrong(ExclusiveVaultAnswers, EXCLUSIVE_VAULT) == {}
    assert wrong(ExclusiveVaultAnswers, VAULT) == {"exclusive": "An answer is missing here."}
    assert wrong(ExclusiveVaultAnswers, {**VAULT, "exclusive": False}) == {
        "exclusive": "The replication appliance needs a vault that is new and serves nothing else. Create one "
        "in the Azure portal, and confirm it here."
    }
    assert set(wrong(VaultAnswers, EXCLUSIVE_VAULT)) == {"exclusive"}


def test_the_vault_of_the_appliance_is_confirmed_by_its_name_too() -> None:
    assert wrong(ExclusiveVaultAnswers, {**EXCLUSIVE_VAULT, "confirm_name": "lyon"}) == {
        "confirm_name": "“lyon” is not the name of the vault, which is “lyon-vault”."
    }


def test_private_endpoints_are_an_exception() -> None:
    assert VaultAnswers.model_validate(VAULT).private_endpoints is False
    assert VaultAnswers.model_validate({**VAULT, "private_endpoints": "on"}).private_endpoints is True
