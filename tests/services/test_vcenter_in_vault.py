"""Registering vCenter goes on into the vault; an answer file goes the whole way by itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.in_the_vault.work import VAULT, with_account
from tests.walk import Walk
from wizard.lab.arm import LabAzure
from wizard.services import vault_vcenters

pytestmark = pytest.mark.vcenter


@pytest.fixture(autouse=True)
def quickly(settings: Any, azure: LabAzure) -> None:
    settings.VAULT_POLL_SECONDS = 0.01
    azure.control.job_seconds = 0


def test_vcenter_is_registered_here_first_and_stays_so_where_the_vault_refuses(
    walk: Walk, azure: LabAzure
) -> None:
    walk.to("deployed")
    with_account(walk.deployment, walk.operator)
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10", accounts=("vcenter", "dmz"))
    failure = walk.failed("register_vcenter")
    assert failure.code == "unknown_run_as_account"
    assert walk.state == "registered"
    assert vault_vcenters.is_left(walk.deployment)
    task = walk.done("register_vcenter", run_as_account="vcenter")
    assert task.result is not None
    assert task.result["machines"] == 39
    assert task.result["vault"]["state"] == "registered"
    assert task.result["vault"]["friendly_name"] == walk.address["host"]
    assert not vault_vcenters.is_left(walk.deployment)
    assert walk.done("register_vcenter", run_as_account="vcenter").result["vault"]["state"] == "unchanged"  # type: ignore[index]
