"""Work in the background. The row is the truth; the broker's message only says: look."""

from __future__ import annotations

import uuid
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment
from wizard.models.fields import SentenceField


class TaskState(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE_STATES: Final = (TaskState.QUEUED, TaskState.RUNNING)


class Task(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="tasks", verbose_name=_("deployment")
    )
    kind = models.CharField(_("kind"), max_length=32)
    changing = models.BooleanField(_("changes something"))
    state = models.CharField(_("state"), max_length=16, choices=TaskState, default=TaskState.QUEUED)
    progress = models.PositiveSmallIntegerField(_("progress in percent"), default=0)
    phase = SentenceField(_("phase"))
    inputs = models.JSONField(_("inputs"), default=dict, blank=True)
    result = models.JSONField(_("result"), null=True, blank=True)
    # {"code", "message": Text, "remedy": Text}
    error = models.JSONField(_("error"), null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    # The id of the request that asked for it: one thread through the logs of web, worker and the far ends.
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    cancel_requested = models.BooleanField(_("cancel requested"), default=False)
    # Which claim of the row is the current one; a worker that lost the row sees another number and stops.
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    worker = models.CharField(_("worker"), max_length=255, blank=True)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    # What must be tidied up should this attempt die, such as the managed object id of a half-imported VM.
    leftovers = models.JSONField(_("leftovers"), default=dict, blank=True)
    last_seq = models.PositiveIntegerField(_("events"), default=0)
    queued_at = models.DateTimeField(_("queued"), auto_now_add=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["-queued_at"]
        indexes = [
            models.Index(fields=["deployment", "kind", "-queued_at"]),
            models.Index(fields=["state", "lease_until"]),
            models.Index(fields=["-queued_at", "-id"], name="tasks_newest_first"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment"],
                condition=Q(changing=True, state__in=ACTIVE_STATES),
                name="one_changing_task_per_deployment",
            ),
            models.UniqueConstraint(
                fields=["deployment", "kind"],
                condition=Q(state__in=ACTIVE_STATES),
                name="one_active_task_per_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("task", args=[self.pk])

    @property
    def active(self) -> bool:
        return self.state in ACTIVE_STATES


class TaskEvent(models.Model):
    """One line of a task's log. Numbers start at 1 and have no gaps, so a reader who saw N asks for what is after N."""

    class Level(models.TextChoices):
        INFO = "info", _("Info")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    task = models.ForeignKey(Task, models.CASCADE, related_name="events", verbose_name=_("task"))
    seq = models.PositiveIntegerField(_("number"))
    at = models.DateTimeField(_("time"), auto_now_add=True)
    level = models.CharField(_("level"), max_length=8, choices=Level, default=Level.INFO)
    phase = SentenceField(_("phase"))
    message = SentenceField(_("message"))
    data = models.JSONField(_("data"), default=dict, blank=True)

    class Meta:
        verbose_name = _("task event")
        verbose_name_plural = _("task events")
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["task", "seq"], name="event_numbers_are_unique")]

    def __str__(self) -> str:
        return f"{self.seq}: {self.message}"
