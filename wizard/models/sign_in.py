"""How often in a row an account's password was refused: counted for all who share it, as the far end counts, too."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SignInAccount(models.Model):
    """One user at one vCenter, whatever credentials, deployments and workers have to do with it."""

    host = models.CharField(_("address"), max_length=255)
    port = models.PositiveIntegerField(_("port"))
    username = models.CharField(_("user name"), max_length=255)
    failed_in_a_row = models.PositiveSmallIntegerField(_("refused in a row"), default=0)
    last_failed_at = models.DateTimeField(_("last refused"), null=True, blank=True)
    # Whoever is signing in at this moment; the time passes where that worker has died.
    turn = models.UUIDField(_("turn"), null=True, blank=True, editable=False)
    turn_until = models.DateTimeField(_("turn ends"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("account at vCenter")
        verbose_name_plural = _("accounts at vCenter")
        ordering = ["host", "port", "username"]
        constraints = [
            models.UniqueConstraint(fields=["host", "port", "username"], name="one_count_per_account"),
            models.CheckConstraint(
                condition=models.Q(turn__isnull=True, turn_until__isnull=True)
                | models.Q(turn__isnull=False, turn_until__isnull=False),
                name="a_turn_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.username} @ {self.host}:{self.port}"
