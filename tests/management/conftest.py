"""The commands, a lab to use them against, and a worker in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.builders import make_operator
from tests.management.commands import Commands, Installation
from tests.tools import missing
from wizard.lab import build
from wizard.lab.environment import Ports
from wizard.lab.run import Lab
from wizard.models import Operator, Task, TaskState
from wizard.services import credentials, tasks
from wizard.services.accounts import FIRST_OPERATOR


@pytest.fixture
def manage(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("FOOTHOLD_USER", raising=False)
    return Commands(capsys, monkeypatch)


@pytest.fixture
def first_operator(db: None) -> Operator:
    """The person as whom commands act when nobody is named."""
    return make_operator(FIRST_OPERATOR, Operator.Role.ADMIN)


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Prepared, with its first operator, without lab and worker."""
    found = Installation(tmp_path_factory.mktemp("installation"))
    try:
        assert found("prepare").code == 0
        assert found("welcome").code == 0
        yield found
    finally:
        found.end()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Installation]:
    """One that nothing was done in yet."""
    found = Installation(tmp_path / "var")
    yield found
    found.end()


@pytest.fixture(scope="session")
def running_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    try:
        build.simulator()
    except build.LabUnavailable as reason:
        missing(str(reason))
    with Lab(tmp_path_factory.mktemp("lab"), ports=Ports.from_base(0)) as lab:
        yield lab


@pytest.fixture
def lab(running_lab: Lab, settings: Any) -> dict[str, Any]:
    """The description of the lab; the product's settings lead to it."""
    found = running_lab.description()
    settings.CONNECT_TO = found["connect_to"]
    settings.PROBE_CA_FILE = found["ca_file"]
    settings.AZURE_EMULATOR = found["azure"]["url"]
    settings.TEMPLATE_DIR = Path(found["ova"]).parent
    settings.GUEST_WAIT_SECONDS = 30
    return found


@pytest.fixture
def sign_in_as(lab: dict[str, Any], first_operator: Operator) -> Callable[..., None]:
    """Store an account of the lab under the name that the example's answer file gives."""

    def store(account: str, password: str | None = None) -> None:
        login = lab["vcenter"]["accounts"][account]
        credentials.keep(
            name="lab-vcenter",
            kind="vcenter",
            username=login["username"],
            secret=password or login["password"],
            actor=first_operator,
        )

    return store


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """Carries out what is queued, as a worker process does, in a thread that sees the test's database."""
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.wait(0.05):
                for task in Task.objects.filter(state=TaskState.QUEUED).values_list("pk", flat=True):
                    tasks.execute(task, "thread")
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()
