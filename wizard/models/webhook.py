"""Who is told of changes over HTTP, and how each telling went."""

from __future__ import annotations

import uuid
from typing import TypeAlias

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment
from wizard.models.fields import SentenceField
from wizard.models.sealing import seal, unseal
from wizard.models.team import Team


class Webhook(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(
        _("name"),
        max_length=100,
        unique=True,
        error_messages={"unique": _("A webhook with this name exists already.")},
    )
    url = models.CharField(_("address"), max_length=2000)
    # Signs what is sent (HMAC-SHA256).
    sealed = models.BinaryField(_("sealed secret"))
    # Codes such as "task.failed"; an empty list means all.
    events = models.JSONField(_("events"), default=list, blank=True)
    # Of which deployments: of one, of a team, or of all that its maker may see.
    deployment = models.ForeignKey(
        Deployment,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="webhooks",
        verbose_name=_("deployment"),
    )
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="webhooks", verbose_name=_("team")
    )
    active = models.BooleanField(_("active"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def hold(self, secret: str) -> None:
        """Seal another secret into this row (unsaved)."""
        self.sealed = seal(secret)

    def reveal(self) -> str:
        """The secret itself: for signing, never for a page, a log or an answer."""
        return unseal(bytes(self.sealed))


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Given up")


class WebhookDelivery(models.Model):
    """One event for one webhook, written in the transaction of what happened and sent afterwards."""

    # The API's description knows it by its own name, of which there is one.
    State: TypeAlias = DeliveryState

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", verbose_name=_("webhook"))
    event = models.CharField(_("event"), max_length=64)
    payload = models.JSONField(_("payload"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    # Whoever is sending at this moment; the time passes where that worker has died.
    claimed_until = models.DateTimeField(_("claimed until"), null=True, blank=True, editable=False)
    status_code = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    error = SentenceField(_("what went wrong"))
    took_ms = models.PositiveIntegerField(_("took (ms)"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="pending"), name="deliveries_to_send"),
            models.Index(fields=["webhook", "-created_at"], name="deliveries_of_webhook"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.state}"
