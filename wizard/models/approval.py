"""What one person asked another to approve before anything is set up: a deployment as its answers stood then."""

from __future__ import annotations

import uuid
from typing import TypeAlias

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment


class ApprovalState(models.TextChoices):
    WAITING = "waiting", _("Waiting for review")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Approval(models.Model):
    # The API's description knows it by its own name, of which there is one.
    State: TypeAlias = ApprovalState

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="approvals", verbose_name=_("deployment")
    )
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.WAITING)
    # Of the answers that it was asked for: other answers are not what was approved.
    digest = models.CharField(_("SHA-256 of the answers"), max_length=64)
    # Name, profile and answers as they were then, to say field by field what was changed since. No secret is among answers.
    answers = models.JSONField(_("answers"), default=dict)
    note = models.TextField(_("note"), blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"), auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    # Why it was approved or, without fail, rejected.
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment"],
                condition=Q(state="waiting"),
                name="one_waiting_approval_per_deployment",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=False, decided_at__isnull=False)
                | Q(decided_by__isnull=True, decided_at__isnull=True, state="waiting"),
                name="a_decision_has_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deployment}: {self.get_state_display()}"
