"""What is due is sent: at least once, signed, each webhook for itself, and in the end given up.

One sender works on a webhook at a time; a delivery that it holds is free again when its time is over, should the worker die.
An address that gives no HTTP answer fails everything that is due there at once, so that a dead one holds no worker for long.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from wizard.models import Webhook, WebhookDelivery
from wizard.services import audit, tracing
from wizard.services.vcenter_access import address_book
from wizard.services.webhooks.outbox import nudge
from wizard.text import Text, _, verbatim
from wizard.wire.errors import RemoteError
from wizard.wire.post import Answer, Target, post

log = structlog.get_logger(__name__)

State = WebhookDelivery.State

# After the first attempt; with them a delivery is tried eight times within some 21 hours.
BACK_OFF: Final = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1800, 7200, 21600, 43200))
MOST_ATTEMPTS: Final = len(BACK_OFF) + 1
# By so much a wait is longer or shorter, so that what failed together does not come back together.
JITTER: Final = 0.2
LONGEST_RETRY_AFTER: Final = timedelta(hours=6)
# Longer than one attempt can take with all its deadlines.
CLAIM: Final = timedelta(seconds=60)
# How long one message keeps a worker busy with one webhook.
TURN_S: Final = 20.0
# After so many given up in a row nobody listens any more.
PAUSE_AFTER: Final = 10
KEPT: Final = timedelta(days=30)
_MOST_FAILED_TOGETHER: Final = 1000


def send_due() -> int:
    """Have the workers look at every webhook for which something is due. Returns for how many."""
    found = _due().order_by().values_list("webhook", flat=True).distinct()
    webhooks: list[UUID] = list(found)
    for webhook_id in webhooks:
        nudge(webhook_id)
    return len(webhooks)


def deliver(webhook_id: UUID) -> None:
    """Send what is due for a webhook, oldest first, for at most TURN_S seconds. Nothing where somebody else does so."""
    until = time.monotonic() + TURN_S
    while time.monotonic() < until:
        delivery = _claim(webhook_id)
        if delivery is None:
            return
        with tracing.traced(_request_id(delivery)):
            answered = _attempt(delivery)
        if not answered:
            return


def drop_old() -> int:
    """Forget what was settled long ago. Returns how many."""
    old = WebhookDelivery.objects.exclude(state=State.PENDING).filter(created_at__lt=timezone.now() - KEPT)
    return old.delete()[0]


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the HMAC-SHA256, in hexadecimal, of the timestamp, a dot, and the body as it is sent."""
    signed = timestamp.encode("ascii") + b"." + body
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


# --- one attempt ------------------------------------------------------------------------------------------------------


def _due() -> QuerySet[WebhookDelivery]:
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    return WebhookDelivery.objects.filter(
        free, state=State.PENDING, next_try_at__lte=now, webhook__active=True
    )


def _claim(webhook_id: UUID) -> WebhookDelivery | None:
    """Take the oldest that is due, and count the attempt; one of many callers wins."""
    rows = WebhookDelivery.objects.filter(webhook=webhook_id)
    if rows.filter(claimed_until__gt=timezone.now()).exists():
        return None
    due = _due().filter(webhook=webhook_id)
    oldest = due.order_by("created_at").values_list("pk", flat=True).first()
    if oldest is None:
        return None
    # Whoever loses it leaves the next one alone, too: the winner goes on with that.
    won = due.filter(pk=oldest).update(
        claimed_until=timezone.now() + CLAIM, attempts=F("attempts") + 1, error=Text("")
    )
    return rows.select_related("webhook").filter(pk=oldest).first() if won else None


def _attempt(delivery: WebhookDelivery) -> bool:
    """False where there was no HTTP answer, and another attempt right now would have none either."""
    since = time.monotonic()
    answer, failure = None, None
    try:
        answer = _send(delivery)
    except RemoteError as error:
        failure = error
    except ImproperlyConfigured as error:
        # Sealed with a key that is gone.
        failure = RemoteError(verbatim(str(error)))
    took_ms = round((time.monotonic() - since) * 1000)
    if failure is not None:
        log.warning("webhook.not_sent", delivery=str(delivery.pk), code=failure.code, message=str(failure))
        _fail([delivery, *_others_due(delivery)], failure.text, took_ms=took_ms)
        return False
    if answer is not None and 200 <= answer.status < 300:
        _mine(delivery).update(
            state=State.DELIVERED,
            status_code=answer.status,
            took_ms=took_ms,
            delivered_at=timezone.now(),
            next_try_at=None,
            claimed_until=None,
        )
    elif answer is not None:
        log.info("webhook.refused", delivery=str(delivery.pk), status=answer.status)
        _fail([delivery], _refusal(answer.status), took_ms=took_ms, answer=answer)
    return True


def _request_id(delivery: WebhookDelivery) -> str:
    """Of what it tells of; empty for what was written before ids were kept."""
    return str(delivery.payload.get("request_id", ""))


def _send(delivery: WebhookDelivery) -> Answer:
    """Raises RemoteError, ImproperlyConfigured."""
    if delivery.attempts > MOST_ATTEMPTS:
        raise RemoteError(Text(_("The worker was stopped in the middle of each attempt.")))
    webhook = delivery.webhook
    target = Target.parse(webhook.url)
    body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":")).encode()
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Foothold",
        "Foothold-Event": delivery.event,
        "Foothold-Delivery": str(delivery.pk),
        "Foothold-Timestamp": timestamp,
        "Foothold-Signature": signature(webhook.reveal(), timestamp, body),
        "X-Request-ID": tracing.current(),
    }
    ca_file = Path(settings.PROBE_CA_FILE) if settings.PROBE_CA_FILE else None
    return post(target, body, headers, book=address_book(), ca_file=ca_file)


def _mine(delivery: WebhookDelivery) -> QuerySet[WebhookDelivery]:
    """The row, unless another attempt has taken it over."""
    return WebhookDelivery.objects.filter(
        pk=delivery.pk, attempts=delivery.attempts, state=State.PENDING, claimed_until=delivery.claimed_until
    )


def _others_due(delivery: WebhookDelivery) -> list[WebhookDelivery]:
    """What is due at the same address at this moment, each counted as attempted, too."""
    due = _due().filter(webhook=delivery.webhook_id).exclude(pk=delivery.pk).order_by("created_at")
    rows = list(due[:_MOST_FAILED_TOGETHER])
    for row in rows:
        row.webhook = delivery.webhook
    taken = []
    with transaction.atomic():
        for row in rows:
            if due.filter(pk=row.pk, attempts=row.attempts).update(attempts=F("attempts") + 1):
                row.attempts += 1
                taken.append(row)
    return taken


def _refusal(status: int) -> Text:
    if 300 <= status < 400:
        return Text(
            _("It answered %(status)s and sends elsewhere, which is not followed."), status=str(status)
        )
    return Text(_("It answered %(status)s; expected is 200 to 299."), status=str(status))


def _fail(
    deliveries: Sequence[WebhookDelivery], why: Text, *, took_ms: int, answer: Answer | None = None
) -> None:
    """Try them again later, or give them up."""
    given_up = []
    with transaction.atomic():
        for delivery in deliveries:
            changes = {
                "error": why,
                "took_ms": took_ms,
                "status_code": answer.status if answer else None,
                "claimed_until": None,
            }
            if delivery.attempts >= MOST_ATTEMPTS:
                changed = _mine(delivery).update(state=State.FAILED, next_try_at=None, **changes)
                given_up += [delivery] if changed else []
            else:
                wait = _wait(delivery.attempts, answer.retry_after if answer else "")
                _mine(delivery).update(next_try_at=timezone.now() + wait, **changes)
        if given_up:
            _give_up(deliveries[0].webhook, len(given_up), why)


def _wait(attempts: int, retry_after: str) -> timedelta:
    spread = 1 + random.uniform(-JITTER, JITTER)  # noqa: S311 - nothing secret is drawn
    usual = BACK_OFF[attempts - 1] * spread
    return max(usual, min(_asked_wait(retry_after), LONGEST_RETRY_AFTER))


def _asked_wait(retry_after: str) -> timedelta:
    """What the header Retry-After asks for (RFC 9110 10.2.3); nothing where it cannot be read."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return timedelta()
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - datetime.now(UTC), timedelta())


def _give_up(webhook: Webhook, count: int, why: Text) -> None:
    log.warning("webhook.given_up", webhook=str(webhook.pk), count=count)
    audit.record(
        "webhook.given_up",
        subject=webhook,
        actor=None,
        sentence=Text(
            _("Deliveries to the webhook %(name)s were given up (%(count)s): %(why)s"),
            count=count,
            name=webhook.name,
            why=why,
        ),
    )
    settled = webhook.deliveries.exclude(state=State.PENDING).order_by("-created_at")
    lately = list(settled.values_list("state", flat=True)[:PAUSE_AFTER])
    if lately != [State.FAILED] * PAUSE_AFTER:
        return
    if Webhook.objects.filter(pk=webhook.pk, active=True).update(active=False, changed_at=timezone.now()):
        audit.record(
            "webhook.paused",
            subject=webhook,
            actor=None,
            sentence=Text(
                _("The webhook %(name)s paused, as %(count)s deliveries in a row were given up."),
                name=webhook.name,
                count=PAUSE_AFTER,
            ),
        )
