"""What an installation by hand or over WinRM needs to be kept: its secrets, and what people say they have done."""

from __future__ import annotations

import base64

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment
from wizard.models.sealing import seal, unseal


class InstallationSecret(models.Model):
    """One file's worth of secret, sealed. A second attempt needs the very same one, so it stays until it is taken back."""

    class Kind(models.TextChoices):
        MYSQL = "mysql", _("MySQL passwords")
        PASSPHRASE = "passphrase", _("Passphrase of the configuration server")
        PROXY = "proxy", _("Account for the proxy")
        TEMPLATE = "template", _("Passwords for the template")
        VAULT_CREDENTIALS = "vault_credentials", _("Vault credentials file")

    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="installation_secrets", verbose_name=_("deployment")
    )
    kind = models.CharField(_("kind"), max_length=32, choices=Kind)
    # The name of the file, or of the account; never secret itself.
    label = models.CharField(_("label"), max_length=255, blank=True)
    # What may be shown of the content, such as vault and region of a vault credentials file.
    about = models.JSONField(_("what it says of itself"), default=dict, blank=True)
    sealed = models.BinaryField(_("sealed secret"))
    # Nobody gave what was generated.
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("given by"),
    )
    given_at = models.DateTimeField(_("given"), default=timezone.now)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)

    class Meta:
        verbose_name = _("installation secret")
        verbose_name_plural = _("installation secrets")
        ordering = ["kind"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "kind"], name="one_installation_secret_of_a_kind")
        ]

    def __str__(self) -> str:
        return str(self.kind)

    def hold(self, content: bytes) -> None:
        """Seal this content into the row (unsaved)."""
        self.sealed = seal(base64.b64encode(content).decode("ascii"))

    def reveal(self) -> bytes:
        """The content itself: for the file that setup reads, never for a page, a log or an answer."""
        return base64.b64decode(unseal(bytes(self.sealed)))

    @property
    def ended(self) -> bool:
        return self.ends_at is not None and self.ends_at <= timezone.now()


class ManualStepConfirmation(models.Model):
    """Somebody says that a step of the manual path is done."""

    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="manual_steps", verbose_name=_("deployment")
    )
    step = models.CharField(_("step"), max_length=8)
    note = models.TextField(_("note"), max_length=4000, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_at = models.DateTimeField(_("confirmed"), default=timezone.now)

    class Meta:
        verbose_name = _("confirmed manual step")
        verbose_name_plural = _("confirmed manual steps")
        ordering = ["step"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "step"], name="one_confirmation_per_manual_step")
        ]

    def __str__(self) -> str:
        return self.step
