"""What stands around the machines of a vCenter: folders, hosts, clusters, datastores, networks, resource pools."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wizard.models.vcenter import VCenter


class InventoryObject(models.Model):
    vcenter = models.ForeignKey(
        VCenter, models.CASCADE, related_name="objects_seen", verbose_name=_("vCenter")
    )
    # vSphere's own name of the type, such as ClusterComputeResource.
    type = models.CharField(_("type"), max_length=64)
    moid = models.CharField(_("managed object id"), max_length=64)
    name = models.CharField(_("name"), max_length=255)
    parent_moid = models.CharField(_("parent"), max_length=64, blank=True)
    # Names from the root folder down, itself last. A list, because a name may hold a slash.
    path = models.JSONField(_("path"), default=list, blank=True)
    values = models.JSONField(_("values"), default=dict, blank=True)
    gone_at = models.DateTimeField(_("gone"), null=True, blank=True)
    seen_at = models.DateTimeField(_("seen"))

    class Meta:
        verbose_name = _("inventory object")
        verbose_name_plural = _("inventory objects")
        ordering = ["type", "name", "moid"]
        indexes = [models.Index(fields=["vcenter", "type", "name"], name="objects_by_type")]
        constraints = [
            models.UniqueConstraint(fields=["vcenter", "moid"], name="one_row_per_inventory_object")
        ]

    def __str__(self) -> str:
        return self.name
