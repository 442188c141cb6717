from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import stories
from tests.builders import make_deployment
from wizard.models import Operator
from wizard.services import readiness


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody answers in these tests; a tenth of a second is as silent as two.
    monkeypatch.setattr(readiness, "WORKER_SECONDS", 0.1)
    monkeypatch.setattr(readiness, "BROKER_SECONDS", 1)


def test_a_process_that_lives_says_so_to_anybody(stranger: Client, db: None) -> None:
    answer = stranger.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_without_a_worker_it_is_not_ready_and_says_which_part_is_down(stranger: Client, db: None) -> None:
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    parts = answer.json()["parts"]
    assert {name: part["up"] for name, part in parts.items()} == {
        "database": True,
        "broker": True,
        "worker": False,
    }
    assert parts["worker"]["detail"] == "No worker answered. Tasks wait until one is started."


def test_a_task_in_hand_proves_a_worker(stranger: Client, operator: Operator) -> None:
    stories.running(make_deployment(operator), "preflight", operator)
    answer = stranger.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_a_broker_that_is_gone_is_named_and_the_worker_not_asked(
    stranger: Client, db: None, settings: Any, tmp_path: Any
) -> None:
    settings.BROKER_DIR = tmp_path / "gone"
    parts = stranger.get("/readyz").json()["parts"]
    assert parts["broker"] == {"up": False, "detail": "The folder of the broker is missing."}
    assert parts["worker"]["detail"] == "Not asked, as the broker does not answer."


def test_a_redis_that_does_not_answer_is_down_and_its_password_stays_secret(
    stranger: Client, db: None, settings: Any
) -> None:
    settings.REDIS_URL = "redis://:canary-redis@127.0.0.1:1/0"
    settings.CELERY_BROKER_URL = settings.REDIS_URL
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["broker"]["up"] is False
    assert "canary" not in answer.content.decode()


def test_only_looking_is_answered(stranger: Client, db: None) -> None:
    assert stranger.post("/healthz").status_code == 405
