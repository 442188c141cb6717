"""Who may see how this installation is doing: whoever is signed in, by cookie or with a token, and may look around."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest

from wizard.models import Operator
from wizard.services import accounts
from wizard.services.permissions import may


def onlooker(request: HttpRequest, *, cookie: bool = True) -> Operator | None:
    """The person behind the request, if they may look around. Raises DatabaseError where nobody can tell who it is."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        row = accounts.token_bearer(token.strip())
        person: object = row.user if row is not None else None
    else:
        person = request.user if cookie else None
    return person if isinstance(person, Operator) and may(person, "product.use") else None


def may_look(request: HttpRequest) -> bool:
    """Nobody, where the database cannot say who it is: whoever asks is told of that itself."""
    try:
        return onlooker(request) is not None
    except DatabaseError:
        return False
