"""Who must have a second factor and has none sets one up before anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from wizard.web.entering import SECOND_FACTOR_MISSING

# What is needed to set one up, or to leave.
_OPEN: Final = frozenset(
    {
        "second_factors",
        "add_app",
        "add_passkey",
        "recovery_codes",
        "sign_in_again",
        "oidc_start",
        "oidc_return",
        "set_password",
        "password_change",
        "sign_out",
        "set_language",
        "healthz",
        "readyz",
        # For a token, which is asked for no second factor.
        "metrics",
    }
)


class SecondFactorMiddleware:
    """Stands behind the middleware that ends sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is not None and match.view_name in _OPEN:
            # Not even its session is looked at: a probe must answer while the database does not.
            return None
        return redirect("second_factors") if request.session.get(SECOND_FACTOR_MISSING) else None
