"""The services against the lab: whatever a test does, vCenter holds nothing afterwards but machines that were deployed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.checks.far_ends import udp_server
from tests.lab_fixtures import leave_vcenter
from tests.waiting import PATIENCE_S
from tests.walk import Walk
from wizard.lab.vcenter import LabVCenter
from wizard.models import Operator, Task, TaskState

Begin = Callable[..., Walk]


@pytest.fixture
def begin(
    connected: None, vcenter: LabVCenter, operator: Operator, transactional_db: None
) -> Iterator[Begin]:
    """Begin deployments against the lab. After the test nothing half-made, open or signed in is left in vCenter."""
    control = vcenter.control
    control.set_guests(delay_s=0, address="192.0.2.10")
    before = {machine["name"] for machine in control.machines()}

    def new(name: str | None = None, *, on_foot: bool = False) -> Walk:
        return Walk(operator, vcenter, name, on_foot=on_foot)

    yield new
    control.set_gone(False)
    deployed = Task.objects.filter(kind="deploy_ova", state=TaskState.SUCCEEDED)
    expected = before | {task.result["vm_name"] for task in deployed if task.result}
    assert {machine["name"] for machine in control.machines()} - expected == set()
    assert control.open_leases() == []
    leave_vcenter()
    assert settled(lambda: control.sessions() == []), control.sessions()


@pytest.fixture
def walk(begin: Begin) -> Walk:
    return begin()


@pytest.fixture
def nowhere(settings: Any) -> Iterator[None]:
    """Nothing is there: every far end refuses at once, and so do the name servers."""
    with udp_server(lambda question: question[:2] + b"\x81\x85" + question[4:]) as port:
        settings.CONNECT_TO = f":53:127.0.0.1:{port},::127.0.0.1:1"
        yield


def settled(what: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
    """A thread that was given up signs out in its own time."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
