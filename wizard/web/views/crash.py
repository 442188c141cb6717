"""What somebody sees when a page crashed: nothing of the inside but the id under which the log tells of it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token

from wizard.services import tracing


@requires_csrf_token
def crashed(request: HttpRequest) -> HttpResponse:
    # Without the request, so that no context processor asks for what may be what failed.
    page = loader.render_to_string("500.html", {"request_id": tracing.current()})
    return HttpResponseServerError(page)
