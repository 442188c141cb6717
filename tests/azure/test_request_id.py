"""The id of what is going on is sent with every request to Azure, which keeps it."""

from __future__ import annotations

import logging

import pytest

from wizard.azure import errors
from wizard.azure.connection import Arm
from wizard.azure.pipeline import step_of
from wizard.azure.vaults import VaultRef, get_vault, list_vaults
from wizard.lab.arm import LabAzure
from wizard.wire import trace

VAULT = "/subscriptions/S/resourceGroups/G/providers/Microsoft.RecoveryServices/vaults/V"


def ids_of(azure: LabAzure) -> set[str]:
    return {request["client_request_id"] for request in azure.control.requests()}


def test_every_request_of_several_threads_goes_by_the_id(arm: Arm, azure: LabAzure, fabric: str) -> None:
    azure.control.clear_requests()
    with trace.following("0123456789abcdef0123456789abcdef"):
        list_vaults(arm)
        arm.at_once([lambda: list_vaults(arm), lambda: list_vaults(arm)])
    assert len(azure.control.requests()) > 3
    assert ids_of(azure) == {"0123456789abcdef0123456789abcdef"}


def test_a_request_that_is_tried_again_keeps_its_id(arm: Arm, azure: LabAzure, ref: VaultRef) -> None:
    azure.control.fault("once_500", count=1)
    azure.control.clear_requests()
    with trace.following("tried-again"):
        get_vault(arm, ref)
    assert [request["client_request_id"] for request in azure.control.requests()][:2] == ["tried-again"] * 2


def test_without_one_each_request_has_an_id_of_its_own(arm: Arm, azure: LabAzure) -> None:
    azure.control.clear_requests()
    list_vaults(arm)
    list_vaults(arm)
    assert "" not in ids_of(azure)
    assert len(ids_of(azure)) == len(azure.control.requests())


def test_each_request_is_told_without_the_names_in_its_path(
    arm: Arm, azure: LabAzure, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "wizard.wire.calls")
    nowhere = VaultRef(subscription=azure.subscription, resource_group="rg-lyon-dr", vault="nowhere")
    with pytest.raises(errors.AzureError):
        get_vault(arm, nowhere)
    told = [
        (record.levelname, record.part, record.step, record.outcome)
        for record in caplog.records
        if record.name == "wizard.wire.calls"
    ]  # type: ignore[attr-defined]
    assert told == [("INFO", "azure", "GET vaults", "HTTP 404")]
    assert "nowhere" not in caplog.text


@pytest.mark.parametrize(
    ("url", "step"),
    [
        ("https://h/subscriptions?api-version=1", "GET subscriptions"),
        (f"https://h{VAULT}", "GET vaults"),
        (f"https://h{VAULT}/replicationFabrics/F/replicationvCenters/N", "GET replicationvCenters"),
        ("https://h/", "GET"),
    ],
)
def test_a_step_is_the_kind_of_thing_that_is_asked_for(url: str, step: str) -> None:
    assert step_of("GET", url) == step
