"""What is handed over when a deployment is done: one signed archive, and the key of this installation that signs it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wizard.models.deployment import Deployment
from wizard.models.sealing import seal, unseal


class SigningKey(models.Model):
    """The Ed25519 key pair of this installation; there is one."""

    # Both as 64 hexadecimal digits: the raw 32 bytes.
    sealed = models.BinaryField(_("sealed private key"))
    public_key = models.CharField(_("public key"), max_length=64)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    only = models.BooleanField(default=True, editable=False, unique=True)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        constraints = [models.CheckConstraint(condition=Q(only=True), name="there_is_one_signing_key")]

    def __str__(self) -> str:
        return self.public_key[:16]

    def hold(self, private_key: bytes) -> None:
        """Seal the raw private key into this row (unsaved)."""
        self.sealed = seal(private_key.hex())

    def private_key(self) -> bytes:
        """The raw private key: to sign with, never for a page, a log or an answer."""
        return bytes.fromhex(unseal(bytes(self.sealed)))


class HandOverPack(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deployment = models.ForeignKey(
        Deployment, models.CASCADE, related_name="packs", verbose_name=_("deployment")
    )
    file_name = models.CharField(_("file"), max_length=255)
    # In the database, as web servers and workers need not share a disk; some hundred kilobytes.
    content = models.BinaryField(_("content"))
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    # Of the manifest inside, 128 hexadecimal digits.
    signature = models.CharField(_("signature"), max_length=128)
    public_key = models.CharField(_("public key"), max_length=64)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    made_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        verbose_name = _("hand-over pack")
        verbose_name_plural = _("hand-over packs")
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return self.file_name
