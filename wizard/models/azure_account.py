"""An identity in Microsoft Entra with which a vault is asked what it sees."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wizard.models.credential import Credential
from wizard.models.fields import SentenceField
from wizard.models.team import Team


class AzureAccount(models.Model):
    class Cloud(models.TextChoices):
        PUBLIC = "public", _("Azure (public)")
        US_GOVERNMENT = "us_government", _("Azure Government (US)")
        CHINA = "china", _("Azure operated by 21Vianet (China)")

    class How(models.TextChoices):
        CLIENT_SECRET = "client_secret", _("Service principal with a secret")
        CLIENT_CERTIFICATE = "client_certificate", _("Service principal with a certificate")
        MANAGED_IDENTITY = "managed_identity", _("Managed identity of this machine")
        DEFAULT = "default", _("What this machine is signed in with")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(
        _("name"),
        max_length=100,
        unique=True,
        error_messages={"unique": _("An Azure account with this name exists already.")},
    )
    cloud = models.CharField(_("Azure cloud"), max_length=16, choices=Cloud, default=Cloud.PUBLIC)
    how = models.CharField(_("signs in with"), max_length=24, choices=How)
    tenant = models.CharField(_("tenant id"), max_length=36, blank=True)
    client_id = models.CharField(_("client id"), max_length=36, blank=True)
    # The secret, or the certificate with its key as PEM; kind azure_service_principal.
    credential = models.ForeignKey(
        Credential,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="azure_accounts",
        verbose_name=_("credential"),
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="azure_accounts", verbose_name=_("team")
    )
    # How the last test went: empty failure after one that went well.
    tested_at = models.DateTimeField(_("tested"), null=True, blank=True)
    failure = SentenceField(_("why the test failed"))
    remedy = SentenceField(_("what to do about it"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("Azure account")
        verbose_name_plural = _("Azure accounts")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(how__in=["managed_identity", "default"], credential__isnull=True)
                | (
                    Q(how__in=["client_secret", "client_certificate"], credential__isnull=False)
                    & ~Q(tenant="")
                    & ~Q(client_id="")
                ),
                name="a_service_principal_has_a_secret",
            )
        ]

    def __str__(self) -> str:
        return self.name
