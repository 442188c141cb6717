"""Who did what to what, when and from where. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext_lazy as _

from wizard.models.fields import UNREADABLE, SentenceField, unreadable


class AuditEntry(models.Model):
    at = models.DateTimeField(_("time"), auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    # A dotted code such as "deployment.answered".
    action = models.CharField(_("action"), max_length=64, db_index=True)
    sentence = SentenceField(_("what happened"))
    # Plain text and not a foreign key: the entry outlives what it speaks of.
    subject = models.CharField(_("subject"), max_length=255)
    subject_id = models.CharField(_("subject id"), max_length=64, db_index=True)
    before = models.JSONField(_("before"), null=True, blank=True)
    after = models.JSONField(_("after"), null=True, blank=True)
    address = models.GenericIPAddressField(_("from address"), null=True, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)

    # The deployment that it is about, if any: whoever may not see that does not see this.
    deployment_id = models.UUIDField(_("deployment id"), null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise PermissionDenied("The audit trail cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise PermissionDenied("The audit trail cannot be deleted.")

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any
    ) -> Self:
        entry = super().from_db(db, field_names, values, **more)
        # Not asked of the entry itself, which would fetch what was left out on purpose.
        if entry.__dict__.get("sentence") is UNREADABLE:
            entry.sentence = unreadable(entry.action)
        return entry


class AuditSeal(models.Model):
    """The place of an entry in the chain. Sealed right after the entry is committed, one after the other.

    `digest` covers the entry and the digest of the place before, so that nothing in the middle can be changed, added or
    taken out unseen.
    """

    place = models.PositiveBigIntegerField(_("place"), unique=True)
    entry = models.OneToOneField(
        AuditEntry, models.PROTECT, related_name="seal", verbose_name=_("audit entry")
    )
    digest = models.CharField(_("digest"), max_length=64)
    # What the person was called then; whoever is renamed later changes nothing of what was sealed.
    actor_name = models.CharField(_("who"), max_length=150, blank=True)
    sealed_at = models.DateTimeField(_("sealed"))

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")
        ordering = ["place"]

    def __str__(self) -> str:
        return f"{self.place}: {self.digest[:12]}"


class AuditHead(models.Model):
    """The end of the chain, in one row that whoever seals holds: two cannot take the same place."""

    place = models.PositiveBigIntegerField(_("place"), default=0)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    # No entry up to this id is left to be sealed: what turns up there later was not written by Foothold.
    swept_id = models.PositiveBigIntegerField(_("swept up to"), default=0)

    class Meta:
        verbose_name = _("end of the audit trail")
        verbose_name_plural = _("end of the audit trail")

    def __str__(self) -> str:
        return f"{self.place}: {self.digest[:12]}"
