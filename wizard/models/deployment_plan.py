"""What an import would make, recorded before anything is changed; approved by whoever starts it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment
from wizard.models.task import Task


class DeploymentPlan(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="plans", verbose_name=_("deployment")
    )
    # Its start counts for what the plan rests on: what was changed after it may have been read before or after.
    task = models.ForeignKey(Task, models.CASCADE, related_name="+", verbose_name=_("task"))
    # See `wizard.vsphere.import_record`.
    record = models.JSONField(_("recorded plan"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)

    class Meta:
        verbose_name = _("deployment plan")
        verbose_name_plural = _("deployment plans")
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "sha256"], name="one_plan_per_digest"),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="an_approval_has_a_person_and_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]
