"""Who is about to see or change what matters most proves once more who they are, when the last proof is old."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from wizard.services import sessions
from wizard.web.guard import SignedInRequest
from wizard.web.way_back import page_of

P = ParamSpec("P")
View = Callable[Concatenate[SignedInRequest, P], HttpResponseBase]


def is_fresh(request: HttpRequest, *, minutes: int = sessions.FRESH_MINUTES) -> bool:
    return sessions.recently_proved(request.session, timezone.now(), minutes=minutes)


def freshly_signed_in(*, minutes: int = sessions.FRESH_MINUTES) -> Callable[[View[P]], View[P]]:
    """Stands below `@page`. Lets a request through when the last proof is at most `minutes` old.

    Otherwise a GET goes to "Confirm it is you" and comes back to the same address; a POST changes nothing, goes there
    too, and comes back to the page that it was sent from, with a message to press the button again.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if is_fresh(request, minutes=minutes):
                return view(request, *args, **kwargs)
            return confirm_first(request)

        return guarded

    return decorate


def confirm_first(request: HttpRequest) -> HttpResponse:
    """The way to "Confirm it is you", and from there back to where the request came from."""
    if request.method in ("GET", "HEAD"):
        return redirect(confirm_url(request.get_full_path()))
    messages.warning(
        request, gettext("Nothing was done yet. Confirm that it is you; then press the button again.")
    )
    return redirect(confirm_url(page_of(request) or resolve_url(settings.LOGIN_REDIRECT_URL)))


def confirm_url(back: str) -> str:
    return f"{reverse('sign_in_again')}?{urlencode({'next': back})}"


def safe_next(request: HttpRequest) -> str:
    """Where the person wanted to go: an address of this site, else the front page."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)
