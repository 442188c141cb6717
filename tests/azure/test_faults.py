"""What goes wrong at the lab's Azure, each fault on a real connection, and what a person reads about it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from wizard.azure import errors
from wizard.azure.account import Account
from wizard.azure.connection import Arm, connect
from wizard.azure.fabrics import get_fabric, list_fabrics, refresh_provider
from wizard.azure.vaults import VaultRef, get_vault, list_subscriptions, list_vaults
from wizard.lab.arm import LabAzure

# Fault, its options, what comes of it where one reads, and of what a person has to find in the sentence.
READING: list[tuple[str, dict[str, Any], type[errors.AzureError], str]] = [
    ("expired", {}, errors.SignInFailed, "ExpiredAuthenticationToken"),
    ("forbidden", {"action": "Microsoft.RecoveryServices/Vaults/read"}, errors.NotPermitted, "Vaults/read"),
    ("not_found", {}, errors.NotFound, "was not found"),
    ("busy", {}, errors.Busy, "Another operation is running"),
    ("throttled", {"retry_after": 600}, errors.Throttled, "600 seconds"),
    ("throttled", {"retry_after": None, "count": 0}, errors.Throttled, "fewer requests"),
    ("always_503", {}, errors.ServiceFailed, "503 ServiceUnavailable"),
    ("reset", {"count": 0}, errors.Unreachable, "broke before the answer"),
    ("truncated", {"count": 0}, errors.Unreachable, "broke before the answer"),
    ("truncated", {"on_the_wire": False, "count": 0}, errors.ServiceFailed, "broke off, or is not JSON"),
    ("html", {"count": 0}, errors.NotAzure, "web page"),
    ("html", {"count": 0, "status": 403}, errors.NotAzure, "web page"),
    ("html", {"count": 0, "status": 503}, errors.ServiceFailed, "503"),
]


@pytest.mark.parametrize(
    ("fault", "options", "kind", "words"),
    READING,
    ids=[f"{row[0]}-{number}" for number, row in enumerate(READING)],
)
def test_each_fault_of_reading_is_told_with_its_cause_its_place_and_a_remedy(
    arm: Arm,
    ref: VaultRef,
    azure: LabAzure,
    fault: str,
    options: dict[str, Any],
    kind: type[errors.AzureError],
    words: str,
) -> None:
    azure.control.fault(fault, path=r"/vaults/lyon-vault$", **options)
    with pytest.raises(kind) as failed:
        get_vault(arm, ref)
    assert failed.value.code == kind.code
    assert words in str(failed.value)
    assert str(failed.value.remedy)
    assert failed.value.address == arm.address
    assert failed.value.step == "get_vault"
    azure.control.clear_faults()
    assert get_vault(arm, ref).name == "lyon-vault"


def test_the_missing_action_is_named_as_azure_spells_it(arm: Arm, azure: LabAzure) -> None:
    azure.control.fault("forbidden", action="Microsoft.RecoveryServices/Vaults/read")
    with pytest.raises(errors.NotPermitted) as refused:
        list_vaults(arm)
    assert refused.value.action == "Microsoft.RecoveryServices/Vaults/read"
    assert refused.value.azure_code == "AuthorizationFailed"


def test_a_failure_that_happens_once_is_not_noticed(arm: Arm, ref: VaultRef, azure: LabAzure) -> None:
    azure.control.fault("once_500", path="/vaults/lyon-vault$")
    assert get_vault(arm, ref).region == "francecentral"


def test_a_short_break_that_azure_asks_for_is_taken(arm: Arm, ref: VaultRef, azure: LabAzure) -> None:
    before = azure.control.now()
    azure.control.fault("throttled", path="/vaults/lyon-vault$", retry_after=9)
    assert get_vault(arm, ref).region == "francecentral"
    assert azure.control.now()[:16] >= before[:16]


def test_a_long_break_is_told_and_not_slept(account: Account, ref: VaultRef, azure: LabAzure) -> None:
    slept: list[float] = []
    azure.control.fault("throttled", retry_after=11)
    with (
        connect(account, azure.subscription, wait_s=slept.append) as arm,
        pytest.raises(errors.Throttled) as told,
    ):
        get_vault(arm, ref)
    assert slept == []
    assert told.value.retry_after_s == 11


def test_an_answer_that_stays_away_is_waited_for_no_longer_than_agreed(
    account: Account, ref: VaultRef, azure: LabAzure
) -> None:
    azure.control.fault("slow", count=0, seconds=2)
    with (
        connect(account, azure.subscription, read_timeout_s=0.05, wait_s=azure.control.advance) as arm,
        pytest.raises(errors.Unreachable, match="did not answer in time"),
    ):
        get_vault(arm, ref)


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ({"subscription": "99999999-0000-4000-8000-000000000001"}, "subscription"),
        ({"resource_group": "rg-none"}, "resource_group"),
        ({"vault": "no-vault"}, "vault"),
    ],
)
def test_the_part_of_the_path_that_does_not_exist_is_told(
    arm: Arm, azure: LabAzure, wrong: dict[str, str], part: str
) -> None:
    place = {
        "subscription": azure.subscription,
        "resource_group": "rg-lyon-dr",
        "vault": "lyon-vault",
        **wrong,
    }
    for look in (get_vault, list_fabrics):
        with pytest.raises(errors.NotFound) as missing:
            look(arm, VaultRef(**place))
        assert missing.value.part == part


def test_a_fabric_that_does_not_exist_is_not_taken_for_the_vault(arm: Arm, ref: VaultRef) -> None:
    with pytest.raises(errors.NotFound) as missing:
        get_fabric(arm, ref, "0" * 64)
    assert missing.value.part == "resource"


@pytest.mark.parametrize("fault", ["once_500", "always_503", "reset"])
def test_an_order_that_fails_is_not_given_a_second_time(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str, fault: str
) -> None:
    azure.control.fault(fault, method="POST", path="/refreshProvider$")
    azure.control.clear_requests()
    with pytest.raises((errors.ServiceFailed, errors.Unreachable)):
        refresh_provider(arm, ref, fabric, "provider")
    assert [row["method"] for row in azure.control.requests()] == ["POST"]


def test_what_azures_support_asks_for_is_in_the_error_and_in_the_log(
    arm: Arm, azure: LabAzure, caplog: pytest.LogCaptureFixture
) -> None:
    azure.control.fault("forbidden")
    with caplog.at_level(logging.WARNING), pytest.raises(errors.NotPermitted) as refused:
        list_subscriptions(arm)
    assert len(refused.value.correlation_id) == 36
    assert refused.value.correlation_id in caplog.text
    assert "emulator" not in caplog.text


def test_nothing_of_the_sdk_is_chained_to_what_is_told(arm: Arm, azure: LabAzure) -> None:
    azure.control.fault("forbidden")
    with pytest.raises(errors.NotPermitted) as refused:
        list_subscriptions(arm)
    error: BaseException = refused.value
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_the_sdk_tells_nothing_beside_what_is_told_of_its_errors() -> None:
    for name in ("azure", "azure.identity._internal.decorators", "azure.core.pipeline.policies"):
        assert logging.getLogger(name).getEffectiveLevel() == logging.ERROR
