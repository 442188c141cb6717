"""A virtual machine that vCenter showed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wizard.models.vcenter import VCenter


class Machine(models.Model):
    vcenter = models.ForeignKey(VCenter, models.CASCADE, related_name="machines", verbose_name=_("vCenter"))
    # Instance UUIDs can stand twice in one vCenter (a support finding of its own, SM-17), so the managed object id is the key.
    moid = models.CharField(_("managed object id"), max_length=64)
    instance_uuid = models.CharField(_("instance UUID"), max_length=36, db_index=True, blank=True)
    bios_uuid = models.CharField(_("BIOS UUID"), max_length=36, blank=True)
    name = models.CharField(_("name"), max_length=255)
    host_name = models.CharField(_("host name"), max_length=255, blank=True)
    guest_id = models.CharField(_("guest id"), max_length=64, blank=True)
    guest_full_name = models.CharField(_("operating system"), max_length=255, blank=True)
    power_state = models.CharField(_("power"), max_length=16, blank=True)
    tools_status = models.CharField(_("VMware Tools"), max_length=32, blank=True)
    firmware = models.CharField(_("firmware"), max_length=16, blank=True)
    cpu_count = models.PositiveIntegerField(_("vCPU"), default=0)
    memory_mb = models.PositiveBigIntegerField(_("memory in MB"), default=0)
    disk_count = models.PositiveIntegerField(_("disks"), default=0)
    disk_gb = models.FloatField(_("disk size in GB"), default=0)
    ip_addresses = models.JSONField(_("addresses"), default=list, blank=True)
    is_template = models.BooleanField(_("template"), default=False)
    # A machine that vCenter no longer shows is kept, with the time when it was missed first.
    gone_at = models.DateTimeField(_("gone"), null=True, blank=True)
    seen_at = models.DateTimeField(_("seen"))

    class Meta:
        verbose_name = _("machine")
        verbose_name_plural = _("machines")
        ordering = ["name", "moid"]
        constraints = [models.UniqueConstraint(fields=["vcenter", "moid"], name="one_row_per_machine")]

    def __str__(self) -> str:
        return self.name
