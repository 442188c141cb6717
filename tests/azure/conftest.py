"""Azure for this room: the lab's, with connections for which waiting is nothing but its clock sent ahead."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from wizard.azure.account import Account
from wizard.azure.connection import Arm, connect
from wizard.azure.vaults import VaultRef
from wizard.lab.arm import LabAzure


@pytest.fixture
def account(azure: LabAzure) -> Account:
    return Account(how="emulator", cloud="public", resource_manager=azure.url)


@pytest.fixture
def arm(azure: LabAzure, account: Account) -> Iterator[Arm]:
    with connect(account, azure.subscription, wait_s=azure.control.advance) as connected:
        yield connected


@pytest.fixture
def ref(azure: LabAzure) -> VaultRef:
    return VaultRef(subscription=azure.subscription, resource_group="rg-lyon-dr", vault="lyon-vault")


@pytest.fixture
def fabric(azure: LabAzure) -> str:
    """The configuration server of that vault."""
    return str(azure.control.register_configuration_server("lyon-vault", "cs01", "192.0.2.10")["fabric"])
