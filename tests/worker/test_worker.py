"""A real worker process: it takes up what was sent, and what a killed one left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import make_deployment
from tests.waiting import wait_until
from tests.worker.conftest import Worker
from wizard.models import Operator, Pulse, Task, TaskState
from wizard.services import tasks

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True)]

StartWorker = Callable[[], Worker]


def ended(task: Task) -> bool:
    task.refresh_from_db()
    return not task.active


def launch(operator: Operator, kind: str, **inputs: object) -> Task:
    return tasks.launch(kind, deployment=make_deployment(operator), actor=operator, inputs=inputs)


def test_a_worker_takes_up_what_is_sent_to_it(start_worker: StartWorker, operator: Operator) -> None:
    start_worker()
    task = launch(operator, "test_count", steps=3)
    wait_until(lambda: ended(task))
    assert (task.state, task.result) == (TaskState.SUCCEEDED, {"counted": 3})


def test_a_task_survives_a_killed_worker(
    start_worker: StartWorker, operator: Operator, tmp_path: Path
) -> None:
    diary = tmp_path / "diary"
    first = start_worker()
    task = launch(operator, "test_count", steps=40, pause=0.1, diary=str(diary))
    wait_until(lambda: Task.objects.get(pk=task.pk).progress > 10)
    first.kill()
    start_worker()
    wait_until(lambda: ended(task))
    assert (task.state, task.attempt) == (TaskState.SUCCEEDED, 2)
    assert diary.read_text() == "attempt 2 counted to 40\n"
    assert [event.seq for event in task.events.all()] == list(range(1, task.last_seq + 1))


def test_what_must_not_be_repeated_is_tidied_up_after_a_killed_worker(
    start_worker: StartWorker, operator: Operator, tmp_path: Path
) -> None:
    diary = tmp_path / "diary"
    first = start_worker()
    task = launch(operator, "test_build", steps=200, pause=0.1, diary=str(diary))
    wait_until(lambda: Task.objects.get(pk=task.pk).progress > 3)
    first.kill()
    start_worker()
    wait_until(lambda: ended(task))
    assert task.state == TaskState.FAILED
    assert task.error is not None
    assert task.error["code"] == "worker_lost"
    assert diary.read_text() == "tidied half built\n"


def test_a_lost_message_is_sent_again(start_worker: StartWorker, operator: Operator) -> None:
    task = launch(operator, "test_count", steps=1)
    # As a broker does that is restarted without its data.
    from wizard.config.celery import app

    with app.connection_for_write() as connection:
        connection.default_channel.queue_purge("celery")
    start_worker()
    wait_until(lambda: ended(task))
    assert task.state == TaskState.SUCCEEDED


def test_a_running_task_is_cancelled_from_outside(start_worker: StartWorker, operator: Operator) -> None:
    start_worker()
    task = launch(operator, "test_count", steps=400, pause=0.1)
    wait_until(lambda: Task.objects.get(pk=task.pk).progress >= 1)
    tasks.cancel(task, actor=operator)
    wait_until(lambda: ended(task))
    assert task.state == TaskState.CANCELLED


def test_worker_and_scheduler_are_heard_of_and_the_worker_takes_its_leave(start_worker: StartWorker) -> None:
    worker = start_worker()
    wait_until(lambda: set(Pulse.objects.values_list("part", flat=True)) == {"worker", "scheduler"})
    assert "@" in Pulse.objects.get(part="worker").name
    worker.end()
    assert set(Pulse.objects.values_list("part", flat=True)) == {"scheduler"}
