"""What the vault of a deployment sees: looked at again and again, kept where it changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment
from wizard.models.fields import SentenceField
from wizard.models.machine import Machine


class Severity(models.TextChoices):
    OK = "ok", _("Healthy")
    UNKNOWN = "unknown", _("Not known")
    WARNING = "warning", _("Warning")
    CRITICAL = "critical", _("Critical")


class VaultWatch(models.Model):
    """When the vault of a deployment is looked at, how that went last, and what people know better than it."""

    deployment = models.OneToOneField(
        Deployment, models.CASCADE, related_name="vault_watch", verbose_name=_("deployment")
    )
    # {id of a server in the vault: kind of component}, where somebody corrected what follows from what the vault says.
    corrections = models.JSONField(_("corrected roles"), default=dict, blank=True)
    refreshed_at = models.DateTimeField(_("refreshed"), null=True, blank=True)
    next_refresh_at = models.DateTimeField(_("next refresh"), null=True, blank=True)
    # Who looks at the moment, and until when that is believed without hearing of it.
    refresh_claim = models.CharField(_("refreshed by"), max_length=32, blank=True)
    refreshing_until = models.DateTimeField(_("being refreshed until"), null=True, blank=True)
    refresh_failed_at = models.DateTimeField(_("refresh failed"), null=True, blank=True)
    refresh_failure = SentenceField(_("why the refresh failed"))
    refresh_remedy = SentenceField(_("what to do about it"))
    refresh_failure_details = models.JSONField(_("where the refresh failed"), default=dict, blank=True)

    class Meta:
        verbose_name = _("watch of a vault")
        verbose_name_plural = _("watches of vaults")

    def __str__(self) -> str:
        return str(self.deployment)


class VaultObservation(models.Model):
    """What the vault showed from `first_seen_at` to `last_seen_at`, without a change that matters.

    Rows stay for good. `document`, `differences` and `health` of the newest alone are kept whole: those of a large vault have
    hundreds of kilobytes, and what tells a row from the one before it stands in `changes`.
    """

    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="observations", verbose_name=_("deployment")
    )
    number = models.PositiveIntegerField(_("number"))
    # `topology.observed`, `topology.drift` and `topology.health` in their JSON, as of the last look.
    document = models.JSONField(_("document"))
    differences = models.JSONField(_("differences"), default=list, blank=True)
    health = models.JSONField(_("health"), default=list, blank=True)
    # Sentences (`wizard.text.Text.to_json`); None where the row before could not be read.
    changes = models.JSONField(_("Changed since the one before"), null=True, blank=True)
    severity = models.CharField(_("worst state"), max_length=16, choices=Severity)
    # Of what matters: not of heartbeats and loads, which change with every look.
    digest = models.CharField(_("digest"), max_length=64)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("observation of a vault")
        verbose_name_plural = _("observations of vaults")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "number"], name="observations_are_numbered")
        ]

    def __str__(self) -> str:
        return f"{self.deployment} #{self.number}"


class Notice(models.Model):
    """One thing that became worse, from then until it was well again. There is none for what stays as it is."""

    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="notices", verbose_name=_("deployment")
    )
    # What it is about, the same at every look.
    key = models.CharField(_("key"), max_length=255)
    severity = models.CharField(_("severity"), max_length=16, choices=Severity)
    sentence = SentenceField(_("what happened"))
    remedy = SentenceField(_("what to do about it"))
    began_at = models.DateTimeField(_("began"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("seen by"),
    )
    seen_at = models.DateTimeField(_("seen"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-began_at", "-pk"]
        indexes = [models.Index(fields=["deployment", "-began_at"], name="notices_by_time")]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "key"], condition=Q(ended_at=None), name="one_open_notice_per_key"
            )
        ]

    def __str__(self) -> str:
        return self.key


class ProtectableItem(models.Model):
    """A machine as the vault lists it, and the discovered machine or physical server that it is."""

    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="protectable_items", verbose_name=_("deployment")
    )
    # The machine's infrastructure id: the last part of the item's ARM id.
    name = models.CharField(_("infrastructure id"), max_length=64)
    friendly_name = models.CharField(_("name"), max_length=255)
    discovery_type = models.CharField(_("discovered by"), max_length=16, blank=True)
    os_type = models.CharField(_("operating system"), max_length=16, blank=True)
    ip_addresses = models.JSONField(_("addresses"), default=list, blank=True)
    vcenter_infrastructure_id = models.CharField(_("vCenter"), max_length=64, blank=True)
    protection_status = models.CharField(_("protection"), max_length=32, blank=True)
    process_server_id = models.CharField(_("process server"), max_length=64, blank=True)
    # [{"code", "text"}]: why it cannot be protected, in the vault's own words.
    problems = models.JSONField(_("problems"), default=list, blank=True)
    machine = models.ForeignKey(
        Machine,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="protectable_items",
        verbose_name=_("machine"),
    )
    seen_at = models.DateTimeField(_("seen"))

    class Meta:
        verbose_name = _("machine in the vault")
        verbose_name_plural = _("machines in the vault")
        ordering = ["friendly_name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "name"], name="one_row_per_protectable_item")
        ]

    def __str__(self) -> str:
        return self.friendly_name
