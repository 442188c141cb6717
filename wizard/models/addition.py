"""A component that is added to a deployment after its first setup, from the plan to the day it is taken away."""

from __future__ import annotations

import uuid
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment


class Addition(models.Model):
    class Kind(models.TextChoices):
        PS_SCALEOUT = "ps_scaleout", _("Scale-out process server")
        PS_FAILBACK = "ps_failback", _("Failback process server in Azure")
        MT_WINDOWS = "mt_windows", _("Separate Windows master target")
        MT_LINUX = "mt_linux", _("Linux master target")

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        CHECKED = "checked", _("Checked")
        APPEARED = "appeared", _("In the vault")
        RECORDED = "recorded", _("Recorded")
        REMOVED = "removed", _("Removed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="additions", verbose_name=_("deployment")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.PLANNED)
    # The name of its machine; the vault and the topology show it under the same.
    name = models.CharField(_("name"), max_length=63)
    address = models.CharField(_("address"), max_length=255, blank=True)
    answers = models.JSONField(_("answers"), default=dict, blank=True)
    # What its preflight found: {"rule", "status", "text", "remedy"} each.
    findings = models.JSONField(_("findings"), default=list, blank=True)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)
    appeared_at = models.DateTimeField(_("appeared in the vault"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded"), null=True, blank=True)
    # A process server in Azure costs money as long as it stands there.
    remind_at = models.DateTimeField(_("remind of its removal"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("further component")
        verbose_name_plural = _("further components")
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "kind", "name"],
                condition=Q(removed_at=None),
                name="one_addition_of_a_name",
            )
        ]

    def __str__(self) -> str:
        return self.name


class DecommissionStep(models.Model):
    """Somebody says that a step of taking a component, or all of a deployment, out of service is done."""

    # The step that marks a component as gone; its confirmations go with it, so that one of the same name begins anew.
    FINISHED: Final = "finished"

    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="decommission_steps", verbose_name=_("deployment")
    )
    # The key of a component; empty for the whole deployment.
    subject = models.CharField(_("component"), max_length=100, blank=True)
    step = models.CharField(_("step"), max_length=32)
    note = models.TextField(_("note"), max_length=4000, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_at = models.DateTimeField(_("confirmed"), auto_now_add=True)

    class Meta:
        verbose_name = _("step of a decommissioning")
        verbose_name_plural = _("steps of a decommissioning")
        ordering = ["confirmed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "subject", "step"], name="one_confirmation_per_decommission_step"
            )
        ]

    def __str__(self) -> str:
        return self.step
