"""A worker that ends leaves nobody signed in at vCenter, however its pool is made."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lab_fixtures import leave_vcenter
from tests.waiting import wait_until
from tests.walk import Walk
from tests.worker.conftest import Worker
from wizard.config.celery import app
from wizard.lab.inventory import INSTANCE_UUID
from wizard.lab.vcenter import LabVCenter
from wizard.models import Credential, Operator, Task, TaskState, VCenter

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


@pytest.mark.parametrize("broker", ["filesystem"], indirect=True)
def test_a_worker_that_refreshes_by_the_schedule_lets_go_of_its_watch_when_it_ends(
    connected: None,
    vcenter: LabVCenter,
    operator: Operator,
    start_worker: StartWorker,
) -> None:
    walk = Walk(operator, vcenter).to("capacity")
    walk.trust()
    walk.done("sign_in_vcenter")
    row = VCenter.objects.create(
        friendly_name="lab",
        host=walk.address["host"],
        port=walk.address["port"],
        thumbprint_sha256=vcenter.thumbprint_sha256,
        instance_uuid=INSTANCE_UUID,
        credential=Credential.objects.get(name=walk.credential),
    )
    row.deployments.add(walk.deployment)
    leave_vcenter()
    worker = start_worker()
    # What beat sends every half minute.
    app.send_task("wizard.tasks.refresh_vcenters")
    wait_until(lambda: VCenter.objects.get().refreshed_at is not None)
    assert row.machines.exists()
    assert len(vcenter.control.sessions()) == 1, "the watch lives on for the next refresh"
    worker.end()
    assert vcenter.control.sessions() == []
