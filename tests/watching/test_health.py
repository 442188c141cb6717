"""Whether the process lives, and whether the parts behind it are well: told to anybody, in words that give nothing away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.api.client import token_of
from tests.builders import make_deployment
from tests.waiting import AT_ONCE_S
from wizard.models import ApiToken, BrowserSession, Credential, Operator, Pulse
from wizard.services import credentials, pulses, readiness

# The parts are asked in threads of their own, which see what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def asked_anew(settings: Any, tmp_path: Any) -> Iterator[None]:
    # However full the disk of this machine may be.
    settings.VAR_DIR = tmp_path
    readiness.forget()
    yield
    readiness.forget()


@pytest.fixture
def well() -> None:
    pulses.note("worker", "worker1@host")
    pulses.note_scheduler()


@pytest.fixture
def space(monkeypatch: pytest.MonkeyPatch) -> None:
    # The machine of the tests is not what is tested.
    monkeypatch.setattr(readiness, "LITTLE_SPACE", 0)


def ask(client: Client, **headers: str) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz", headers=headers)
    return answer.status_code, answer.json()


def test_a_process_that_lives_says_so_to_anybody(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.usefixtures("well", "space")
def test_with_all_parts_well_it_is_ready(client: Client) -> None:
    status, body = ask(client)
    assert (status, body["status"]) == (200, "ok")
    assert {name: part["state"] for name, part in body["parts"].items()} == dict.fromkeys(
        ["database", "broker", "worker", "scheduler", "disk", "keys", "static"], "up"
    )


@pytest.mark.usefixtures("space")
def test_without_a_worker_it_is_not_ready_and_says_what_to_do(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    part = answer.json()["parts"]["worker"]
    assert (part["up"], part["code"]) == (False, "no_worker")
    assert part["cause"] == "No worker was heard of lately. Tasks wait until one is started."
    assert part["remedy"] == "Start a worker, or look into its log for why it ended."


@pytest.mark.usefixtures("well", "space")
def test_a_worker_that_fell_silent_is_missed(client: Client) -> None:
    Pulse.objects.filter(part="worker").update(seen_at=timezone.now() - timedelta(seconds=51))
    assert ask(client)[1]["parts"]["worker"]["code"] == "no_worker"


@pytest.mark.usefixtures("space")
def test_a_task_in_hand_proves_a_worker(client: Client, operator: Operator) -> None:
    stories.running(make_deployment(operator), "preflight", operator)
    assert ask(client)[1]["parts"]["worker"]["up"] is True


@pytest.mark.usefixtures("well", "space")
def test_a_worker_of_another_version_is_pointed_out_and_no_reason_to_stop(client: Client) -> None:
    Pulse.objects.filter(part="worker").update(version="0.0.9")
    status, body = ask(client)
    assert (status, body["status"], body["parts"]["worker"]["code"]) == (
        200,
        "degraded",
        "worker_of_other_version",
    )


@pytest.mark.usefixtures("well", "space")
def test_a_scheduler_that_stopped_leaves_it_ready_but_degraded(client: Client) -> None:
    Pulse.objects.filter(part="scheduler").update(seen_at=timezone.now() - timedelta(minutes=5))
    status, body = ask(client)
    assert (status, body["status"]) == (200, "degraded")
    assert body["parts"]["scheduler"]["code"] == "no_scheduler"


@pytest.mark.usefixtures("well", "space")
def test_a_broker_that_is_gone_is_named(client: Client, settings: Any, tmp_path: Any) -> None:
    settings.BROKER_DIR = tmp_path / "gone"
    status, body = ask(client)
    assert (status, body["parts"]["broker"]["code"]) == (503, "broker_folder_missing")
    assert str(tmp_path) not in str(body)


@pytest.mark.usefixtures("well", "space")
def test_a_redis_that_does_not_answer_is_down_and_its_password_stays_secret(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "BROKER_S", 0.2)
    settings.REDIS_URL = "redis://:canary-redis@127.0.0.1:1/0"
    settings.CELERY_BROKER_URL = settings.REDIS_URL
    status, body = ask(client)
    assert (status, body["parts"]["broker"]["code"]) == (503, "no_answer")
    assert "canary" not in str(body)


@pytest.mark.usefixtures("well")
def test_a_disk_that_fills_up_is_said_before_it_is_full(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "LITTLE_SPACE", 2**60)
    status, body = ask(client)
    assert (status, body["parts"]["disk"]["code"]) == (200, "disk_low")
    monkeypatch.setattr(readiness, "NO_SPACE", 2**60)
    readiness.forget()
    status, body = ask(client)
    assert (status, body["parts"]["disk"]["code"]) == (503, "disk_full")


@pytest.mark.usefixtures("well", "space")
def test_secrets_that_no_key_opens_degrade_it(client: Client, operator: Operator) -> None:
    kept = credentials.keep(
        name="vc", kind=Credential.Kind.VCENTER, username="u", secret="canary-password", actor=operator
    )
    Credential.objects.filter(pk=kept.pk).update(sealed=b"sealed with another key")
    status, body = ask(client)
    assert (status, body["status"], body["parts"]["keys"]["code"]) == (200, "degraded", "secrets_unreadable")


@pytest.mark.usefixtures("well", "space")
def test_tables_of_another_version_are_a_reason_to_wait(client: Client) -> None:
    recorder = MigrationRecorder(connection)
    newest = max(name for app, name in recorder.applied_migrations() if app == "wizard")
    recorder.record_unapplied("wizard", newest)
    try:
        status, body = ask(client)
    finally:
        recorder.record_applied("wizard", newest)
    assert (status, body["parts"]["database"]["code"]) == (503, "migrations_missing")


@pytest.mark.usefixtures("well", "space")
def test_what_hangs_costs_five_seconds_at_most_and_is_not_asked_again_meanwhile(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "OVERALL_S", 1.0)
    let_go = threading.Event()
    asked = []

    def hang() -> Any:
        asked.append(1)
        let_go.wait(2 * AT_ONCE_S)
        raise ValueError("over")

    slow = readiness._Question(
        name="broker", ask=hang, silent=readiness._QUESTIONS[1].silent, remedy=readiness._QUESTIONS[1].remedy
    )
    monkeypatch.setattr(
        readiness, "_QUESTIONS", tuple(slow if one.name == "broker" else one for one in readiness._QUESTIONS)
    )
    since = time.monotonic()
    status, body = ask(client)
    assert time.monotonic() - since < AT_ONCE_S
    assert (status, body["parts"]["broker"]["code"]) == (503, "no_answer")
    assert body["parts"]["database"]["state"] == "up"
    since = time.monotonic()
    for _number in range(10):
        assert ask(client)[1]["parts"]["broker"]["code"] == "no_answer"
    assert asked == [1]
    assert time.monotonic() - since < 8, "only the first waits for it, or strangers could hold every thread"
    let_go.set()
    for thread in threading.enumerate():
        if thread.name == "ready broker":
            thread.join()


@pytest.mark.usefixtures("well", "space")
def test_only_people_who_may_look_around_are_told_of_this_installation(
    client: Client, operator: Operator
) -> None:
    pulses.note("worker", "worker2@host")
    assert "details" not in ask(client)[1]["parts"]["worker"]
    assert "details" not in ask(client, Authorization="Bearer fht_wrong-one")[1]["parts"]["worker"]
    token = token_of(operator, "read")
    with_token = ask(Client(), Authorization=f"Bearer {token}")[1]["parts"]
    assert with_token["worker"]["details"] == "2 workers were heard of lately."
    client.force_login(operator)
    assert ask(client)[1]["parts"]["worker"]["details"] == "2 workers were heard of lately."


@pytest.fixture
def no_sessions(client: Client, operator: Operator) -> Iterator[None]:
    """Somebody signed in, and then the database fails for whoever asks for their session."""
    client.force_login(operator)
    table = BrowserSession._meta.db_table
    _run(f"ALTER TABLE {table} RENAME TO away")
    yield
    _run(f"ALTER TABLE away RENAME TO {table}")


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.usefixtures("well", "space", "no_sessions")
def test_who_is_signed_in_is_told_of_a_database_that_fails_like_anybody_else(client: Client) -> None:
    assert client.get("/healthz").status_code == 200
    status, body = ask(client)
    assert status in (200, 503)
    assert "details" not in body["parts"]["worker"]
    assert client.get("/metrics").status_code == 401


@pytest.fixture
def no_tokens(operator: Operator) -> Iterator[str]:
    """A good token, and then the database fails for whoever looks it up."""
    token = token_of(operator, "read")
    table = ApiToken._meta.db_table
    _run(f"ALTER TABLE {table} RENAME TO away")
    yield token
    _run(f"ALTER TABLE away RENAME TO {table}")


@pytest.mark.usefixtures("well", "space")
def test_a_good_token_is_not_called_wrong_where_the_database_fails(client: Client, no_tokens: str) -> None:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {no_tokens}"})
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "database" in answer.content.decode()


@pytest.mark.usefixtures("well", "space")
def test_asking_how_it_is_keeps_no_session_alive(client: Client, operator: Operator, settings: Any) -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=settings.SESSION_IDLE_MINUTES + 1)):
        client.force_login(operator)
    with time_machine.travel(timezone.now() - timedelta(minutes=5)):
        ask(client)
    readiness.forget()
    pulses.note("worker", "worker1@host")
    assert "details" not in ask(client)[1]["parts"]["worker"]
    assert client.get("/")["Location"].startswith("/sign-in/")


@pytest.mark.usefixtures("well", "space")
def test_many_who_ask_at_once_cost_one_look(client: Client, django_assert_num_queries: Any) -> None:
    ask(client)
    with django_assert_num_queries(0):
        for _number in range(10):
            ask(client)


def test_only_looking_is_answered(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
    assert client.post("/readyz").status_code == 405
