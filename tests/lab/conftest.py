"""One simulator for all tests of this room; those that break it start their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import arm_client
from tests.lab.arm_story import Story
from tests.lab.client import Client
from tests.tools import missing
from wizard.lab import build
from wizard.lab.arm import LabAzure
from wizard.lab.ova import make_ova
from wizard.lab.vcenter import LabVCenter


@pytest.fixture(scope="session")
def simulator() -> Path:
    """The simulator's program, built where that was not done yet."""
    try:
        return build.simulator()
    except build.LabUnavailable as reason:
        missing(str(reason))
        raise


@pytest.fixture(scope="session")
def running(simulator: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabVCenter]:
    with LabVCenter(directory=tmp_path_factory.mktemp("lab"), binary=simulator) as vcenter:
        yield vcenter


@pytest.fixture
def vcenter(running: LabVCenter) -> Iterator[LabVCenter]:
    """The shared simulator; what a test upset is put right afterwards."""
    yield running
    control = running.control
    control.clear_faults()
    control.set_guests()
    control.reset_logins()
    control.reset_uploads()
    control.expire_sessions()


@pytest.fixture
def admin(vcenter: LabVCenter) -> Iterator[Client]:
    with Client.connect(vcenter, "administrator") as client:
        yield client


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_ova(tmp_path_factory.mktemp("ova") / "template.ova")


@pytest.fixture
def client(azure: LabAzure) -> Iterator[arm_client.Client]:
    """Azure's SDK, which tries everything once and waits for nothing."""
    connected = arm_client.Client.connect(azure)
    yield connected
    connected.close()


@pytest.fixture
def story(azure: LabAzure, client: arm_client.Client) -> Story:
    return Story(azure, client)
