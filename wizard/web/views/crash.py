"""What somebody sees when a page crashed: nothing of the inside but the id under which the log tells of it."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token

from wizard.services import tracing

# As for programs; a database that others hold is free again after some seconds.
RETRY_AFTER_S = 10


@requires_csrf_token
def crashed(request: HttpRequest) -> HttpResponse:
    # Without the request, so that no context processor asks for what may be what failed.
    away = isinstance(sys.exception(), OperationalError | InterfaceError)
    page = loader.render_to_string("500.html", {"request_id": tracing.current(), "database_away": away})
    if away:
        return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
    return HttpResponse(page, status=500)
