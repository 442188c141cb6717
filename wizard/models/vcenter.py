"""A registered vCenter server or standalone ESXi host."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from wizard.models.credential import Credential
from wizard.models.deployment import Deployment
from wizard.models.fields import SentenceField


class VCenter(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The name under which the vault will list it; the same on every appliance (asr-facts, section 8).
    friendly_name = models.CharField(_("friendly name"), max_length=255)
    host = models.CharField(_("address"), max_length=255)
    port = models.PositiveIntegerField(_("port"), default=443)
    thumbprint_sha256 = models.CharField(_("certificate SHA-256"), max_length=95)
    # vCenter's own identity: it stays the same when the address changes.
    instance_uuid = models.CharField(_("instance UUID"), max_length=36, unique=True)
    product = models.CharField(_("product"), max_length=255, blank=True)
    version = models.CharField(_("version"), max_length=32, blank=True)
    build = models.CharField(_("build"), max_length=32, blank=True)
    api_type = models.CharField(_("API type"), max_length=32, blank=True)
    api_version = models.CharField(_("API version"), max_length=32, blank=True)
    credential = models.ForeignKey(
        Credential, models.PROTECT, related_name="vcenters", verbose_name=_("credential")
    )
    deployments = models.ManyToManyField(Deployment, related_name="vcenters", verbose_name=_("deployments"))
    registered_at = models.DateTimeField(_("registered"), auto_now_add=True)
    # When everything was read last, and when anything was: all of it, or what had changed.
    discovered_at = models.DateTimeField(_("machines discovered"), null=True, blank=True)
    refreshed_at = models.DateTimeField(_("refreshed"), null=True, blank=True)
    # {id of a watch: {"version": up to which the rows hold what it saw, "at": when}}. A watch lives in one session of one worker.
    watches = models.JSONField(_("watches"), default=dict, blank=True)
    # Who refreshes at the moment, and until when that is believed without hearing of it.
    refresh_claim = models.CharField(_("refreshed by"), max_length=32, blank=True)
    refreshing_until = models.DateTimeField(_("being refreshed until"), null=True, blank=True)
    next_refresh_at = models.DateTimeField(_("next refresh"), null=True, blank=True)
    # Why the last refresh failed; empty after one that went well. The details: code, part, address, step.
    refresh_failed_at = models.DateTimeField(_("refresh failed"), null=True, blank=True)
    refresh_failure = SentenceField(_("why the refresh failed"))
    refresh_remedy = SentenceField(_("what to do about it"))
    refresh_failure_details = models.JSONField(_("where the refresh failed"), default=dict, blank=True)

    class Meta:
        verbose_name = _("vCenter")
        verbose_name_plural = _("vCenters")
        ordering = ["friendly_name"]

    def __str__(self) -> str:
        return self.friendly_name
