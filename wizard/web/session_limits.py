"""Sessions that end: by themselves after a while, and at once when a person's password or rights changed elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from wizard.services import open_sessions, sessions
from wizard.web.middleware import client_address

# Why the last session ended, until the next sign-in; what the sign-in page says of it.
WHY: Final = "why_sign_in"
# What a page asks by itself, over and over, carries this header (hx-headers); nobody needs to be there for that.
POLL_HEADER: Final = "X-Poll"
# Monitors ask for these to learn whether the database is well: nothing of a session is written for them.
_PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class SessionLimitsMiddleware:
    """Stands behind the middleware of sessions and of people."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in _PROBES:
            if not _goes_on(request):
                request.user = AnonymousUser()
        elif SESSION_KEY in request.session:
            self._judge(request)
        return self.get_response(request)

    def _judge(self, request: HttpRequest) -> None:
        now = timezone.now()
        why = sessions.ended(request.session, now, limits())
        if why is None and request.user.is_authenticated:
            if POLL_HEADER not in request.headers:
                sessions.touch(request.session, now, limits())
            return
        logout(request)
        request.session[WHY] = why or "changed"


def _goes_on(request: HttpRequest) -> bool:
    """Whether somebody is signed in there; a database that cannot say so is for the probe to tell of."""
    try:
        signed_in = SESSION_KEY in request.session and request.user.is_authenticated
        return signed_in and sessions.ended(request.session, timezone.now(), limits()) is None
    except DatabaseError:
        return False


def limits() -> sessions.Limits:
    return sessions.Limits(
        idle=timedelta(minutes=settings.SESSION_IDLE_MINUTES),
        absolute=timedelta(hours=settings.SESSION_HOURS),
    )


def mark_sign_in(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Receives Django's signal of a sign-in, by whatever way."""
    now = timezone.now()
    request.session.pop(WHY, None)
    sessions.begin(
        request.session,
        now,
        address=client_address(request) or "",
        agent=request.META.get("HTTP_USER_AGENT", ""),
    )
    open_sessions.forget_old()
