"""Opening a stored secret: where it cannot be read, the work that needs it is refused, and it is said which one it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wizard.models.sealing import SecretLost
from wizard.services.errors import Conflict
from wizard.text import Text, _


@contextmanager
def opening(what: Text | str) -> Iterator[None]:
    """Raises Conflict `secret_unreadable` where what is opened inside cannot be; `what` names it."""
    try:
        yield
    except SecretLost:
        raise Conflict(
            Text(
                _(
                    "What is stored as “%(what)s” cannot be read: none of CREDENTIAL_KEYS is the key that it was sealed with."
                ),
                what=what,
            ),
            remedy=Text(_("Put that key back, or enter the secret again.")),
            code="secret_unreadable",
        ) from None


def damaged(what: Text | str, *, remedy: Text) -> Conflict:
    """`secret_unreadable` for what a key opened, and what is not what was sealed there; `what` names it.

    Says nothing of its content: even damaged it may hold a part of the secret.
    """
    return Conflict(
        Text(
            _("What is stored as “%(what)s” cannot be read: a key opens it, but its content is damaged."),
            what=what,
        ),
        remedy=remedy,
        code="secret_unreadable",
    )
