"""Webhooks: who is told what, and what became of each delivery. Secrets go in, and never come out here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Field, Query, Router, Schema, Status

from wizard.api import pages, schemas
from wizard.api.auth import caller
from wizard.api.description import problems, sends
from wizard.api.of_deployment import CURSOR, LIMIT
from wizard.api.problems import named_by
from wizard.models import Operator, Webhook, WebhookDelivery
from wizard.services.webhooks import registry
from wizard.services.webhooks.events import EVENTS
from wizard.services.webhooks.registry import WebhookWish

router = Router(tags=["webhooks"])

Event = Literal[
    "deployment.created",
    "deployment.changed",
    "deployment.state_changed",
    "deployment.deleted",
    "task.queued",
    "task.started",
    "task.succeeded",
    "task.failed",
    "task.cancelled",
    "approval.asked",
    "approval.approved",
    "approval.rejected",
    "approval.withdrawn",
    "waiver.asked",
    "waiver.approved",
    "waiver.ended",
    "notice.raised",
]
_NAMED = {422: ("name_taken", "destination_refused")}
_URL = "Begins with https://. Where it may lead is judged now as far as possible, and whenever something is sent."
_EVENTS = "Those that it is told of; an empty list stands for all, later ones as well."


class WebhookIn(schemas.Input):
    name: str = Field(description="Unique, for people.", examples=["chat-lyon"])
    url: str = Field(description=_URL, examples=["https://hooks.example.net/foothold"])
    secret: str = Field(
        description="16 to 256 characters; signs what is sent.", examples=["a-long-random-text"]
    )
    events: list[Event] = Field([], description=_EVENTS)
    deployment: UUID | None = Field(None, description="Told of this one alone. Null: see `team`.")
    team: UUID | None = Field(
        None,
        description="Told of this team's deployments; null beside a null `deployment`: all that its maker may see.",
    )


class WebhookChange(schemas.Input):
    name: str | None = None
    url: str | None = Field(None, description=f"{_URL} Another host or port needs the secret again.")
    secret: str = Field("", description="Another secret; left out, the stored one stays.")
    events: list[Event] | None = Field(None, description=_EVENTS)
    active: bool | None = Field(
        None, description="False pauses it: nothing is sent, and nothing new written."
    )


class WebhookOut(Schema):
    id: UUID
    name: str
    url: str
    secret_set: bool
    events: list[str]
    deployment: UUID | None
    team: UUID | None
    active: bool = Field(description="Ten deliveries in a row that were given up pause it, too.")
    waiting: int = Field(description="Deliveries that are not settled yet.")
    given_up: int = Field(description="Deliveries of the last 30 days that nobody took.")
    last_delivered_at: datetime | None
    created_by: str = Field(
        description="Whoever changed it last is its maker: it tells no more than they may see."
    )
    created_at: datetime
    changed_at: datetime


class WebhookPage(Schema):
    items: list[WebhookOut]
    next_cursor: str | None


class DeliveryOut(Schema):
    id: UUID = Field(description="The same for each attempt, and in the header Foothold-Delivery.")
    event: str
    state: WebhookDelivery.State = Field(description="pending, delivered or failed (given up).")
    attempts: int
    next_try_at: datetime | None
    status_code: int | None = Field(
        description="What the last attempt was answered with; null without an answer."
    )
    error: str
    took_ms: int | None
    created_at: datetime
    delivered_at: datetime | None
    payload: dict[str, Any] = Field(description="What is sent, as it is sent.")


class DeliveryPage(Schema):
    items: list[DeliveryOut]
    next_cursor: str | None


@router.get("/", response={200: WebhookPage, **problems()}, summary="List webhooks")
def list_webhooks(
    request: HttpRequest,
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
    ordering: str = Query("name", description="name or created_at, with a minus to turn it round."),
) -> dict[str, Any]:
    """Those that the caller may manage: of deployments that they operate, and for administrators all."""
    rows = registry.visible_webhooks(caller(request))
    return pages.page(
        rows, ordering=ordering, allowed=("name", "created_at"), limit=limit, cursor=cursor, show=_show
    )


@router.post(
    "/",
    response={201: WebhookOut, **problems(_NAMED, 413)},
    summary="Add a webhook",
    openapi_extra=sends(201, "Location"),
)
def create_webhook(
    request: HttpRequest, response: HttpResponse, payload: WebhookIn
) -> Status[dict[str, Any]]:
    """422 with `destination_refused` at `url` for an address that this server does not connect to; `name_taken`. Needs the
    scope `operate`, and `admin` without a `deployment`."""
    actor = caller(request, "operate" if payload.deployment else "admin")
    wish = WebhookWish(**{**payload.dict(), "events": tuple(payload.events)})
    with named_by("name_taken", "destination_refused"):
        row = registry.create(wish, actor=actor)
    response["Location"] = reverse("api:get_webhook", args=[row.pk])
    return Status(201, _show(registry.get(row.pk, actor=actor)))


@router.get("/{uuid:webhook_id}/", response={200: WebhookOut, **problems(404)}, summary="One webhook")
def get_webhook(request: HttpRequest, webhook_id: UUID) -> dict[str, Any]:
    """404 for those that the caller may not manage."""
    return _show(registry.get(webhook_id, actor=caller(request)))


@router.patch(
    "/{uuid:webhook_id}/",
    response={200: WebhookOut, **problems(_NAMED, 404, 413)},
    summary="Change a webhook, rotate its secret, pause it",
)
def change_webhook(request: HttpRequest, webhook_id: UUID, payload: WebhookChange) -> dict[str, Any]:
    """What is left out stays; what it is told of always does. Needs the scope `operate`, and `admin` for one that is not of a
    single deployment."""
    actor, row = _managed(request, webhook_id)
    given = {name: value for name, value in payload.dict(exclude={"active"}).items() if value is not None}
    kept = {"name": row.name, "url": row.url, "events": row.events}
    wish = WebhookWish(
        **{**kept, **given, "events": tuple(given.get("events", row.events))},
        deployment=row.deployment_id,
        team=row.team_id,
    )
    if payload.dict(exclude={"active"}, exclude_unset=True):
        with named_by("name_taken", "destination_refused"):
            registry.change(row, wish, actor=actor)
    if payload.active is not None:
        registry.set_active(row, payload.active, actor=actor)
    return _show(registry.get(webhook_id, actor=actor))


@router.delete(
    "/{uuid:webhook_id}/",
    response={204: None, **problems(404)},
    summary="Delete a webhook with its secret and its deliveries",
)
def delete_webhook(request: HttpRequest, webhook_id: UUID) -> Status[None]:
    """What still waits is not sent. Needs the scope `operate`, and `admin` for one that is not of a single deployment."""
    actor, row = _managed(request, webhook_id)
    registry.delete(row, actor=actor)
    return Status(204, None)


@router.post(
    "/{uuid:webhook_id}/ping/",
    response={202: DeliveryOut, **problems({409: ("paused",)}, 404)},
    summary="Send a webhook a test",
    openapi_extra=sends(202, "Location"),
)
def ping_webhook(request: HttpRequest, response: HttpResponse, webhook_id: UUID) -> Status[dict[str, Any]]:
    """The event `ping`, sent by a worker: read the delivery again until it is no longer pending. 409 `paused`. Needs the scope
    `operate`, and `admin` for one that is not of a single deployment."""
    actor, row = _managed(request, webhook_id)
    sent = registry.ping(row, actor=actor)
    response["Location"] = reverse("api:get_delivery", args=[row.pk, sent.pk])
    return Status(202, _show_delivery(sent))


@router.get(
    "/{uuid:webhook_id}/deliveries/",
    response={200: DeliveryPage, **problems(404)},
    summary="List the deliveries of a webhook",
)
def list_deliveries(
    request: HttpRequest,
    webhook_id: UUID,
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
    ordering: str = Query("-created_at", description="created_at, with a minus to turn it round."),
    state: WebhookDelivery.State | None = Query(None, description="pending, delivered or failed."),
    event: str | None = Query(None, description="One of the events, or `ping`."),
) -> dict[str, Any]:
    """They are kept for 30 days."""
    rows = registry.deliveries_of(registry.get(webhook_id, actor=caller(request)))
    if state is not None:
        rows = rows.filter(state=state)
    if event is not None:
        rows = rows.filter(event=event)
    return pages.page(
        rows, ordering=ordering, allowed=("created_at",), limit=limit, cursor=cursor, show=_show_delivery
    )


@router.get(
    "/{uuid:webhook_id}/deliveries/{uuid:delivery_id}/",
    response={200: DeliveryOut, **problems(404)},
    summary="One delivery",
)
def get_delivery(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> dict[str, Any]:
    """With what is sent, how often that was tried, and how it went."""
    webhook = registry.get(webhook_id, actor=caller(request))
    return _show_delivery(registry.get_delivery(webhook, delivery_id))


@router.post(
    "/{uuid:webhook_id}/deliveries/{uuid:delivery_id}/resend/",
    response={202: DeliveryOut, **problems({409: ("not_settled", "paused")}, 404)},
    summary="Send a delivery again",
)
def resend_delivery(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> Status[dict[str, Any]]:
    """With the same id and content, from the first attempt on. 409 `not_settled` for one that still waits, `paused`. Needs the
    scope `operate`, and `admin` for one that is not of a single deployment."""
    actor, webhook = _managed(request, webhook_id)
    row = registry.get_delivery(webhook, delivery_id)
    return Status(202, _show_delivery(registry.resend(row, actor=actor)))


def _managed(request: HttpRequest, webhook_id: UUID) -> tuple[Operator, Webhook]:
    actor = caller(request, "operate")
    row = registry.get(webhook_id, actor=actor)
    if row.deployment_id is None:
        actor = caller(request, "admin")
    return actor, row


def _show(row: Webhook) -> dict[str, Any]:
    names = ("name", "url", "active", "created_at", "changed_at")
    counted: Any = row
    return {
        **{name: getattr(row, name) for name in names},
        "id": row.pk,
        "secret_set": True,
        "events": [event for event in row.events if event in EVENTS],
        "deployment": row.deployment_id,
        "team": row.team_id,
        "waiting": counted.waiting,
        "given_up": counted.given_up,
        "last_delivered_at": counted.last_at,
        "created_by": row.created_by.username,
    }


def _show_delivery(row: WebhookDelivery) -> dict[str, Any]:
    names = (
        "event",
        "state",
        "attempts",
        "next_try_at",
        "status_code",
        "took_ms",
        "created_at",
        "delivered_at",
        "payload",
    )
    return {**{name: getattr(row, name) for name in names}, "id": row.pk, "error": str(row.error)}
