"""Deliveries reach a real receiver over TLS, signed; what fails is tried again, and in the end given up."""

from __future__ import annotations

import hmac
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.waiting import AT_ONCE_S
from tests.webhooks import receiver as far_end
from tests.webhooks.conftest import SECRET, URL, Adding, send, waits_no_longer
from tests.webhooks.receiver import NAME, Receiver, receiving
from tests.wire.test_destinations import METADATA, asked_by_this_machine
from wizard.config.celery import app
from wizard.lab.certificates import KeyPair
from wizard.lab.dns_server import DnsServer
from wizard.models import AuditEntry, Deployment, Operator, Webhook, WebhookDelivery
from wizard.services import deployments, tracing
from wizard.services.webhooks import registry, sending
from wizard.wire import post

pytestmark = pytest.mark.django_db

State = WebhookDelivery.State


@pytest.fixture
def webhook(add: Adding) -> Webhook:
    return add(events=("deployment.changed",))


def rename(deployment: Deployment, operator: Operator, *names: str) -> None:
    for name in names:
        deployments.rename(deployment, name=name, actor=operator)


def signed_by_hand(secret: str, timestamp: str, body: bytes) -> str:
    """RFC 2104, written out: nothing of the product takes part in it."""
    key = secret.encode().ljust(64, b"\0")
    inner = sha256(bytes(byte ^ 0x36 for byte in key) + timestamp.encode() + b"." + body).digest()
    return "v1=" + sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def test_what_happened_arrives_signed_with_the_time(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    rename(deployment, operator, "lyon-cs02")
    (delivery,) = send(webhook)
    assert (delivery.state, delivery.status_code, delivery.attempts) == (State.DELIVERED, 204, 1)
    assert delivery.delivered_at is not None
    assert delivery.claimed_until is None
    (got,) = receiver.received
    assert got.path == "/hooks/canary-path-key?token=canary-query-key"
    assert got.headers["Host"] == NAME
    assert got.headers["Foothold-Event"] == "deployment.changed"
    assert got.headers["Foothold-Delivery"] == got.document["id"] == str(delivery.pk)
    assert abs(int(got.headers["Foothold-Timestamp"]) - timezone.now().timestamp()) < AT_ONCE_S
    expected = signed_by_hand(SECRET, got.headers["Foothold-Timestamp"], got.body)
    assert got.headers["Foothold-Signature"] == expected
    assert got.document["deployment"]["name"] == "lyon-cs02"
    assert got.document["deployment"]["url"].endswith(f"/deployments/{deployment.pk}/")
    assert got.document["summary"] == "oskar renamed lyon-cs01 to lyon-cs02."


def test_an_error_of_the_receiver_is_tried_again_with_the_same_id_until_it_takes_it(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    receiver.answers = [500, 503]
    rename(deployment, operator, "b")
    for attempt, wait in ((1, 10), (2, 60)):
        (delivery,) = send(webhook)
        assert (delivery.state, delivery.attempts) == (State.PENDING, attempt)
        assert delivery.next_try_at is not None
        left = (delivery.next_try_at - timezone.now()).total_seconds()
        assert wait * 0.8 - 1 <= left <= wait * 1.2
        assert "expected is 200 to 299" in str(delivery.error)
        assert not send(webhook)[0].delivered_at, "before its time nothing is sent"
        waits_no_longer(delivery)
    (delivery,) = send(webhook)
    assert (delivery.state, delivery.attempts, str(delivery.error)) == (State.DELIVERED, 3, "")
    assert len({got.headers["Foothold-Delivery"] for got in receiver.received}) == 1
    assert len(receiver.received) == 3


def test_a_delivery_goes_by_the_id_of_the_request_that_it_tells_of_at_every_attempt(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    receiver.answers = [500]
    with tracing.traced("request-of-oskar"):
        rename(deployment, operator, "b")
    with tracing.traced("message-to-the-worker"):
        (delivery,) = send(webhook)
        waits_no_longer(delivery)
        send(webhook)
    assert [got.headers["X-Request-ID"] for got in receiver.received] == ["request-of-oskar"] * 2
    assert receiver.received[0].document["request_id"] == "request-of-oskar"


def test_what_was_written_before_ids_were_kept_is_sent_under_an_id_of_its_own(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    rename(deployment, operator, "b")
    delivery = webhook.deliveries.get()
    delivery.payload.pop("request_id", None)
    delivery.save(update_fields=["payload"])
    send(webhook)
    (got,) = receiver.received
    assert "request_id" not in got.document
    assert len(got.headers["X-Request-ID"]) == 32


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("120", 119, 121),
        ("an hour from now", 3500, 3700),
        ("999999999", 6 * 3600 - 2, 6 * 3600),
        ("2", 7, 12),
        ("soon", 7, 12),
        ("-60", 7, 12),
        ("1 Jan 2026 00:00:00 +99999999999999999999", 7, 12),
        ("1 Jan 99999999999999999999 00:00:00 GMT", 7, 12),
    ],
    ids=["seconds", "date", "too-long", "too-short", "nonsense", "negative", "endless-zone", "endless-year"],
)
def test_the_receiver_may_ask_for_a_longer_wait_within_bounds(
    webhook: Webhook,
    receiver: Receiver,
    deployment: Deployment,
    operator: Operator,
    asked: str,
    least: int,
    most: int,
) -> None:
    if asked == "an hour from now":
        asked = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    receiver.answers = [far_end.later(429, asked)]
    rename(deployment, operator, "b")
    before = timezone.now()
    (delivery,) = send(webhook)
    assert delivery.next_try_at is not None
    assert least <= (delivery.next_try_at - before).total_seconds()
    assert (delivery.next_try_at - timezone.now()).total_seconds() <= most


def test_after_the_last_attempt_it_is_given_up_and_said(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    receiver.answers = [500]
    rename(deployment, operator, "b")
    WebhookDelivery.objects.update(attempts=sending.MOST_ATTEMPTS - 1)
    (delivery,) = send(webhook)
    assert (delivery.state, delivery.next_try_at) == (State.FAILED, None)
    entry = AuditEntry.objects.get(action="webhook.given_up")
    assert str(entry.sentence).startswith("Deliveries to the webhook chat were given up (1): It answered 500")
    webhook.refresh_from_db()
    assert webhook.active
    waits_no_longer(delivery)
    send(webhook)
    assert len(receiver.received) == 1


def test_a_webhook_to_which_nothing_gets_through_any_more_pauses(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    count = sending.PAUSE_AFTER
    rename(deployment, operator, *(f"n{number}" for number in range(count)))
    WebhookDelivery.objects.update(attempts=sending.MOST_ATTEMPTS - 1)
    receiver.answers = [500] * count
    assert {row.state for row in send(webhook)} == {State.FAILED}
    webhook.refresh_from_db()
    assert not webhook.active
    assert registry.paused_by_itself(webhook)
    assert AuditEntry.objects.filter(action="webhook.paused", actor=None).count() == 1
    rename(deployment, operator, "nobody-is-told")
    assert webhook.deliveries.count() == count


def test_an_address_without_an_answer_fails_all_that_is_due_there_at_once(
    webhook: Webhook, settings: Any, deployment: Deployment, operator: Operator
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        settings.CONNECT_TO = f"{NAME}:443:127.0.0.1:{closed.getsockname()[1]}"
    rename(deployment, operator, "b", "c", "d")
    rows = send(webhook)
    assert [row.attempts for row in rows] == [1, 1, 1]
    assert {str(row.error) for row in rows} == {
        f"{NAME}:443 refused the connection: nothing listens on that port."
    }
    assert all(row.next_try_at and row.next_try_at > timezone.now() for row in rows)
    assert {row.claimed_until for row in rows} == {None}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("says_nothing", "did not answer within 0.3 s"),
        (far_end.dribble, "did not answer within 0.3 s"),
    ],
    ids=["silent", "byte-after-byte"],
)
def test_a_receiver_that_takes_too_long_is_left(
    webhook: Webhook,
    receiver: Receiver,
    deployment: Deployment,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
    answer: Any,
    told: str,
) -> None:
    monkeypatch.setitem(post.post.__kwdefaults__, "answer_s", 0.3)
    receiver.answers = [getattr(receiver, answer) if isinstance(answer, str) else answer]
    rename(deployment, operator, "b")
    (delivery,) = send(webhook)
    assert told in str(delivery.error)
    assert delivery.took_ms is not None
    assert delivery.took_ms < 4000


def test_an_answer_without_end_is_not_read_to_its_end(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    receiver.answers = [far_end.endless]
    rename(deployment, operator, "b")
    assert send(webhook)[0].state == State.DELIVERED


def test_what_a_dead_worker_held_is_sent_when_its_time_is_over(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    rename(deployment, operator, "b", "c")
    held = sending._claim(webhook.pk)
    assert held is not None
    assert [row.state for row in send(webhook)] == [State.PENDING] * 2, "one sender at a time"
    WebhookDelivery.objects.filter(pk=held.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))
    rows = send(webhook)
    assert [(row.state, row.attempts) for row in rows] == [(State.DELIVERED, 2), (State.DELIVERED, 1)]


def test_whoever_loses_a_delivery_to_another_sender_leaves_the_next_one_alone(
    webhook: Webhook, deployment: Deployment, operator: Operator
) -> None:
    for name in ("b", "c"):
        rename(deployment, operator, name)
    first, second = webhook.deliveries.order_by("created_at")

    seen = []

    def claimed_meanwhile(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        # The other sender wins between this one's look and its own claim.
        if sql.startswith("UPDATE") and not seen:
            seen.append(sql)
            until = timezone.now() + sending.CLAIM
            WebhookDelivery.objects.filter(pk=first.pk).update(claimed_until=until, attempts=1)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(claimed_meanwhile):
        assert sending._claim(webhook.pk) is None
    second.refresh_from_db()
    assert (second.attempts, second.claimed_until) == (0, None)


def test_a_worker_that_comes_back_late_overwrites_nothing(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    rename(deployment, operator, "b")
    late = sending._claim(webhook.pk)
    assert late is not None
    WebhookDelivery.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert send(webhook)[0].state == State.DELIVERED
    receiver.answers = [500]
    sending._attempt(late)
    (row,) = webhook.deliveries.all()
    assert (row.state, row.status_code) == (State.DELIVERED, 204)


def test_a_delivery_that_kills_every_worker_is_given_up(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    rename(deployment, operator, "b")
    WebhookDelivery.objects.update(attempts=sending.MOST_ATTEMPTS)
    assert send(webhook)[0].state == State.FAILED
    assert receiver.received == []


# --- where it is sent -------------------------------------------------------------------------------------------------


def test_a_redirect_is_not_followed_to_metadata_nor_anywhere(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    receiver.answers = [far_end.redirect(f"http://{METADATA}/latest/meta-data/")]
    rename(deployment, operator, "b")
    (delivery,) = send(webhook)
    assert delivery.state == State.PENDING
    assert str(delivery.error) == "It answered 302 and sends elsewhere, which is not followed."


def test_a_name_that_turns_to_metadata_after_it_was_saved_is_refused(
    add: Adding, deployment: Deployment, operator: Operator
) -> None:
    webhook = add(url="https://turncoat.example.test/hook")
    rename(deployment, operator, "b")
    with DnsServer({"turncoat.example.test": METADATA}) as names, asked_by_this_machine(names):
        (delivery,) = send(webhook)
    assert delivery.state == State.PENDING
    assert "turncoat.example.test, which leads to 169.254.169.254" in str(delivery.error)


def test_this_machine_is_told_nothing_unless_the_settings_allow_it(
    hooks_pair: KeyPair,
    receiver: Receiver,
    add: Adding,
    deployment: Deployment,
    operator: Operator,
    settings: Any,
) -> None:
    settings.CONNECT_TO = ""
    webhook = add(url=f"https://127.0.0.1:{receiver.port}/")
    rename(deployment, operator, "b", "c")
    settings.ALLOW_LOOPBACK_TARGETS = False
    rows = send(webhook)
    assert {row.state for row in rows} == {State.PENDING}
    assert "ALLOW_LOOPBACK_TARGETS" not in str(rows[0].error), "the sentence says what; the remedy says how"
    assert "that is this server itself" in str(rows[0].error)
    assert receiver.received == []
    settings.ALLOW_LOOPBACK_TARGETS = True
    waits_no_longer(*rows)
    assert {row.state for row in send(webhook)} == {State.DELIVERED}


def test_a_certificate_that_nobody_vouches_for_ends_it_before_anything_is_sent(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator, settings: Any
) -> None:
    settings.PROBE_CA_FILE = ""
    rename(deployment, operator, "b")
    (delivery,) = send(webhook)
    assert "is not trusted" in str(delivery.error)
    assert receiver.received == []


def test_plain_http_goes_to_this_machine_alone(
    add: Adding, deployment: Deployment, operator: Operator, settings: Any
) -> None:
    with receiving(None) as plain:
        webhook = add(url=f"http://127.0.0.1:{plain.port}/")
        rename(deployment, operator, "b")
        assert send(webhook)[0].state == State.DELIVERED
        assert plain.events == ["deployment.changed"]


# --- schedule ---------------------------------------------------------------------------------------------------------


def test_every_few_seconds_what_is_due_is_looked_for(
    webhook: Webhook, deployment: Deployment, operator: Operator
) -> None:
    assert app.conf.beat_schedule["send_webhooks"] == {
        "task": "wizard.tasks.send_webhooks",
        "schedule": 10,
        "options": {"expires": 10},
    }
    assert sending.send_due() == 0
    rename(deployment, operator, "b", "c")
    assert sending.send_due() == 1
    registry.set_active(webhook, False, actor=webhook.created_by)
    assert sending.send_due() == 0


def test_old_deliveries_go_and_waiting_ones_stay(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    rename(deployment, operator, "b")
    send(webhook)
    rename(deployment, operator, "c", "d")
    long_ago = timezone.now() - sending.KEPT - timedelta(days=1)
    done, waiting, _new = webhook.deliveries.order_by("created_at")
    WebhookDelivery.objects.filter(pk__in=(done.pk, waiting.pk)).update(created_at=long_ago)
    assert sending.drop_old() == 1
    assert not WebhookDelivery.objects.filter(pk=done.pk).exists()
    assert webhook.deliveries.count() == 2


def test_the_secret_that_holds_now_signs_what_waited(
    webhook: Webhook, receiver: Receiver, deployment: Deployment, operator: Operator, admin: Operator
) -> None:
    rename(deployment, operator, "b")
    secret = registry.rotate_secret(webhook, actor=admin)
    send(webhook)
    (got,) = receiver.received
    timestamp = got.headers["Foothold-Timestamp"]
    assert hmac.compare_digest(got.headers["Foothold-Signature"], signed_by_hand(secret, timestamp, got.body))


def test_neither_secret_nor_path_is_in_any_log_line(
    webhook: Webhook,
    receiver: Receiver,
    deployment: Deployment,
    operator: Operator,
    settings: Any,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver.answers = [500]
    rename(deployment, operator, "b")
    (delivery,) = send(webhook)
    settings.PROBE_CA_FILE = ""
    waits_no_longer(delivery)
    send(webhook)
    said = "".join((*capfd.readouterr(), caplog.text))
    assert "webhook.refused" in said
    assert "webhook.not_sent" in said
    assert SECRET not in said
    assert "canary" not in said
    assert "canary" in URL
