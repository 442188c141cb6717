"""The schedule of looks at vaults: who is due gets a message, and the message has a worker look."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from tests import stories, vault_stories
from tests.waiting import wait_until
from wizard import tasks
from wizard.config.celery import app
from wizard.lab.arm import LabAzure
from wizard.models import (
    Deployment,
    DeploymentState,
    Notice,
    Operator,
    TaskState,
    VaultObservation,
    VaultWatch,
)
from wizard.services import renewal, vault_observation
from wizard.services import tasks as work
from wizard.services.vault_observation import claim
from wizard.services.vault_observation.schedule import LOOK_EVERY_S

# A task lets go of connections that are too old.
pytestmark = pytest.mark.django_db(transaction=True)

Sent = Callable[[], list[Any]]


@pytest.fixture
def sent() -> Iterator[Sent]:
    """What lies in the queue, taken out of it: [name of the task, its arguments, its headers]."""
    with app.connection_for_read() as connection, closing(connection.SimpleQueue("celery")) as queue:
        queue.clear()

        def take() -> list[Any]:
            found = []
            while queue.qsize():
                message = queue.get(timeout=5)
                message.ack()
                arguments, _options, _embedded = json.loads(message.body)
                found.append((message.headers["task"], arguments, message.headers))
            return found

        yield take


@pytest.fixture
def deployment(azure: LabAzure, operator: Operator) -> Deployment:
    found = vault_stories.watched(operator, "registered")
    vault_stories.set_up(azure)
    return found


def test_a_vault_that_is_due_gets_a_message_that_ages_before_the_next_look(
    deployment: Deployment, sent: Sent
) -> None:
    tasks.refresh_vaults()
    ((name, arguments, headers),) = sent()
    assert (name, arguments) == ("wizard.tasks.refresh_vault", [str(deployment.pk)])
    assert headers["expires"] is not None
    assert app.tasks[name].name == name, "a worker knows it"
    assert app.conf.beat_schedule["refresh_vaults"]["schedule"] == LOOK_EVERY_S


def test_the_message_has_the_vault_looked_at_once(
    deployment: Deployment, azure: LabAzure, settings: Any
) -> None:
    tasks.refresh_vault(str(deployment.pk))
    assert deployment.observations.get().number == 1
    watch = VaultWatch.objects.get()
    assert watch.next_refresh_at == watch.refreshed_at + timedelta(minutes=settings.HEALTH_MINUTES)
    azure.control.clear_requests()
    vault_stories.forget()
    tasks.refresh_vault(str(deployment.pk))
    assert azure.control.requests() == [], "a second message for the same look finds nothing to do"


def test_a_failure_waits_for_the_next_turn_and_stops_no_worker(
    deployment: Deployment, azure: LabAzure, settings: Any
) -> None:
    azure.control.fault("always_503")
    assert vault_observation.look_if_due(deployment.pk) is False
    watch = VaultWatch.objects.get()
    assert watch.refresh_failed_at is not None
    assert watch.next_refresh_at is not None
    assert watch.next_refresh_at > timezone.now()
    assert Notice.objects.get().key == "looking"


@pytest.mark.parametrize(
    "change", ["not yet", "being looked at", "no account", "draft", "checked", "decommissioned"]
)
def test_what_is_not_due_gets_no_message(deployment: Deployment, sent: Sent, change: str) -> None:
    now = timezone.now()
    match change:
        case "not yet":
            VaultWatch.objects.create(deployment=deployment, next_refresh_at=now + timedelta(seconds=20))
        case "being looked at":
            VaultWatch.objects.create(deployment=deployment, refreshing_until=now + timedelta(minutes=1))
        case "no account":
            vault_stories.choose(deployment, "")
        case _:
            Deployment.objects.update(state=DeploymentState(change))
    assert vault_observation.send_due() == 0
    assert sent() == []
    assert vault_observation.look_if_due(deployment.pk) is False
    assert not VaultObservation.objects.exists()


def test_answers_from_before_there_were_accounts_are_no_account(operator: Operator, sent: Sent) -> None:
    stories.answered(operator, "registered")
    assert vault_observation.send_due() == 0


def test_whoever_was_not_heard_of_any_more_is_due_again(deployment: Deployment, sent: Sent) -> None:
    past = timezone.now() - timedelta(seconds=1)
    VaultWatch.objects.create(
        deployment=deployment, refresh_claim="a worker that was killed", refreshing_until=past
    )
    assert vault_observation.send_due() == 1
    assert len(sent()) == 1


def test_asking_who_is_due_takes_one_query_however_many_there_are(
    deployment: Deployment, operator: Operator, sent: Sent, django_assert_num_queries: Any
) -> None:
    for _number in range(2):
        vault_stories.watched(operator, "deployed")
    with django_assert_num_queries(1):
        assert vault_observation.send_due() == 3


def test_what_is_recorded_is_looked_at_with_the_next_turn(
    deployment: Deployment, operator: Operator, sent: Sent
) -> None:
    VaultWatch.objects.create(deployment=deployment, next_refresh_at=timezone.now() + timedelta(minutes=9))
    task = stories.tasks.launch("record_topology", deployment=deployment, actor=operator)
    stories.tasks.execute(task.pk, "test")
    assert vault_observation.send_due() == 1


def test_a_message_about_a_deployment_that_is_no_more_does_nothing() -> None:
    tasks.refresh_vault(str(uuid4()))
    assert not VaultWatch.objects.exists()


def test_two_looks_at_one_vault_at_once_ask_it_once(
    deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    other = vault_stories.watched(operator, "deployed")
    azure.control.clear_requests()
    azure.control.fault("slow", path="replicationFabrics$", seconds=0.3)

    def look(one: Deployment) -> bool:
        try:
            return vault_observation.look_if_due(one.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(look, (deployment, other))) == [True, True]
    asked = [row["path"] for row in azure.control.requests()]
    assert len(asked) == len(set(asked)), "no address twice"
    assert deployment.observations.get().document["read_at"] == other.observations.get().document["read_at"]


def test_a_look_that_a_person_asks_for_comes_after_one_that_takes_longer_than_its_claim_is_believed(
    deployment: Deployment, operator: Operator, azure: LabAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal, "BEATS", 3000)  # Of five minutes: ten in a second.
    azure.control.clear_requests()
    azure.control.fault("slow", path="replicationFabrics$", seconds=3)
    claimed = VaultWatch.objects.filter(refreshing_until__gt=timezone.now())

    def unanswered() -> bool:
        # What is in a fabric is asked for once the list of them is there.
        asked = azure.control.requests()
        slow_one = any(row["fault"] == "slow" for row in asked)
        return slow_one and not any("/replicationFabrics/" in row["path"] for row in asked)

    def look() -> bool:
        try:
            return vault_observation.look_if_due(deployment.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(look)
        wait_until(unanswered)
        # As if the vault had kept it waiting for all of that time.
        VaultWatch.objects.update(refreshing_until=timezone.now() - timedelta(minutes=10))
        wait_until(lambda: slow.done() or claimed.exists())
        assert unanswered(), "it was renewed before it had an answer"
        assert claim.take(deployment.pk) is None
        task = work.launch("refresh_health", deployment=deployment, actor=operator)
        work.execute(task.pk, "test")
        assert slow.result() is True, "nobody took it over"
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED, task.error
    asked = [row["path"] for row in azure.control.requests()]
    assert len(asked) == len(set(asked)), "no address twice"
    watch = VaultWatch.objects.get()
    assert (watch.refresh_claim, watch.refreshing_until) == ("", None)
