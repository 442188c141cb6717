"""A worker that ends leaves nobody signed in at vCenter, however its pool is made."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.walk import Walk
from tests.worker.conftest import Worker, wait_until
from wizard.lab.vcenter import LabVCenter
from wizard.models import Operator, Task, TaskState

pytestmark = [pytest.mark.worker, pytest.mark.vcenter, pytest.mark.django_db(transaction=True)]

StartWorker = Callable[..., Worker]


def ended(task: Task) -> bool:
    task.refresh_from_db()
    return not task.active


@pytest.mark.parametrize("broker", ["filesystem"], indirect=True)
@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_worker_keeps_a_session_between_tasks_and_logs_out_when_it_is_told_to_end(
    connected: None,
    vcenter: LabVCenter,
    operator: Operator,
    start_worker: StartWorker,
    pool: str,
) -> None:
    walk = Walk(operator, vcenter).to("capacity")
    walk.trust()
    worker = start_worker("--pool", pool)
    task = walk.launch("sign_in_vcenter")
    wait_until(lambda: ended(task))
    assert task.state == TaskState.SUCCEEDED, task.error
    assert [row["user"] for row in vcenter.control.sessions()] == ["asr-operator@vsphere.local"]
    worker.end()
    assert vcenter.control.sessions() == []
