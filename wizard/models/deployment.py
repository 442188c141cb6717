"""One guided setup, its states, and the answers of its steps."""

from __future__ import annotations

import uuid
from typing import Final

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from wizard.models.team import Team


class DeploymentState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    CHECKED = "checked", _("Checked")
    DEPLOYED = "deployed", _("Deployed")
    REGISTERED = "registered", _("Registered")
    RECORDED = "recorded", _("Recorded")
    DECOMMISSIONED = "decommissioned", _("Decommissioned")

    def may_become(self, new: DeploymentState) -> bool:
        return new is self or new in TRANSITIONS[self]


# Answering again takes a checked deployment back to draft. Once the appliance exists there is no way back: another
# configuration server is another deployment.
TRANSITIONS: Final[dict[DeploymentState, frozenset[DeploymentState]]] = {
    DeploymentState.DRAFT: frozenset({DeploymentState.CHECKED}),
    DeploymentState.CHECKED: frozenset({DeploymentState.DRAFT, DeploymentState.DEPLOYED}),
    # Without a vCenter there is nothing to register.
    DeploymentState.DEPLOYED: frozenset(
        {DeploymentState.REGISTERED, DeploymentState.RECORDED, DeploymentState.DECOMMISSIONED}
    ),
    DeploymentState.REGISTERED: frozenset({DeploymentState.RECORDED, DeploymentState.DECOMMISSIONED}),
    DeploymentState.RECORDED: frozenset({DeploymentState.DECOMMISSIONED}),
    # Its history stays; nothing is done to it any more.
    DeploymentState.DECOMMISSIONED: frozenset(),
}

# While the answers may still change.
OPEN_STATES: Final = frozenset({DeploymentState.DRAFT, DeploymentState.CHECKED})


class Deployment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(
        _("name"),
        max_length=63,
        unique=True,
        validators=[RegexValidator(r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$")],
        error_messages={"unique": _("A deployment with this name exists already.")},
    )
    profile = models.CharField(_("profile"), max_length=32)
    state = models.CharField(
        _("state"), max_length=16, choices=DeploymentState, default=DeploymentState.DRAFT
    )
    # Whose it is; without a team everybody's who may look.
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="deployments", verbose_name=_("team")
    )
    # Another person has to approve the answers before anything is set up.
    needs_approval = models.BooleanField(_("has to be approved"), default=False)
    # Counts every change, so that a page or a program that changes what it saw long ago is told so.
    revision = models.PositiveIntegerField(_("revision"), default=1)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("deployment")
        verbose_name_plural = _("deployments")
        ordering = ["-changed_at", "name"]
        indexes = [models.Index(fields=["-changed_at", "name"], name="deployments_newest_first")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("deployment", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class StepAnswer(models.Model):
    """The answers of one step; while they are not valid yet, they are kept as a draft beside the last valid ones."""

    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="steps", verbose_name=_("deployment")
    )
    step = models.CharField(_("step"), max_length=32)
    data = models.JSONField(_("answers"), null=True, blank=True)
    draft = models.JSONField(_("draft"), null=True, blank=True)
    # Counts every save of this step, so that two people who answer it at once do not overwrite each other unseen.
    version = models.PositiveIntegerField(_("version"), default=0)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("changed by")
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        constraints = [models.UniqueConstraint(fields=["deployment", "step"], name="one_answer_per_step")]

    def __str__(self) -> str:
        return self.step

    @property
    def complete(self) -> bool:
        return self.data is not None
