"""An account: named by everybody, its secret encrypted and shown to nobody."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wizard.models.sealing import seal, unseal
from wizard.models.team import Team


class Credential(models.Model):
    class Kind(models.TextChoices):
        VCENTER = "vcenter", _("vCenter")
        WINDOWS = "windows", _("Windows")
        LINUX = "linux", _("Linux")
        PROXY = "proxy", _("Proxy")
        AZURE_SERVICE_PRINCIPAL = "azure_service_principal", _("Azure service principal")

    class Standing(models.TextChoices):
        UNTRIED = "untried", _("Not tried yet")
        TRYING = "trying", _("Being tried")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(
        _("name"),
        max_length=100,
        unique=True,
        error_messages={"unique": _("A credential with this name exists already.")},
    )
    kind = models.CharField(_("kind"), max_length=32, choices=Kind)
    username = models.CharField(_("user name"), max_length=255)
    sealed = models.BinaryField(_("sealed secret"))
    # Another one each time that somebody enters the secret, even the same; sealing it with another key leaves it.
    entry = models.UUIDField(default=uuid.uuid4, editable=False)
    # Where alone it may be sent, as host:port; empty as long as it was used nowhere.
    address = models.CharField(_("bound to the address"), max_length=262, blank=True)
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="credentials", verbose_name=_("team")
    )
    # vCenter locks accounts: a rejected password is not sent again until somebody enters another.
    standing = models.CharField(_("standing"), max_length=16, choices=Standing, default=Standing.UNTRIED)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def hold(self, secret: str) -> None:
        """Seal another secret into this row (unsaved); it was not tried yet."""
        self.sealed = seal(secret)
        self.entry = uuid.uuid4()
        self.standing = self.Standing.UNTRIED

    def reveal(self) -> str:
        """The secret itself: for the connection that needs it, never for a page, a log or an answer."""
        return unseal(bytes(self.sealed))
