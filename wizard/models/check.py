"""One requirement judged at one time, and the decision to accept one that fails."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment
from wizard.models.fields import SentenceField
from wizard.models.task import Task


class CheckStatus(models.TextChoices):
    PASS = "pass", _("Passed")
    WARN = "warn", _("Warning")
    FAIL = "fail", _("Action needed")
    UNKNOWN = "unknown", _("Could not be checked")
    SKIPPED = "skipped", _("Skipped")


class CheckResult(models.Model):
    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="checks", verbose_name=_("deployment")
    )
    task = models.ForeignKey(Task, models.CASCADE, related_name="checks", verbose_name=_("task"))
    requirement_id = models.CharField(_("requirement"), max_length=32)
    position = models.PositiveSmallIntegerField(_("position"))
    category = models.CharField(_("category"), max_length=32)
    severity = models.CharField(_("severity"), max_length=8)
    owner = models.CharField(_("who can fix it"), max_length=16)
    status = models.CharField(_("status"), max_length=8, choices=CheckStatus)
    title = SentenceField(_("title"))
    summary = SentenceField(_("summary"))
    observed = SentenceField(_("observed"))
    expected = SentenceField(_("expected"))
    remedy = SentenceField(_("remedy"))
    details = models.JSONField(_("details"), default=list, blank=True)
    observed_from = models.CharField(_("observed from"), max_length=255, blank=True)
    observed_at = models.DateTimeField(_("observed at"))
    seconds = models.FloatField(_("seconds"), default=0)

    class Meta:
        verbose_name = _("check result")
        verbose_name_plural = _("check results")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["task", "requirement_id"], name="one_result_per_run")]

    def __str__(self) -> str:
        return f"{self.requirement_id} {self.status}"


def waiver_day() -> date:
    """The day by which waivers end: that of the server, as go or no-go must not depend on the time zone of who asks."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


class Waiver(models.Model):
    """A decision to go on although a requirement fails: with a reason, for a time, asked by one person and approved."""

    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="waivers", verbose_name=_("deployment")
    )
    requirement_id = models.CharField(_("requirement"), max_length=32)
    reason = models.TextField(_("reason"), max_length=1000)
    until = models.DateField(_("until"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
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
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "requirement_id"], name="one_waiver_per_requirement"
            )
        ]

    def __str__(self) -> str:
        return f"{self.requirement_id} until {self.until}"

    @property
    def ended(self) -> bool:
        return self.until < waiver_day()

    @property
    def waiting(self) -> bool:
        """Whether it still waits for the second person."""
        return self.approved_at is None and not self.ended

    @property
    def in_force(self) -> bool:
        return self.approved_at is not None and not self.ended
