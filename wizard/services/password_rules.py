"""What a password must be, beyond Django's own rules."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext

# Hashing costs time for each character, and nobody types more; a sentence of forty words fits.
LONGEST_PASSWORD: Final = 256


class MaximumLengthValidator:
    """Refuses what would only keep the server busy."""

    def __init__(self, max_length: int = LONGEST_PASSWORD) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > self.max_length:
            raise ValidationError(
                ngettext(
                    "This password is too long: it may have at most %(longest)d character.",
                    "This password is too long: it may have at most %(longest)d characters.",
                    self.max_length,
                ),
                code="password_too_long",
                params={"longest": self.max_length},
            )

    def get_help_text(self) -> str:
        return gettext("Your password may have at most %(longest)d characters.") % {
            "longest": self.max_length
        }
