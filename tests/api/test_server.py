"""A real web server: those who wait never take it from those who do not, and processes agree on what a token may."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from tests.api.client import token_of
from tests.builders import make_deployment
from tests.ports import free_port
from tests.waiting import PATIENCE_S, wait_until
from tests.worker.conftest import redis_url as redis_url
from wizard.api.tasks import MAX_WAITING
from wizard.models import Operator, Task
from wizard.services import tasks

pytestmark = pytest.mark.django_db(transaction=True)

BASE = Path(settings.BASE_DIR)
Serve = Callable[..., list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Any
    body: bytes


def get(url: str, token: str = "") -> Answer:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            status, headers, body = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            status, headers, body = error.code, error.headers, error.read()
    return Answer(status=status, headers=headers, body=body)


@pytest.fixture
def serve(tmp_path: Path, operator: Operator) -> Iterator[Serve]:
    """Start the web server as `make run` does, on the database of the test; returns the addresses."""
    # Somebody has signed in before, so the server greets nobody with a link.
    Operator.objects.update(last_login=timezone.now())
    running: list[subprocess.Popen[bytes]] = []
    log = tmp_path / "web.log"

    def start(count: int = 1, **environment: str) -> list[str]:
        sites = [f"http://127.0.0.1:{free_port()}" for _ in range(count)]
        for site in sites:
            given = {
                **{name: value for name, value in os.environ.items() if name != "REDIS_URL"},
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "WORKER_DATABASE": str(connection.settings_dict["NAME"]),
                "PORT": site.rpartition(":")[2],
                **environment,
            }
            command = (sys.executable, "-m", "gunicorn", "-c", "python:wizard.config.gunicorn")
            with log.open("ab") as lines:
                running.append(
                    subprocess.Popen(
                        (*command, "wizard.config.wsgi"), env=given, cwd=BASE, stdout=lines, stderr=lines
                    )
                )
        for site in sites:
            wait_until(partial(_lives, site))
        return sites

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(PATIENCE_S)


def _lives(site: str) -> bool:
    try:
        return get(f"{site}/healthz").status == 200
    except OSError:
        return False


@pytest.fixture
def task(operator: Operator) -> Task:
    return tasks.launch("test_count", deployment=make_deployment(operator), actor=operator)


def test_pages_are_answered_quickly_while_more_wait_than_the_server_has_threads(
    serve: Serve, operator: Operator, task: Task
) -> None:
    threads, longest = 16, 60
    (site,), token = serve(WEB_THREADS=str(threads)), token_of(operator, "read")
    address = f"{site}/api/v1/tasks/{task.pk}/"
    get(address, token)
    with ThreadPoolExecutor(threads + 4) as pool:
        waiting = [pool.submit(get, f"{address}?wait={longest}", token) for _ in range(threads + 4)]
        too_many = threads + 4 - MAX_WAITING
        wait_until(lambda: sum(one.done() for one in waiting) == too_many)
        pages = [get(f"{site}/sign-in/") for _ in range(5)]
        calls = [get(address, token) for _ in range(5)]
        assert sum(one.done() for one in waiting) == too_many, "they waited all the while"
        tasks.cancel(task, actor=operator)
        answers = [one.result() for one in waiting]
    assert {answer.status for answer in (*pages, *calls)} == {200}
    waited = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status == 503]
    assert (len(waited), len(refused)) == (MAX_WAITING, too_many)
    assert {json.loads(answer.body)["state"] for answer in waited} == {"cancelled"}
    for answer in refused:
        assert json.loads(answer.body)["code"] == "too_many_waiting"
        assert answer.headers["Retry-After"] == "5"


@pytest.mark.redis
def test_two_servers_agree_on_how_often_a_token_called(
    serve: Serve, operator: Operator, redis_url: str
) -> None:
    limit = {"REDIS_URL": redis_url, "API_RATE_PER_MINUTE": "6", "API_RATE_PER_SECOND": "0"}
    token = token_of(operator, "read")
    sites = serve(2, **limit)
    # What a process reads once, before the seconds count: ten of them give one call back.
    for site in sites:
        get(f"{site}/api/v1/tasks/")
    answers = [get(f"{site}/api/v1/tasks/", token) for _ in range(5) for site in sites]
    assert [answer.status for answer in answers] == [200] * 6 + [429] * 4
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers[6:])
