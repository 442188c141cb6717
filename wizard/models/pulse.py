"""When the parts that work in the background were last heard of: in the database, where every process can read it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Pulse(models.Model):
    class Part(models.TextChoices):
        WORKER = "worker", _("Worker")
        SCHEDULER = "scheduler", _("Scheduler")

    part = models.CharField(_("part"), max_length=16, choices=Part)
    # As Celery names it, such as worker1@host.
    name = models.CharField(_("name"), max_length=255)
    version = models.CharField(_("version"), max_length=32, blank=True)
    started_at = models.DateTimeField(_("started"))
    seen_at = models.DateTimeField(_("last heard of"))

    class Meta:
        verbose_name = _("worker or scheduler")
        verbose_name_plural = _("workers and schedulers")
        ordering = ["part", "name"]
        constraints = [models.UniqueConstraint(fields=["part", "name"], name="one_pulse_per_part")]

    def __str__(self) -> str:
        return self.name
