"""Where one is signed in, and the buttons that end it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from wizard.services import open_sessions
from wizard.services.errors import NotFound
from wizard.web.browsers import browser_of
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import say
from wizard.web.session_limits import limits


@page
@require_http_methods(["GET", "HEAD"])
def listing(request: SignedInRequest) -> HttpResponse:
    found = open_sessions.open_sessions(request.user, key=request.session.session_key, limits=limits())
    context = {
        "rows": [(one, browser_of(one.agent)) for one in found],
        "others": any(not one.this for one in found),
        "limits": limits(),
    }
    return render(request, "web/sessions.html", context)


@page
@require_POST
def end(request: SignedInRequest, session_id: str) -> HttpResponse:
    try:
        open_sessions.end(request.user, session_id)
    except NotFound as error:
        say(request, error)
    else:
        messages.success(request, gettext("The session is ended."))
    return redirect("sessions")


@page
@require_POST
def end_others(request: SignedInRequest) -> HttpResponse:
    count = open_sessions.end_others(request.user, key=request.session.session_key)
    messages.success(
        request,
        ngettext("%(count)d other session is ended.", "%(count)d other sessions are ended.", count)
        % {"count": count},
    )
    return redirect("sessions")
