"""One line for each request and for each end of a task, in the same form whoever writes it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from tests.api.client import Api, token_of
from tests.builders import make_deployment
from tests.watching.lines import logged
from wizard.config.logs import tell_of_crashed_thread
from wizard.models import Operator
from wizard.services import tasks, tracing
from wizard.web.views.crash import crashed


def crash(_request: Any, token: str) -> HttpResponse:
    raise RuntimeError(f"password={token}")


def wait_for_the_database(_request: Any) -> HttpResponse:
    raise OperationalError("database is locked at canary")


urlpatterns = [
    path("crash/<str:token>/", crash, name="crash"),
    path("waits/", wait_for_the_database),
    path("sign-in/", crashed, name="sign_in"),
]
handler500 = crashed


def test_another_host_name_is_one_line_and_no_error(settings: Any, db: None) -> None:
    settings.ALLOWED_HOSTS = ["foothold.example.net"]
    with logged() as seen:
        assert Client().get("/", headers={"host": "evil.example"}).status_code == 400
    (line,) = [event for event in seen.events if event["logger"] == "django.security.DisallowedHost"]
    assert (line["level"], "exception" in line) == ("warning", False)
    assert "ALLOWED_HOSTS" in line["event"]


@pytest.mark.django_db
def test_a_request_is_one_line_with_its_route_and_its_id(operator: Operator) -> None:
    deployment = make_deployment(operator)
    client = Client()
    client.force_login(operator)
    with logged() as seen:
        answer = client.get(
            f"/deployments/{deployment.pk}/?q=canary-in-a-query", headers={"X-Request-ID": "mine"}
        )
    (line,) = seen.only("web.request")
    assert answer["X-Request-ID"] == line["request_id"] == "mine"
    assert (line["method"], line["route"], line["view"], line["status"], line["user"]) == (
        "GET",
        "/deployments/<uuid:pk>/",
        "deployment",
        200,
        str(operator.pk),
    )
    assert line["ms"] > 0
    assert "canary" not in seen.text
    assert str(deployment.pk) not in seen.text


@pytest.mark.django_db
def test_a_program_is_named_by_the_person_whose_token_it_has(operator: Operator) -> None:
    api = Api(token_of(operator, "read"))
    with logged() as seen:
        api.get("deployments/")
    assert seen.only("web.request")[0]["user"] == str(operator.pk)
    assert "fht_" not in seen.text


@pytest.mark.django_db
def test_a_path_that_signs_in_is_nowhere_in_the_log(client: Client) -> None:
    with logged(level=logging.DEBUG) as seen:
        client.get("/sign-in/once/canary-token-in-a-path/")
        client.get("/no-such-page/canary-token-in-a-path/?token=canary")
    assert "canary" not in seen.text
    assert len(seen.only("web.request")) == 2


@pytest.mark.django_db
def test_a_page_that_crashes_shows_the_id_under_which_the_log_tells_of_it(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    with logged() as seen:
        answer = client.get("/crash/canary-token/", headers={"X-Request-ID": "crash-1"})
    assert answer.status_code == 500
    assert "<code>crash-1</code>" in answer.content.decode()
    told = [event for event in seen.events if "exception" in event]
    assert [event["request_id"] for event in told] == ["crash-1"]
    assert "RuntimeError" in told[0]["exception"]
    assert seen.only("web.request")[0]["status"] == 500
    assert "canary" not in seen.text


@pytest.mark.django_db
def test_a_page_without_its_database_says_so_and_not_that_the_fault_is_ours(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    answer = Client(raise_request_exception=False).get("/waits/", headers={"X-Request-ID": "waits-1"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    page = answer.content.decode()
    assert "The database does not answer." in page
    assert "The fault is ours" not in page
    assert "<code>waits-1</code>" in page
    assert "canary" not in page


@pytest.mark.django_db
def test_monitors_that_ask_all_day_long_leave_no_lines(client: Client) -> None:
    with logged() as seen:
        client.get("/healthz")
    assert seen.events == []


@pytest.mark.django_db
def test_a_task_says_when_it_began_and_how_it_ended(operator: Operator) -> None:
    with tracing.traced("the-request"):
        good = tasks.launch(
            "test_count", deployment=make_deployment(operator), actor=operator, inputs={"steps": 1}
        )
        bad = tasks.launch("test_refuse", deployment=make_deployment(operator), actor=operator)
    with logged() as seen:
        tasks.execute(good.pk, "worker-1")
        tasks.execute(bad.pk, "worker-1")
    assert {event["request_id"] for event in seen.events} == {"the-request"}
    assert [event["task"] for event in seen.only("task.started")] == [str(good.pk), str(bad.pk)]
    ended = seen.only("task.ended")
    assert [(event["kind"], event["state"]) for event in ended] == [
        ("test_count", "succeeded"),
        ("test_refuse", "failed"),
    ]
    assert all(event["s"] >= 0 and event["attempt"] == 1 for event in ended)


def test_a_thread_that_dies_is_told_in_the_same_form() -> None:
    def work() -> None:
        raise ValueError("token=canary-in-a-thread")

    with logged() as seen:
        hook, threading.excepthook = threading.excepthook, tell_of_crashed_thread
        try:
            thread = threading.Thread(target=work, name="worker of a test")
            thread.start()
            thread.join()
        finally:
            threading.excepthook = hook
    (event,) = seen.events
    assert event["event"] == "thread.crashed: worker of a test"
    assert "ValueError" in event["exception"]
    assert "canary" not in seen.text


def test_celery_and_gunicorn_and_django_have_no_handlers_of_their_own() -> None:
    for name in ("celery", "django", "django.server", "django.request", "gunicorn.error"):
        found = logging.getLogger(name)
        assert [one for one in found.handlers if not isinstance(one, logging.NullHandler)] == [], name
        assert found.propagate, name


def test_what_libraries_warn_of_is_a_line_like_all_others() -> None:
    shown = (
        "import warnings; from wizard.config import logs; logs.configure({'level': 'INFO', 'json': True}); "
        "warnings.warn('as root\\nforged')"
    )
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert "as root" in json.loads(line)["event"]
