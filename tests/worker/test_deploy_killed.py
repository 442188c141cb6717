"""A worker that is killed in mid-upload: nothing of its work stays in vCenter, and starting again succeeds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lab_fixtures import leave_vcenter
from tests.waiting import wait_until
from tests.walk import VM_NAME, Failure, Walk
from tests.worker.conftest import Worker
from wizard.lab.vcenter import LabVCenter
from wizard.models import Operator, Task, TaskState
from wizard.services import tasks

pytestmark = [pytest.mark.worker, pytest.mark.vcenter, pytest.mark.django_db(transaction=True)]

StartWorker = Callable[[], Worker]
MEGABYTE = 2**20


@pytest.fixture
def walk(connected: None, vcenter: LabVCenter, transactional_db: None, operator: Operator) -> Walk:
    """Ready to deploy a template whose upload takes many seconds; the worker that will do it is yet to be started."""
    vcenter.control.set_guests(delay_s=0, address="192.0.2.10")
    walk = Walk(operator, vcenter).to("checked", file_mb=24)
    vcenter.control.limit_uploads(bytes_per_s=MEGABYTE)
    return walk


def ended(task: Task) -> bool:
    task.refresh_from_db()
    return not task.active


def uploading(walk: Walk) -> bool:
    return any(upload["bytes"] > MEGABYTE // 2 for upload in walk.control.uploads())


@pytest.mark.usefixtures("no_goodbye")
def test_a_deployment_whose_worker_is_killed_is_undone_and_can_be_started_again(
    walk: Walk, start_worker: StartWorker
) -> None:
    first = start_worker()
    task = walk.launch("deploy_ova")
    wait_until(lambda: uploading(walk))
    first.kill()
    assert len(walk.machines()) == 1, "the half-made machine is there, and nobody works on it"

    start_worker()
    wait_until(lambda: ended(task))
    failure = Failure(task)
    assert failure.code == "worker_lost"
    assert "What it left behind was removed" in failure.message
    assert failure.remedy == "Start it again."
    lines = [str(event.message) for event in task.events.all()]
    assert f"The half-made virtual machine {VM_NAME} was removed." in lines
    assert [event.seq for event in task.events.all()] == list(range(1, task.last_seq + 1))
    assert walk.machines() == []
    assert task.leftovers == {}
    assert walk.control.open_leases() == []
    walk.control.limit_uploads()
    again = tasks.retry(task, actor=walk.operator)
    wait_until(lambda: ended(again))
    assert again.state == TaskState.SUCCEEDED, again.error
    assert len(walk.machines()) == 1
    assert walk.control.open_leases() == []
    assert walk.state == "deployed"


@pytest.mark.parametrize("broker", ["filesystem"], indirect=True)
def test_a_deployment_is_cancelled_in_mid_upload_from_another_process(
    walk: Walk, start_worker: StartWorker
) -> None:
    worker = start_worker()
    task = walk.launch("deploy_ova")
    wait_until(lambda: uploading(walk))
    tasks.cancel(task, actor=walk.operator)
    wait_until(lambda: ended(task))
    assert task.state == TaskState.CANCELLED
    assert walk.machines() == []
    assert walk.control.leases()[-1]["state"] == "aborted"
    worker.end()
    leave_vcenter()
    assert walk.control.sessions() == []
