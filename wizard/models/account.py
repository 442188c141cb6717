"""People: their role and time zone, one-time sign-in links, and the tokens of their programs."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Operator(AbstractUser):
    class Role(models.TextChoices):
        VIEWER = "viewer", _("Viewer")
        OPERATOR = "operator", _("Operator")
        REVIEWER = "reviewer", _("Reviewer")
        ADMIN = "admin", _("Administrator")

    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.VIEWER)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def get_session_auth_hash(self) -> str:
        """What a session must match: with another password, role or right, by whatever door, all of the person's end."""
        return self._with_rights(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        return (self._with_rights(known) for known in super().get_session_auth_fallback_hash())

    def _with_rights(self, known: str) -> str:
        rights = f"{self.role} {self.is_active} {self.is_staff} {self.is_superuser}"
        return hashlib.sha256(f"{known} {rights}".encode()).hexdigest()


class SignInLink(models.Model):
    """A link that signs its person in once. Only the hash of its token is kept."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person")
    )
    token_hash = models.CharField(_("token hash"), max_length=64, unique=True)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("sign-in link")
        verbose_name_plural = _("sign-in links")

    def __str__(self) -> str:
        return f"{self.user} until {self.expires_at:%Y-%m-%d %H:%M}"


class ApiToken(models.Model):
    class Scope(models.TextChoices):
        READ = "read", _("Read")
        OPERATE = "operate", _("Operate")
        ADMIN = "admin", _("Administer")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens", verbose_name=_("person")
    )
    name = models.CharField(_("name"), max_length=100)
    scope = models.CharField(_("scope"), max_length=16, choices=Scope)
    token_hash = models.CharField(_("token hash"), max_length=64, unique=True)
    # Enough of the token to recognise it in a list, too little to use it.
    hint = models.CharField(_("begins with"), max_length=16)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"
