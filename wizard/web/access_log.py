"""One line for each request: what was asked for by its route, how it ended, how long it took, by whom."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]
# Monitors ask for these all day long.
_QUIET: Final = frozenset({"healthz", "readyz", "metrics"})


class AccessLogMiddleware:
    """Names the route, never path or query: a path may hold a token that signs in once, and a query a search for anything."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        since = time.monotonic()
        response = self.get_response(request)
        match = request.resolver_match
        status = response.status_code
        if match is not None and match.url_name in _QUIET and status < 400:
            tell = log.debug
        else:
            tell = log.warning if status >= 500 else log.info
        tell(
            "web.request",
            method=request.method if request.method in _METHODS else "other",
            route=f"/{match.route}" if match is not None else "",
            view=match.view_name if match is not None else "",
            status=status,
            ms=round(1000 * (time.monotonic() - since), 1),
            user=_person(request),
        )
        return response


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _person(request: HttpRequest) -> str:
    """The id of who is signed in, by cookie or by token. Whoever was not asked for yet is not looked up for this."""
    token_owner = getattr(getattr(request, "auth", None), "user_id", None)
    if token_owner is not None:
        return str(token_owner)
    signed_in = request.__dict__.get("_cached_user")
    return str(signed_in.pk) if signed_in is not None and signed_in.pk is not None else ""
