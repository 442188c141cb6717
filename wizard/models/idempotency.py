"""What a request with an Idempotency-Key answered, so that the same request again is not done twice."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wizard.models.account import ApiToken


class IdempotencyRecord(models.Model):
    token = models.ForeignKey(
        ApiToken, models.CASCADE, related_name="idempotency_records", verbose_name=_("API token")
    )
    key = models.CharField(_("key"), max_length=255)
    # SHA-256 of method, path, query and body.
    fingerprint = models.CharField(_("fingerprint of the request"), max_length=64)
    # Null while the first request is still being answered.
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    headers = models.JSONField(_("headers"), default=dict, blank=True)
    body = models.BinaryField(_("body"), default=b"")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("idempotency record")
        verbose_name_plural = _("idempotency records")
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return self.key
