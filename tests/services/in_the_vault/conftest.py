"""A site that stands, and waits that cost no time."""

from __future__ import annotations

from typing import Any

import pytest

from tests import stories
from tests.services.in_the_vault.work import (
    with_account,
)
from wizard.lab.arm import LabAzure
from wizard.models import (
    Deployment,
    Operator,
)


@pytest.fixture(autouse=True)
def quickly(settings: Any, azure: LabAzure) -> None:
    settings.VAULT_POLL_SECONDS = 0.01
    settings.VAULT_WAIT_SECONDS = 20
    azure.control.job_seconds = 0


@pytest.fixture
def site(operator: Operator) -> Deployment:
    """A configuration server that stands, its vCenter registered here, and an account for its vault."""
    return with_account(stories.answered(operator, "registered", name="lyon-cs01"), operator)
