"""Whether this process lives, and whether the parts behind it answer; for load balancers and monitors."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from wizard.services import readiness


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    parts = readiness.parts()
    good = all(part.up for part in parts)
    body = {
        "status": "ok" if good else "down",
        "parts": {part.name: {"up": part.up, "detail": str(part.detail)} for part in parts},
    }
    return JsonResponse(body, status=200 if good else 503)
