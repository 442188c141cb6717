"""Webhooks: added, changed, paused, tested, deleted, and what became of what was sent.

Those of one deployment belong to whoever may operate on it; all others to administrators. A webhook tells no more than its
maker may see, today: whoever changes one becomes its maker.
"""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from wizard.journey.errors import FieldError
from wizard.models import Deployment, Operator, Webhook, WebhookDelivery
from wizard.services import audit, deployments
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.services.permissions import may, require
from wizard.services.taken_names import name_taken
from wizard.services.webhooks import outbox
from wizard.services.webhooks.events import PING
from wizard.services.webhooks.sending import PAUSE_AFTER
from wizard.services.webhooks.wish import WebhookWish as WebhookWish
from wizard.services.webhooks.wish import place_of as place_of
from wizard.services.webhooks.wish import refuse, tidied
from wizard.text import Text, _

State = WebhookDelivery.State


def visible_webhooks(actor: Operator) -> QuerySet[Webhook]:
    """Those that this person may manage; nobody else needs to see them. `waiting`, `given_up` and `last_at` tell how it goes."""
    rows = Webhook.objects.select_related("deployment", "team", "created_by").defer("sealed")
    if not may(actor, "webhook.see"):
        return rows.none()
    if not may(actor, "webhook.change_general"):
        rows = rows.filter(deployment__in=deployments.visible_deployments(actor).values("pk"))
    return rows.annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state=State.PENDING)),
        given_up=Count("deliveries", filter=Q(deliveries__state=State.FAILED)),
        last_at=Max("deliveries__delivered_at"),
    )


def get(webhook_id: UUID, *, actor: Operator) -> Webhook:
    """Raises NotFound, for one that is not there and for one that is not the caller's alike."""
    row = visible_webhooks(actor).filter(pk=webhook_id).first()
    if row is None:
        raise _not_there()
    return row


def new_secret() -> str:
    """One that nobody guesses: for whoever has none of their own."""
    return secrets.token_urlsafe(32)


def create(wish: WebhookWish, *, actor: Operator) -> Webhook:
    """Raises NotAllowed, Invalid that names the fields."""
    wish = tidied(wish)
    deployment = _deployment_of(wish, actor)
    _require(actor, deployment)
    refuse(wish, needs_secret=True)
    row = Webhook(created_by=actor)
    with transaction.atomic():
        _write(row, wish, actor)
        _note(row, "webhook.added", _("%(who)s added the webhook %(name)s, which tells %(place)s."), actor)
    return row


def change(webhook: Webhook, wish: WebhookWish, *, actor: Operator) -> Webhook:
    """Raises NotAllowed, NotFound, Invalid that names the fields.

    A secret that is kept was agreed upon with one receiver: where the host or port of the address changes it is entered
    again, as it would sign for somebody else.
    """
    _require(actor, webhook.deployment)
    wish = tidied(wish)
    _require(actor, _deployment_of(wish, actor))
    with transaction.atomic():
        _hold(webhook, actor)
        moved = place_of(wish.url) != place_of(webhook.url)
        refuse(wish, needs_secret=moved, moved=moved)
        before = _described(webhook)
        if wish.deployment is not None and wish.deployment != webhook.deployment_id:
            # From now on others read and re-send what was written for it: no more than what they may know.
            told = webhook.deliveries.filter(payload__deployment__isnull=False)
            told.exclude(payload__deployment__id=str(wish.deployment)).delete()
        webhook.created_by = actor
        _write(webhook, wish, actor)
        sentence = _("%(who)s changed the webhook %(name)s, which tells %(place)s.")
        _note(webhook, "webhook.changed", sentence, actor, before=before)
        if wish.secret:
            sentence = _("%(who)s changed the secret of the webhook %(name)s.")
            _note(webhook, "webhook.secret_changed", sentence, actor)
    return webhook


@transaction.atomic
def rotate_secret(webhook: Webhook, *, actor: Operator) -> str:
    """Give it another secret, which is shown this once. What is sent from now on is signed with it."""
    _hold(webhook, actor)
    secret = new_secret()
    webhook.hold(secret)
    webhook.save(update_fields=["sealed", "changed_at"])
    _note(webhook, "webhook.secret_changed", _("%(who)s changed the secret of the webhook %(name)s."), actor)
    return secret


@transaction.atomic
def set_active(webhook: Webhook, active: bool, *, actor: Operator) -> None:
    """Pause it, or let it go on: what waited meanwhile is sent then. While paused, nothing new is written for it."""
    _hold(webhook, actor)
    if not Webhook.objects.filter(pk=webhook.pk, active=not active).update(
        active=active, changed_at=timezone.now()
    ):
        return
    webhook.refresh_from_db(fields=["active", "changed_at"])
    if active:
        waiting = webhook.deliveries.filter(state=State.PENDING)
        waiting.update(next_try_at=timezone.now())
        transaction.on_commit(lambda: outbox.nudge(webhook.pk))
        _note(webhook, "webhook.resumed", _("%(who)s let the webhook %(name)s go on."), actor)
    else:
        _note(webhook, "webhook.paused", _("%(who)s paused the webhook %(name)s."), actor)


@transaction.atomic
def delete(webhook: Webhook, *, actor: Operator) -> None:
    """Its secret and its deliveries go with it."""
    _hold(webhook, actor)
    _note(webhook, "webhook.deleted", _("%(who)s deleted the webhook %(name)s."), actor)
    webhook.delete()


# --- deliveries -------------------------------------------------------------------------------------------------------


def deliveries_of(webhook: Webhook) -> QuerySet[WebhookDelivery]:
    """Newest first."""
    return webhook.deliveries.all()


def get_delivery(webhook: Webhook, delivery_id: UUID) -> WebhookDelivery:
    """Raises NotFound."""
    row = deliveries_of(webhook).filter(pk=delivery_id).first()
    if row is None:
        raise NotFound(Text(_("There is no such delivery.")))
    return row


@transaction.atomic
def ping(webhook: Webhook, *, actor: Operator) -> WebhookDelivery:
    """Send it a test at once. Raises Conflict `paused`."""
    _hold(webhook, actor)
    _refuse_paused(webhook)
    row = outbox.write_for(webhook, PING, {"actor": actor.username, "webhook": webhook.name})
    _note(webhook, "webhook.pinged", _("%(who)s tested the webhook %(name)s."), actor)
    return row


@transaction.atomic
def resend(delivery: WebhookDelivery, *, actor: Operator) -> WebhookDelivery:
    """Send a delivery once more, with its id and its content, from the first attempt on.

    Raises Conflict `not_settled` for one that still waits, `paused`.
    """
    webhook = delivery.webhook
    _hold(webhook, actor)
    _refuse_paused(webhook)
    again = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state=State.PENDING)
    if not again.update(
        state=State.PENDING, attempts=0, next_try_at=timezone.now(), error=Text(""), delivered_at=None
    ):
        raise Conflict(
            Text(_("This delivery has not been settled yet; it is going to be sent anyway.")),
            code="not_settled",
        )
    delivery.refresh_from_db()
    transaction.on_commit(lambda: outbox.nudge(webhook.pk))
    _note(
        webhook,
        "webhook.resent",
        _("%(who)s had a delivery to the webhook %(name)s sent again (%(delivery)s)."),
        actor,
        delivery=str(delivery.pk),
    )
    return delivery


def paused_by_itself(webhook: Webhook) -> bool:
    """Whether it is paused with nothing but failures behind it."""
    if webhook.active:
        return False
    settled = webhook.deliveries.exclude(state=State.PENDING).order_by("-created_at")
    return list(settled.values_list("state", flat=True)[:PAUSE_AFTER]) == [State.FAILED] * PAUSE_AFTER


# --- inside -----------------------------------------------------------------------------------------------------------


def _require(actor: Operator, deployment: Deployment | None) -> None:
    if deployment is None:
        require(actor, "webhook.change_general")
    else:
        require(actor, "webhook.change", deployment)


def _hold(webhook: Webhook, actor: Operator) -> None:
    """As it is now, and nobody else changes it: somebody may have moved it, and with it the secret, since it was read. Raises
    NotAllowed, NotFound."""
    _require(actor, webhook.deployment)
    try:
        webhook.refresh_from_db(from_queryset=Webhook.objects.select_for_update())
    except Webhook.DoesNotExist:
        raise _not_there() from None
    _require(actor, webhook.deployment)


def _not_there() -> NotFound:
    return NotFound(Text(_("There is no such webhook.")))


def _refuse_paused(webhook: Webhook) -> None:
    if not Webhook.objects.filter(pk=webhook.pk, active=True).exists():
        raise Conflict(
            Text(_("The webhook %(name)s is paused."), name=webhook.name),
            remedy=Text(_("Let it go on first.")),
            code="paused",
        )


def _deployment_of(wish: WebhookWish, actor: Operator) -> Deployment | None:
    """Raises Invalid for one that is not there, or not for this person."""
    if wish.deployment is None:
        return None
    deployment = deployments.visible_deployments(actor).filter(pk=wish.deployment).first()
    if deployment is None:
        text = Text(_("There is no such deployment."))
        raise Invalid([FieldError(path="deployment", message=text, code="unknown")])
    return deployment


def _write(row: Webhook, wish: WebhookWish, actor: Operator) -> None:
    row.name, row.url, row.events = wish.name, wish.url, list(wish.events)
    row.deployment_id, row.team_id = wish.deployment, wish.team
    if wish.secret:
        row.hold(wish.secret)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        text = Text(_("A webhook named “%(name)s” exists already; choose another name."), name=row.name)
        text = name_taken(text, row.name, visible_webhooks(actor))
        raise Invalid([FieldError(path="name", message=text, code="name_taken")]) from None


def _described(row: Webhook) -> dict[str, Any]:
    """What may be written down of it."""
    return {
        "place": place_of(row.url),
        "events": list(row.events),
        "deployment": str(row.deployment_id) if row.deployment_id else None,
        "team": str(row.team_id) if row.team_id else None,
    }


def _note(
    row: Webhook,
    action: str,
    template: str,
    actor: Operator,
    *,
    before: dict[str, Any] | None = None,
    **values: str,
) -> None:
    audit.record(
        action,
        subject=row,
        actor=actor,
        sentence=Text(template, who=actor.username, name=row.name, place=place_of(row.url), **values),
        before=before,
        after=_described(row),
    )
