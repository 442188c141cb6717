"""Numbers for Prometheus: for programs with a token of somebody who may look, and for addresses that the settings name."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from wizard.services import metrics
from wizard.web.middleware import client_address
from wizard.web.onlooker import onlooker
from wizard.web.views.crash import RETRY_AFTER_S

log = structlog.get_logger(__name__)

_PLAIN: Final = "text/plain; charset=utf-8"


@never_cache
@require_safe
def exposed(request: HttpRequest) -> HttpResponse:
    """Not for a cookie: a page of somebody else that includes this address would make the server work."""
    try:
        if not _from_allowed_address(request) and onlooker(request, cookie=False) is None:
            return HttpResponse(
                "Send an API token of this installation as a Bearer token, or have METRICS_ALLOW name your address.\n",
                status=401,
                content_type=_PLAIN,
                headers={"WWW-Authenticate": 'Bearer realm="Foothold"'},
            )
        return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE)
    except DatabaseError as error:
        # A good token is no wrong one because nobody can look it up.
        log.error("metrics.database_down", error=type(error).__name__)
        return HttpResponse(
            "The database does not answer; /readyz tells more.\n",
            status=503,
            content_type=_PLAIN,
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )


def _from_allowed_address(request: HttpRequest) -> bool:
    if not settings.PROXY_DEPTH and not {"X-Forwarded-For", "Forwarded"}.isdisjoint(request.headers):
        # A proxy that the settings do not know: everybody comes from its address.
        return False
    found = client_address(request)
    return found is not None and any(ip_address(found) in network for network in settings.METRICS_ALLOW)
