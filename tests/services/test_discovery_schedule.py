"""The schedule of the discovery: who is due gets a message, the message has its vCenter refreshed, and idle watches end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from tests import stories
from tests.builders import make_deployment
from wizard import tasks
from wizard.config.celery import app
from wizard.models import Credential, Operator, VCenter
from wizard.services import discovery
from wizard.services.discovery.schedule import LOOK_EVERY_S

# A task lets go of connections that are too old.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sent() -> Iterator[Callable[[], list[Any]]]:
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
def vcenter(operator: Operator) -> VCenter:
    row = stories.register_only(make_deployment(operator), operator)
    Credential.objects.update(standing=Credential.Standing.ACCEPTED)
    return row


def test_a_vcenter_that_is_due_gets_a_message_that_ages_before_the_next_look(
    vcenter: VCenter, sent: Callable[[], list[Any]]
) -> None:
    tasks.refresh_vcenters()
    ((name, arguments, headers),) = sent()
    assert (name, arguments) == ("wizard.tasks.refresh_vcenter", [str(vcenter.pk)])
    assert headers["expires"] is not None
    assert app.tasks[name].name == name, "a worker knows it"
    assert app.conf.beat_schedule["refresh_vcenters"]["schedule"] == LOOK_EVERY_S


@pytest.mark.parametrize(
    "changes",
    [
        {"next_refresh_at": timedelta(seconds=20)},
        {"refreshing_until": timedelta(minutes=1)},
        {"standing": Credential.Standing.REJECTED},
        {"standing": Credential.Standing.UNTRIED},
        {"deployments": 0},
    ],
)
def test_what_is_not_due_gets_no_message(
    vcenter: VCenter, sent: Callable[[], list[Any]], changes: dict[str, Any]
) -> None:
    for name, value in changes.items():
        match name:
            case "standing":
                Credential.objects.update(standing=value)
            case "deployments":
                vcenter.deployments.clear()
            case _:
                VCenter.objects.update(**{name: timezone.now() + value})
    assert discovery.send_due() == 0
    assert sent() == []


def test_whoever_was_not_heard_of_any_more_is_due_again(
    vcenter: VCenter, sent: Callable[[], list[Any]]
) -> None:
    past = timezone.now() - timedelta(seconds=1)
    VCenter.objects.update(refresh_claim="a worker that was killed", refreshing_until=past)
    assert discovery.send_due() == 1
    assert len(sent()) == 1


def test_a_broker_that_takes_no_message_keeps_nobody_from_the_next_look(
    vcenter: VCenter, settings: Any, tmp_path: Any
) -> None:
    before = app.conf.broker_transport_options
    app.conf.broker_transport_options = {**before, "data_folder_out": str(tmp_path / "gone")}
    app._pool = None
    app.amqp._producer_pool = None
    try:
        assert discovery.send_due() == 1
    finally:
        app.conf.broker_transport_options = before
        app._pool = None
        app.amqp._producer_pool = None
    vcenter.refresh_from_db()
    assert vcenter.refreshing_until is None


def test_a_message_about_a_vcenter_that_is_no_more_does_nothing() -> None:
    tasks.refresh_vcenter(str(uuid4()))
    assert not VCenter.objects.exists()
