"""What a person answers for, where no probe can see it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment


class Attestation(models.Model):
    """The answer to the question of one requirement, with a note and, perhaps, a file as evidence."""

    class Answer(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("No")
        NOT_APPLICABLE = "not_applicable", _("Does not apply")

    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="attestations", verbose_name=_("deployment")
    )
    requirement_id = models.CharField(_("requirement"), max_length=32)
    answer = models.CharField(_("answer"), max_length=16, choices=Answer)
    note = models.TextField(_("note"), max_length=4000, blank=True)
    # In the table and not in a folder: it goes with the backup, and no web server ever serves it by itself.
    file = models.BinaryField(_("file"), null=True, blank=True)
    file_name = models.CharField(_("file name"), max_length=255, blank=True)
    file_type = models.CharField(_("content type"), max_length=100, blank=True)
    file_size = models.PositiveIntegerField(_("size in bytes"), default=0)
    file_sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("answered by")
    )
    answered_at = models.DateTimeField(_("answered"))

    class Meta:
        verbose_name = _("attestation")
        verbose_name_plural = _("attestations")
        ordering = ["requirement_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "requirement_id"], name="one_attestation_per_requirement"
            )
        ]

    def __str__(self) -> str:
        return f"{self.requirement_id} {self.answer}"
