"""The recorded topology: its components, its links, and the immutable record of the whole."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment
from wizard.models.fields import SentenceField


class Component(models.Model):
    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="components", verbose_name=_("deployment")
    )
    key = models.CharField(_("key"), max_length=100)
    kind = models.CharField(_("kind"), max_length=32)
    name = models.CharField(_("name"), max_length=255)
    address = models.CharField(_("address"), max_length=255, blank=True)
    zone = models.CharField(_("zone"), max_length=16)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)

    class Meta:
        verbose_name = _("component")
        verbose_name_plural = _("components")
        ordering = ["kind", "name"]
        constraints = [models.UniqueConstraint(fields=["deployment", "key"], name="one_component_per_key")]

    def __str__(self) -> str:
        return self.name


class Link(models.Model):
    """A connection between two components, in the direction in which it is opened."""

    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="links", verbose_name=_("deployment")
    )
    edge = models.CharField(_("edge"), max_length=8)
    source = models.ForeignKey(Component, models.CASCADE, related_name="outgoing", verbose_name=_("from"))
    target = models.ForeignKey(Component, models.CASCADE, related_name="incoming", verbose_name=_("to"))
    protocol = models.CharField(_("protocol"), max_length=32)
    port = models.CharField(_("port"), max_length=32)
    purpose = SentenceField(_("purpose"))

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["edge", "source__name", "target__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "edge", "source", "target"], name="one_link_per_edge"
            )
        ]

    def __str__(self) -> str:
        return f"{self.edge} {self.source} → {self.target}"


class TopologySnapshot(models.Model):
    """The whole graph at one time. Its digest covers the digest before it, so a changed record breaks the chain."""

    deployment = models.ForeignKey(
        Deployment, models.PROTECT, related_name="snapshots", verbose_name=_("deployment")
    )
    number = models.PositiveIntegerField(_("number"))
    document = models.JSONField(_("document"))
    digest = models.CharField(_("digest"), max_length=64)
    previous_digest = models.CharField(_("digest before"), max_length=64, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "number"], name="snapshots_are_numbered")
        ]

    def __str__(self) -> str:
        return f"{self.deployment} #{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise PermissionDenied("A recorded snapshot cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise PermissionDenied("A recorded snapshot cannot be deleted.")
