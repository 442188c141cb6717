"""The code in docs/webhooks.md verifies what is really sent, and refuses what is not."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.webhooks.conftest import SECRET, Adding, send
from tests.webhooks.receiver import Receiver
from wizard import tasks as celery_door
from wizard.models import Operator, WebhookDelivery
from wizard.services.webhooks import registry, sending
from wizard.services.webhooks.events import EVENTS, PING

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text("utf-8")


@pytest.fixture(scope="module")
def verified() -> Callable[..., bool]:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    found: dict[str, Any] = {}
    exec(compile(code, "webhooks.md", "exec"), found)
    return found["verified"]  # type: ignore[no-any-return]


@pytest.mark.django_db
def test_what_arrives_is_verified(
    verified: Callable[..., bool], add: Adding, receiver: Receiver, admin: Operator
) -> None:
    row = add()
    registry.ping(row, actor=admin)
    send(row)
    (got,) = receiver.received
    assert verified(SECRET, got.headers, got.body)
    assert not verified("another-secret-of-16", got.headers, got.body)
    assert not verified(SECRET, got.headers, got.body + b" ")
    for header, value in (
        ("Foothold-Timestamp", str(int(got.headers["Foothold-Timestamp"]) + 1)),
        ("Foothold-Timestamp", ""),
        ("Foothold-Signature", got.headers["Foothold-Signature"].removeprefix("v1=")),
        ("Foothold-Signature", ""),
    ):
        assert not verified(SECRET, {**got.headers, header: value}, got.body), header


def test_what_is_old_is_refused_though_its_signature_is_right(verified: Callable[..., bool]) -> None:
    for age, fits in ((0, True), (290, True), (310, False), (-310, False)):
        timestamp = str(int(time.time()) - age)
        headers = {
            "Foothold-Timestamp": timestamp,
            "Foothold-Signature": sending.signature(SECRET, timestamp, b"{}"),
        }
        assert verified(SECRET, headers, b"{}") is fits, age


def test_the_page_names_every_event() -> None:
    table = PAGE[PAGE.index("| event |") : PAGE.index("```json")]
    assert set(re.findall(r"`([a-z]+\.[a-z_]+|ping)`", table)) == {*EVENTS, PING}


@pytest.mark.django_db(transaction=True)
def test_the_workers_door_sends_what_is_due_and_forgets_what_is_old(
    add: Adding, receiver: Receiver, admin: Operator
) -> None:
    row = add()
    delivery = registry.ping(row, actor=admin)
    celery_door.send_webhooks()
    celery_door.deliver_webhook(str(row.pk))
    delivery.refresh_from_db()
    assert delivery.state == WebhookDelivery.State.DELIVERED
    celery_door.drop_old_deliveries()
    assert row.deliveries.count() == 1
