"""The one decorator of every page: who is not signed in is sent to the sign-in, refusals become pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django_htmx.middleware import HtmxDetails

from wizard.models import Operator
from wizard.services.errors import UserError
from wizard.services.permissions import require
from wizard.web.problems import problem_page
from wizard.web.way_back import NOT_SAVED, page_of

P = ParamSpec("P")


class SignedInRequest(HttpRequest):
    """A request of somebody who is known."""

    # The decorator let nobody else in, and the middleware of django-htmx told what it knows.
    user: Operator
    htmx: HtmxDetails


def page(
    view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let only people in who may look; what changes something asks for more in its service."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_the_sign_in(request)
        _refuse_nul(request)
        try:
            require(request.user, "product.use")
            response = view(cast(SignedInRequest, request), *args, **kwargs)
        except UserError as error:
            response = problem_page(request, error)
        # Pages are personal, and the same address may answer with a fragment.
        add_never_cache_headers(response)
        patch_vary_headers(response, ["HX-Request"])
        return response

    return guarded


def _to_the_sign_in(request: HttpRequest) -> HttpResponseRedirect:
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path())
    # What takes forms alone answers nobody who comes back from the sign-in.
    there = redirect_to_login(page_of(request) or request.get_full_path())
    return HttpResponseRedirect(f"{there.url}&{NOT_SAVED}")


def _refuse_nul(request: HttpRequest) -> None:
    # Nobody types it, and PostgreSQL takes it in no text.
    for form in (request.GET, request.POST):
        for name, values in form.lists():
            if any("\0" in text for text in (name, *values)):
                raise BadRequest("U+0000 in a request")
