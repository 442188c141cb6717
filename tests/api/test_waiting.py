"""Waiting for news: the answer comes when there is some, and waiting callers never take the whole server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests import stories
from tests.api.client import Api, ok, problem, token_of
from tests.builders import make_deployment
from tests.waiting import AT_ONCE_S, wait_until
from wizard.api import tasks as door
from wizard.api.tasks import MAX_WAITING
from wizard.config import gunicorn
from wizard.models import Deployment, Operator, Task, TaskState, Team
from wizard.services import tasks

pytestmark = pytest.mark.django_db(transaction=True)

# A wait that is long enough for whatever is to happen meanwhile.
LONG_S = 60


def callers_waiting() -> int:
    return MAX_WAITING - door._waiting._value


@pytest.fixture
def task(operator: Operator) -> Task:
    return tasks.launch("test_count", deployment=make_deployment(operator), actor=operator)


@pytest.fixture
def later() -> Iterator[Callable[[Callable[[], Any]], None]]:
    """Do something in another thread, once somebody waits for news."""
    threads: list[threading.Thread] = []

    def begin(work: Callable[[], Any]) -> None:
        def wait_and_work() -> None:
            try:
                wait_until(callers_waiting)
                work()
            finally:
                connection.close()

        threads.append(threading.Thread(target=wait_and_work))
        threads[-1].start()

    yield begin
    for thread in threads:
        thread.join()


def seconds_of(call: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.monotonic()
    return call(), time.monotonic() - begun


def test_the_end_of_a_task_is_waited_for(api: Api, task: Task, later: Any) -> None:
    later(lambda: tasks.execute(task.pk, "worker-1"))
    response, took = seconds_of(lambda: api.get(f"tasks/{task.pk}/", wait=LONG_S))
    assert ok(response)["state"] == "succeeded"
    assert took < AT_ONCE_S


def test_a_wait_ends_when_its_seconds_are_over(api: Api, task: Task) -> None:
    response, took = seconds_of(lambda: api.get(f"tasks/{task.pk}/", wait=1))
    assert ok(response)["state"] == "queued"
    assert 1 <= took < AT_ONCE_S


def test_the_end_of_an_ended_task_is_not_waited_for(api: Api, task: Task) -> None:
    tasks.execute(task.pk, "worker-1")
    _response, took = seconds_of(lambda: ok(api.get(f"tasks/{task.pk}/", wait=LONG_S)))
    assert took < AT_ONCE_S
    _response, took = seconds_of(lambda: ok(api.get(f"tasks/{task.pk}/events/", after=99, wait=LONG_S)))
    assert took < AT_ONCE_S


def test_the_next_line_of_the_log_is_waited_for(api: Api, operator: Operator, later: Any) -> None:
    task = stories.running(make_deployment(operator), "test_count", operator)
    later(lambda: stories.tell(Task.objects.get(pk=task.pk), "Half way."))
    response, took = seconds_of(lambda: api.get(f"tasks/{task.pk}/events/", after=1, wait=LONG_S))
    assert [(item["seq"], item["message"]) for item in ok(response)["items"]] == [(2, "Half way.")]
    assert took < AT_ONCE_S


def test_lines_that_are_there_are_not_waited_for(api: Api, operator: Operator) -> None:
    task = stories.running(make_deployment(operator), "test_count", operator)
    response, took = seconds_of(lambda: api.get(f"tasks/{task.pk}/events/", wait=LONG_S))
    assert len(ok(response)["items"]) == 1
    assert took < AT_ONCE_S


def test_a_log_that_ends_while_it_is_waited_for_is_answered(api: Api, task: Task, later: Any) -> None:
    later(lambda: Task.objects.filter(pk=task.pk).update(state=TaskState.CANCELLED))
    response, took = seconds_of(lambda: api.get(f"tasks/{task.pk}/events/", wait=LONG_S))
    assert ok(response) == {"items": []}
    assert took < AT_ONCE_S


def test_a_task_that_goes_away_while_it_is_waited_for_is_not_found(api: Api, task: Task, later: Any) -> None:
    later(lambda: Task.objects.filter(pk=task.pk).delete())
    problem(api.get(f"tasks/{task.pk}/", wait=LONG_S), 404, "not_found")


@pytest.mark.parametrize("wait", [-1, 61, "long"])
def test_a_wait_has_bounds(api: Api, task: Task, wait: object) -> None:
    body = problem(api.get(f"tasks/{task.pk}/", wait=wait), 422, "invalid")
    assert [error["path"] for error in body["errors"]] == ["wait"]


def test_more_callers_than_may_wait_are_asked_to_come_back(operator: Operator, task: Task) -> None:
    api = Api(token_of(operator, "read"))
    ok(api.get("tasks/"))  # so that the waiting ones need not note the first use of the token

    def wait() -> tuple[int, str | None]:
        try:
            response = api.get(f"tasks/{task.pk}/", wait=LONG_S)
            return response.status_code, response.get("Retry-After")
        finally:
            connection.close()

    with ThreadPoolExecutor(MAX_WAITING + 2) as pool:
        callers = [pool.submit(wait) for _ in range(MAX_WAITING + 2)]
        wait_until(lambda: sum(caller.done() for caller in callers) == 2)
        tasks.cancel(task, actor=operator)
        answers = [caller.result() for caller in callers]
    assert sorted(answers) == [(200, None)] * MAX_WAITING + [(503, "5")] * 2
    # The places are free again.
    assert callers_waiting() == 0
    ok(api.get(f"tasks/{task.pk}/", wait=1))


def test_most_threads_of_the_server_stay_for_those_who_do_not_wait() -> None:
    assert 1 <= MAX_WAITING < gunicorn.threads / 2


def test_a_full_house_still_answers_those_who_do_not_wait(operator: Operator, task: Task) -> None:
    api = Api(token_of(operator, "read"))
    ok(api.get("tasks/"))

    def wait() -> int:
        try:
            status: int = api.get(f"tasks/{task.pk}/", wait=LONG_S).status_code
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(MAX_WAITING) as pool:
        waiting = [pool.submit(wait) for _ in range(MAX_WAITING)]
        wait_until(lambda: callers_waiting() == MAX_WAITING)
        problem(api.get(f"tasks/{task.pk}/", wait=1), 503, "too_many_waiting")
        assert ok(api.get(f"tasks/{task.pk}/"))["state"] == "queued"
        tasks.cancel(task, actor=operator)
        assert [one.result() for one in waiting] == [200] * MAX_WAITING


def _revoke(task: Task) -> None:
    task.requested_by.api_tokens.update(revoked_at=timezone.now())


def _take_team_away(task: Task) -> None:
    team = Team.objects.create(name="Oslo")
    Deployment.objects.filter(pk=task.deployment_id).update(team=team)


def _make_inactive(task: Task) -> None:
    Operator.objects.filter(pk=task.requested_by_id).update(is_active=False)


@pytest.mark.parametrize(
    ("loss", "status"),
    [(_revoke, 401), (_make_inactive, 401), (_take_team_away, 404)],
    ids=["revoked", "inactive", "team"],
)
@pytest.mark.parametrize("path", ["", "events/"])
def test_who_loses_the_right_while_waiting_is_told_no_news(
    api: Api, operator: Operator, later: Any, loss: Callable[[Task], None], status: int, path: str
) -> None:
    task = stories.running(make_deployment(operator), "test_count", operator)

    def lose_and_tell() -> None:
        loss(task)
        stories.tell(Task.objects.get(pk=task.pk), "A secret of the team.")
        Task.objects.filter(pk=task.pk).update(state=TaskState.FAILED, finished_at=timezone.now())

    later(lose_and_tell)
    after = {"after": 1} if path else {}
    response, took = seconds_of(lambda: api.get(f"tasks/{task.pk}/{path}", wait=LONG_S, **after))
    assert response.status_code == status
    assert b"A secret of the team." not in response.content
    assert took < AT_ONCE_S
