"""Whether this process lives, and whether the parts behind it answer; for load balancers, monitors and people."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from wizard.services import readiness
from wizard.web.onlooker import may_look

# Nothing mends itself faster, and whoever asks more often only adds to the load.
RETRY_AFTER_S = 10


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """What anybody is told are the same sentences everywhere; what is particular here, only people who may look around."""
    parts = readiness.parts()
    state = readiness.overall(parts)
    insider = may_look(request)
    body = {
        "status": "ok" if state == "up" else state,
        "parts": {part.name: _shown(part, insider=insider) for part in parts},
    }
    if state == "down":
        return JsonResponse(body, status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
    return JsonResponse(body)


def _shown(part: readiness.Part, *, insider: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "up": part.up,
        "state": part.state,
        "code": part.code,
        "cause": str(part.cause),
        "remedy": str(part.remedy) if part.remedy else "",
    }
    if insider:
        shown["details"] = str(part.details) if part.details else ""
    return shown
