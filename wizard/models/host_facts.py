"""What target machines said of themselves, and the scripts that asked them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment
from wizard.models.sealing import seal, unseal


class CollectorIssue(models.Model):
    """One handed-out script. Its nonce is in the document that the script writes; its key signs that document."""

    class Language(models.TextChoices):
        POWERSHELL = "powershell", _("PowerShell")
        SHELL = "shell", _("Shell")

    nonce = models.CharField(_("nonce"), max_length=32, unique=True)
    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="collector_issues", verbose_name=_("deployment")
    )
    component = models.CharField(_("component"), max_length=32)
    language = models.CharField(_("language"), max_length=16, choices=Language)
    sealed_key = models.BinaryField(_("sealed key"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("issued by")
    )
    issued_at = models.DateTimeField(_("issued"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("collector script")
        verbose_name_plural = _("collector scripts")
        ordering = ["-issued_at"]

    def __str__(self) -> str:
        return f"{self.component} until {self.expires_at:%Y-%m-%d %H:%M}"

    def hold(self, key: bytes) -> None:
        """Seal the signing key into this row (unsaved)."""
        self.sealed_key = seal(key.hex())

    def key(self) -> bytes:
        """The key that the script signs with: for the check of a document, never for a page, a log or an answer."""
        return bytes.fromhex(unseal(bytes(self.sealed_key)))

    @property
    def expired(self) -> bool:
        return self.expires_at <= timezone.now()


class HostFacts(models.Model):
    """One document of one machine, as it was received. Later documents are rows of their own."""

    class Way(models.TextChoices):
        WINRM = "winrm", _("WinRM")
        SSH = "ssh", _("SSH")
        UPLOAD = "upload", _("Upload")

    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="host_facts", verbose_name=_("deployment")
    )
    component = models.CharField(_("component"), max_length=32)
    issue = models.ForeignKey(
        CollectorIssue, models.CASCADE, related_name="received", verbose_name=_("collector script")
    )
    way = models.CharField(_("way"), max_length=16, choices=Way)
    host_name = models.CharField(_("host name"), max_length=255)
    machine_id = models.CharField(_("machine id"), max_length=255, blank=True)
    collected_at = models.DateTimeField(_("collected"))
    # {key: {"value": ...} or {"reason": Text}}
    facts = models.JSONField(_("facts"))
    # SHA-256 of the document, by which it is known again.
    digest = models.CharField(_("digest"), max_length=64)
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("received by")
    )
    received_at = models.DateTimeField(_("received"), auto_now_add=True)

    class Meta:
        verbose_name = _("host facts")
        verbose_name_plural = _("host facts")
        ordering = ["-collected_at", "-id"]
        indexes = [models.Index(fields=["deployment", "component", "-collected_at"])]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "digest"], name="a_document_is_received_once")
        ]

    def __str__(self) -> str:
        return f"{self.host_name} {self.collected_at:%Y-%m-%d %H:%M}"
