"""The way in, whatever the first step was: a password, a one-time link or a provider. Then the second step, where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone

from wizard.models import Operator
from wizard.services import second_factors, sessions

By = Literal["password", "link", "provider"]

# Set while the person who came through a link may choose a password without knowing the old one.
MAY_SET_PASSWORD: Final = "may_set_password"  # noqa: S105 - the name of a session entry
# Set while the person must set up a second factor before anything else.
SECOND_FACTOR_MISSING: Final = "second_factor_missing"

_PENDING: Final = "second_step"
_PATIENCE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Somebody who did the first step and owes the second. `back` is where they wanted to go."""

    person: Operator
    back: str
    by: By


def enter(
    request: HttpRequest, person: Operator, *, back: str, by: By, proved: datetime | None = None
) -> HttpResponse:
    """The first step is done: in, or on to the second step. `proved` is when it was, where that is not now."""
    if not second_factors.kinds_of(person):
        response = admit(request, Pending(person=person, back=back, by=by))
        if proved is not None:
            # Here nobody was asked for anything, so that coming in once more must not make an old proof a fresh one.
            sessions.prove(request.session, proved)
        return response
    # Whoever knows the key of this session from before must not get half a sign-in with it.
    request.session.cycle_key()
    request.session[_PENDING] = {
        "person": person.pk,
        "hash": person.get_session_auth_hash(),
        "back": back,
        "by": by,
        "at": timezone.now().timestamp(),
    }
    return redirect("sign_in_code")


def pending(request: HttpRequest) -> Pending | None:
    """Who owes the second step in this session; nobody after a while, or when their password or rights changed meanwhile."""
    kept = request.session.get(_PENDING)
    if not kept or timezone.now().timestamp() - kept["at"] > _PATIENCE.total_seconds():
        return None
    person = Operator.objects.filter(pk=kept["person"], is_active=True).first()
    if person is None or person.get_session_auth_hash() != kept["hash"]:
        return None
    return Pending(person=person, back=kept["back"], by=kept["by"])


def admit(request: HttpRequest, who: Pending) -> HttpResponse:
    """All steps are done. The key of the session changes here."""
    request.session.pop(_PENDING, None)
    # Of the sign-in before, where the same person comes in once more by another way.
    request.session.pop(SECOND_FACTOR_MISSING, None)
    login(request, who.person, backend="django.contrib.auth.backends.ModelBackend")
    # A provider has second steps of its own.
    wanted = who.by != "provider" and second_factors.must_have(who.person)
    if wanted and not second_factors.kinds_of(who.person):
        request.session[SECOND_FACTOR_MISSING] = True
    if who.by == "link":
        request.session[MAY_SET_PASSWORD] = True
        return redirect("set_password")
    return redirect(who.back or resolve_url(settings.LOGIN_REDIRECT_URL))
