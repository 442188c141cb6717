"""Signing in with a password or a one-time link, and out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from wizard.services import accounts
from wizard.services.errors import NotFound


class SignInForm(AuthenticationForm):
    """Django's own, in the words of the other pages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = gettext("User name")


sign_in = LoginView.as_view(redirect_authenticated_user=True, authentication_form=SignInForm)
sign_out = LogoutView.as_view()

# Set while the person who came through a link may choose a password without knowing the old one.
MAY_SET_PASSWORD = "may_set_password"  # noqa: S105 - the name of a session entry


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def once(request: HttpRequest, token: str) -> HttpResponse:
    """Looking at the link does not use it up: mail scanners and previews look at every link."""
    if request.method != "POST":
        good = accounts.sign_in_link_is_good(token)
        return render(request, "registration/once.html", {"valid": good}, status=200 if good else 410)
    try:
        user = accounts.use_sign_in_link(token)
    except NotFound:
        return render(request, "registration/once.html", {"valid": False}, status=410)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session[MAY_SET_PASSWORD] = True
    return redirect("set_password")
