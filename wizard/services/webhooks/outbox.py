"""What happened is written down for whoever listens, in the transaction in which it happened, and sent after its commit.

With no webhook an event costs one query. What is told holds no secrets and no results: names, states, a sentence in English.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import override

from wizard.config.celery import app
from wizard.models import AuditEntry, Deployment, Notice, Operator, Task, TaskState, Webhook, WebhookDelivery
from wizard.services import tracing
from wizard.services.permissions import by_the_rights_of_today, may
from wizard.services.webhooks.events import EVENTS, OF_AUDIT
from wizard.text import Text

log = structlog.get_logger(__name__)

# A message that nobody took by then is not needed any more: what is due is looked for as often.
MESSAGE_SECONDS: Final = 10
_ENDED: Final[dict[str, str]] = {
    TaskState.SUCCEEDED: "task.succeeded",
    TaskState.FAILED: "task.failed",
    TaskState.CANCELLED: "task.cancelled",
}


def emit(event: str, *, deployment: Deployment, data: Mapping[str, Any]) -> None:
    """Write `event` for each active webhook that listens to it and may know of the deployment, as things stand now.

    `data` goes into the payload as it is; `Text` in it becomes English.
    """
    _write(event, deployment, listeners(event, deployment), data)


def listeners(event: str, deployment: Deployment) -> list[Webhook]:
    """Of one deployment, of its team, or of all that its maker may see; in any case one that its maker may see today."""
    if event not in EVENTS:
        raise ValueError(f"{event} is not an event")
    # Whose it is now: a task may have read it long ago, and it was given to another team meanwhile.
    now = Deployment.objects.filter(pk=deployment.pk).order_by()
    aimed = Q(deployment=deployment.pk) | Q(deployment=None, team=None)
    aimed |= Q(deployment=None, team__in=now.exclude(team=None).values("team"))
    rows = Webhook.objects.filter(aimed, active=True).select_related("created_by").defer("sealed")
    wanted = [row for row in rows if not row.events or event in row.events]
    current = now.first() if wanted else None
    return [row for row in wanted if current is not None and _may_know(row.created_by, current)]


def of_audit(entry: AuditEntry) -> None:
    """Tell of what is in the audit trail, where that is an event."""
    event = OF_AUDIT.get(entry.action)
    if event is None or entry.deployment_id is None:
        return
    if not Webhook.objects.filter(active=True).exists():
        return
    deployment = Deployment.objects.get(pk=entry.deployment_id)
    actor = entry.actor.get_username() if entry.actor is not None else None
    emit(event, deployment=deployment, data={"actor": actor, "summary": entry.sentence})


def of_task(task: Task, event: str = "", *, state: str = "", error: Mapping[str, Any] | None = None) -> None:
    """Tell of a task that came to `state`, which is not yet in `task` itself."""
    state = state or task.state
    told: dict[str, Any] = {
        "id": str(task.pk),
        "kind": task.kind,
        "state": str(state),
        "attempt": task.attempt,
        "url": settings.PUBLIC_URL + task.get_absolute_url(),
    }
    if error is not None:
        told["error"] = {
            "code": error["code"],
            "message": Text.from_json(error["message"]),
            "remedy": Text.from_json(error["remedy"]),
        }
    emit(
        event or _ENDED[state],
        deployment=task.deployment,
        data={
            "request_id": tracing.current() or task.request_id,
            "actor": task.requested_by.get_username(),
            "task": told,
        },
    )


def of_state(deployment: Deployment, before: str) -> None:
    """Tell that the deployment came from one state to another; a verdict that leaves it where it was is no news."""
    if before == deployment.state:
        return
    change = {"from": str(before), "to": str(deployment.state)}
    emit("deployment.state_changed", deployment=deployment, data={"change": change})


def of_notices(deployment_id: uuid.UUID, raised: list[Notice]) -> None:
    """Tell of notices that were opened, or that became worse."""
    if not raised or not Webhook.objects.filter(active=True).exists():
        return
    deployment = Deployment.objects.get(pk=deployment_id)
    for notice in raised:
        told = {"severity": str(notice.severity), "remedy": notice.remedy}
        data = {"summary": notice.sentence, "notice": told}
        emit("notice.raised", deployment=deployment, data=data)


def write_for(webhook: Webhook, event: str, data: Mapping[str, Any]) -> WebhookDelivery:
    """One delivery for this webhook alone, of no deployment."""
    (row,) = _write(event, None, [webhook], data)
    return row


def nudge(webhook_id: uuid.UUID) -> None:
    """Have a worker look at what is due for a webhook. A broker that is down costs time only: it is looked for again."""
    try:
        app.send_task("wizard.tasks.deliver_webhook", [str(webhook_id)], retry=False, expires=MESSAGE_SECONDS)
    except Exception as error:  # noqa: BLE001 - each transport raises its own; the row is safe in any case
        log.warning("webhook.publish_failed", webhook=str(webhook_id), error=str(error))


# --- inside -----------------------------------------------------------------------------------------------------------


def _may_know(maker: Operator, deployment: Deployment) -> bool:
    """By the rights of today: a task is done to its end with those of its launch, but nobody is told by them."""
    with by_the_rights_of_today():
        return may(maker, "product.use", deployment)


def _write(
    event: str, deployment: Deployment | None, webhooks: list[Webhook], data: Mapping[str, Any]
) -> list[WebhookDelivery]:
    now = timezone.now()
    rows = []
    for webhook in webhooks:
        row = WebhookDelivery(webhook=webhook, event=event, next_try_at=now)
        row.payload = {
            "id": str(row.pk),
            "event": event,
            "at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            # The id that the request behind it, its task and their log lines go by.
            **({"request_id": tracing.current()} if tracing.current() else {}),
            **({"deployment": _shown(deployment)} if deployment is not None else {}),
            **_in_english(data),
        }
        rows.append(row)
    WebhookDelivery.objects.bulk_create(rows)
    for webhook_id in {row.webhook_id for row in rows}:
        transaction.on_commit(lambda webhook_id=webhook_id: nudge(webhook_id))  # type: ignore[misc]
    return rows


def _shown(deployment: Deployment) -> dict[str, str]:
    return {
        "id": str(deployment.pk),
        "name": deployment.name,
        "state": str(deployment.state),
        "url": settings.PUBLIC_URL + deployment.get_absolute_url(),
    }


def _in_english(data: Mapping[str, Any]) -> dict[str, Any]:
    with override("en"):
        return {name: _plain(value) for name, value in data.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return str(value)
    return {name: _plain(part) for name, part in value.items()} if isinstance(value, Mapping) else value
