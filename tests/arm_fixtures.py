"""The lab's Azure for tests of every room: one server a process, put back for each test, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from wizard.lab.arm import LabAzure


@pytest.fixture(scope="session")
def lab_azure() -> Iterator[LabAzure]:
    with LabAzure() as azure:
        yield azure


@pytest.fixture
def azure(lab_azure: LabAzure, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[LabAzure]:
    """As it was at the beginning: empty vaults, no faults, its clock right; the wizard's settings, and those of processes
    that a test starts, lead to it."""
    lab_azure.control.reset()
    monkeypatch.setenv("AZURE_EMULATOR", lab_azure.url)
    settings.AZURE_EMULATOR = lab_azure.url
    yield lab_azure
    lab_azure.control.reset()
