"""The row of a task is the truth: who may take it, what is written into it, and how it ends."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.builders import make_deployment
from tests.waiting import PATIENCE_S, wait_until
from wizard.models import AuditEntry, Deployment, Operator, Task, TaskEvent, TaskState
from wizard.services import tasks
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotReady
from wizard.services.tasks.progress import Cancelled, LostClaim, Progress
from wizard.services.tasks.runner import claim
from wizard.text import Text

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return make_deployment(operator)


def start(kind: str, deployment: Deployment, operator: Operator, **inputs: object) -> Task:
    return tasks.launch(kind, deployment=deployment, actor=operator, inputs=inputs)


def run(task: Task, worker: str = "worker-1") -> Task:
    tasks.execute(task.pk, worker)
    task.refresh_from_db()
    return task


def expire_lease(task: Task) -> None:
    Task.objects.filter(pk=task.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def messages(task: Task) -> list[str]:
    return [str(event.message) for event in task.events.all()]


def test_a_task_runs_to_its_end_and_says_what_it_did(deployment: Deployment, operator: Operator) -> None:
    task = run(start("test_count", deployment, operator, steps=2))
    assert (task.state, task.progress, task.result) == (TaskState.SUCCEEDED, 100, {"counted": 2})
    assert messages(task) == ["Counting", "Step 1", "Step 2", "Counted."]
    assert [event.seq for event in task.events.all()] == [1, 2, 3, 4]
    assert task.finished_at is not None
    assert task.lease_until is None
    assert task.leftovers == {}


def test_a_second_message_for_the_same_task_does_nothing(deployment: Deployment, operator: Operator) -> None:
    task = run(start("test_count", deployment, operator))
    before = messages(task)
    assert run(task, "worker-2").attempt == 1
    assert messages(task) == before


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_gets_the_task(deployment: Deployment, operator: Operator) -> None:
    task = start("test_count", deployment, operator)
    won: list[str] = []
    ready = threading.Barrier(6)

    def grab(name: str) -> None:
        try:
            ready.wait()
            if claim(task.pk, name):
                won.append(name)
        finally:
            connection.close()

    threads = [threading.Thread(target=grab, args=(f"worker-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


@pytest.mark.django_db(transaction=True)
def test_events_from_many_threads_have_no_gap_and_no_double(
    deployment: Deployment, operator: Operator
) -> None:
    claimed = claim(start("test_count", deployment, operator).pk, "worker-1")
    assert claimed is not None
    progress = Progress(claimed)

    def speak() -> None:
        try:
            for _ in range(10):
                progress.info(Text("a line"))
        finally:
            connection.close()

    threads = [threading.Thread(target=speak) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.seq for event in claimed.events.all()] == list(range(1, 41))


def test_an_expected_failure_keeps_its_words_and_its_remedy(
    deployment: Deployment, operator: Operator
) -> None:
    task = run(start("test_refuse", deployment, operator))
    assert task.state == TaskState.FAILED
    assert task.error == {
        "code": "closed",
        "message": {"text": "The bridge is closed."},
        "remedy": {"text": "Take the ferry."},
    }
    assert task.events.get(level=TaskEvent.Level.ERROR).message == Text("The bridge is closed.")


def test_an_unexpected_failure_shows_an_incident_and_no_message_of_the_exception(
    deployment: Deployment, operator: Operator
) -> None:
    task = run(start("test_crash", deployment, operator))
    assert task.state == TaskState.FAILED
    assert task.error is not None
    assert task.error["code"] == "internal"
    assert "canary" not in str(task.error) + str(messages(task))


def test_what_a_failed_commit_changed_is_rolled_back(deployment: Deployment, operator: Operator) -> None:
    task = run(start("test_half_commit", deployment, operator))
    deployment.refresh_from_db()
    assert (task.state, deployment.revision) == (TaskState.FAILED, 1)


def test_what_was_made_outside_goes_where_its_success_cannot_be_written(
    deployment: Deployment, operator: Operator, tmp_path: object
) -> None:
    diary = tmp_path / "diary"  # type: ignore[operator]
    task = run(start("test_half_commit", deployment, operator, diary=str(diary)))
    assert task.error is not None
    assert task.error["code"] == "late"
    assert diary.read_text() == "tidied built\n"


def test_a_task_that_waits_is_cancelled_at_once(deployment: Deployment, operator: Operator) -> None:
    task = start("test_count", deployment, operator)
    tasks.cancel(task, actor=operator)
    assert task.state == TaskState.CANCELLED
    assert run(task).state == TaskState.CANCELLED
    assert messages(task) == []


@pytest.mark.django_db(transaction=True)
def test_a_running_task_stops_at_its_next_step(
    deployment: Deployment, operator: Operator, settings: object
) -> None:
    settings.TASK_LEASE_SECONDS = 3  # type: ignore[attr-defined]
    task = start("test_build", deployment, operator, steps=100, pause=0.05)
    worker = threading.Thread(target=lambda: (tasks.execute(task.pk, "worker-1"), connection.close()))
    worker.start()
    wait_until(lambda: Task.objects.filter(pk=task.pk, progress__gt=3).exists())
    tasks.cancel(task, actor=operator)
    worker.join(PATIENCE_S)
    task.refresh_from_db()
    assert task.state == TaskState.CANCELLED
    assert 3 < task.progress < 100
    assert messages(task)[-1] == "Cancelled as asked."


def test_an_ended_task_cannot_be_cancelled(deployment: Deployment, operator: Operator) -> None:
    task = run(start("test_count", deployment, operator))
    with pytest.raises(Conflict) as refused:
        tasks.cancel(task, actor=operator)
    assert refused.value.code == "finished"


def test_a_task_whose_worker_died_is_done_again_where_that_is_safe(
    deployment: Deployment, operator: Operator
) -> None:
    task = start("test_count", deployment, operator)
    claim(task.pk, "worker-that-dies")
    assert run(task).attempt == 1, "the lease protects a worker that is alive"
    expire_lease(task)
    task = run(task, "worker-2")
    assert (task.state, task.attempt, task.worker) == (TaskState.SUCCEEDED, 2, "worker-2")


def test_a_task_that_was_to_stop_when_its_worker_died_is_not_done_again(
    deployment: Deployment, operator: Operator
) -> None:
    task = start("test_count", deployment, operator)
    claim(task.pk, "worker-that-dies")
    tasks.cancel(task, actor=operator)
    expire_lease(task)
    task = run(task, "worker-2")
    assert (task.state, task.result) == (TaskState.CANCELLED, None)


def test_a_task_that_must_not_be_repeated_is_tidied_up_and_fails(
    deployment: Deployment, operator: Operator, tmp_path: object
) -> None:
    diary = tmp_path / "diary"  # type: ignore[operator]
    task = start("test_build", deployment, operator, diary=str(diary))
    dead = claim(task.pk, "worker-that-dies")
    assert dead is not None
    Progress(dead).leave(tower="half built")
    expire_lease(task)
    task = run(task, "worker-2")
    assert task.state == TaskState.FAILED
    assert task.error is not None
    assert task.error["code"] == "worker_lost"
    assert diary.read_text() == "tidied half built\n"


def test_a_task_that_takes_every_worker_down_is_given_up(deployment: Deployment, operator: Operator) -> None:
    task = start("test_count", deployment, operator)
    for number in range(3):
        claim(task.pk, f"worker-{number}")
        expire_lease(task)
    task = run(task, "worker-4")
    assert task.state == TaskState.FAILED
    assert task.error is not None
    assert task.error["code"] == "worker_lost"


def test_a_worker_that_lost_its_task_writes_nothing_more(deployment: Deployment, operator: Operator) -> None:
    task = start("test_count", deployment, operator)
    slow = claim(task.pk, "slow")
    assert slow is not None
    progress = Progress(slow)
    expire_lease(task)
    run(task, "fast")
    with pytest.raises(LostClaim):
        progress.finish(TaskState.FAILED)
    with pytest.raises(LostClaim):
        progress.info(Text("still here"))
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED
    assert "still here" not in messages(task)


def test_progress_raises_where_cancelling_was_asked_for(deployment: Deployment, operator: Operator) -> None:
    claimed = claim(start("test_count", deployment, operator).pk, "worker-1")
    assert claimed is not None
    progress = Progress(claimed)
    progress.check()
    progress._cancel.set()
    with pytest.raises(Cancelled):
        progress.check()


def test_two_changing_tasks_never_run_at_once(deployment: Deployment, operator: Operator) -> None:
    start("test_build", deployment, operator)
    with pytest.raises(Conflict) as refused:
        start("test_change", deployment, operator)
    assert refused.value.code == "task_running"
    assert "test_build" in str(refused.value)
    start("test_count", deployment, operator)


def test_a_double_click_starts_one_task(deployment: Deployment, operator: Operator) -> None:
    start("test_count", deployment, operator)
    with pytest.raises(Conflict) as refused:
        start("test_count", deployment, operator)
    assert refused.value.code == "task_running"
    assert Task.objects.count() == 1


def test_a_task_that_is_not_ready_names_what_is_missing(deployment: Deployment, operator: Operator) -> None:
    with pytest.raises(NotReady) as refused:
        start("test_count", deployment, operator, locked=True)
    assert str(refused.value.remedy) == "Still missing: the key"
    assert not Task.objects.exists()


def test_an_unknown_kind_is_refused_with_the_known_ones(deployment: Deployment, operator: Operator) -> None:
    with pytest.raises(Invalid) as refused:
        start("test_unknown", deployment, operator)
    assert "deploy_ova" in str(refused.value.errors[0].message)


def test_viewers_start_and_stop_nothing(deployment: Deployment, operator: Operator, viewer: Operator) -> None:
    with pytest.raises(NotAllowed):
        start("test_count", deployment, viewer)
    task = start("test_count", deployment, operator)
    with pytest.raises(NotAllowed):
        tasks.cancel(task, actor=viewer)


def test_starting_and_stopping_is_in_the_audit_trail(deployment: Deployment, operator: Operator) -> None:
    task = start("test_count", deployment, operator)
    tasks.cancel(task, actor=operator)
    actions = AuditEntry.objects.filter(subject_id=str(task.pk)).values_list("action", flat=True)
    assert sorted(actions) == ["task.cancel_requested", "task.requested"]


def test_a_task_is_started_again_as_a_new_one(deployment: Deployment, operator: Operator) -> None:
    task = start("test_refuse", deployment, operator)
    with pytest.raises(Conflict, match="still under way"):
        tasks.retry(task, actor=operator)
    again = tasks.retry(run(task), actor=operator)
    assert (again.kind, again.state, again.pk != task.pk) == ("test_refuse", TaskState.QUEUED, True)


def test_reconcile_sends_what_nobody_took_up(deployment: Deployment, operator: Operator) -> None:
    task = start("test_count", deployment, operator)
    assert tasks.reconcile() == 0, "a message that was sent just now may still be on its way"
    long_ago = timezone.now() - timedelta(minutes=5)
    Task.objects.filter(pk=task.pk).update(published_at=long_ago, queued_at=long_ago)
    assert tasks.reconcile() == 1
    assert tasks.reconcile() == 0, "it was sent again just now"


def test_reconcile_sends_what_its_worker_dropped(deployment: Deployment, operator: Operator) -> None:
    task = start("test_count", deployment, operator)
    claim(task.pk, "worker-that-dies")
    long_ago = timezone.now() - timedelta(minutes=5)
    Task.objects.filter(pk=task.pk).update(published_at=long_ago)
    assert tasks.reconcile() == 0, "its worker is alive"
    expire_lease(task)
    assert tasks.reconcile() == 1
