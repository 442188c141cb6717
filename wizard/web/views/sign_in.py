"""Signing in with a password or a one-time link, the second step, and out."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from wizard.services import accounts
from wizard.services.errors import NotFound
from wizard.services.password_rules import LONGEST_PASSWORD
from wizard.web import entering, second_step, throttle
from wizard.web.session_limits import WHY
from wizard.web.way_back import said_not_saved

_ENDED: Final = {
    "idle": _(
        "You were signed out because nothing happened here for a while. Nothing that was saved is lost."
    ),
    "too_old": _("You were signed out because you had been signed in for a long time."),
    "changed": _(
        "You were signed out because your password or your rights changed, or this session was ended."
    ),
}


class SignInForm(AuthenticationForm):
    """Django's own, in the words of the other pages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = gettext("User name")
        self.fields["password"].validators.append(MaxLengthValidator(LONGEST_PASSWORD))


class SignIn(LoginView):
    redirect_authenticated_user = True
    authentication_form = SignInForm

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        return entering.enter(self.request, form.get_user(), back=self.get_success_url(), by="password")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        why = _ENDED.get(self.request.session.get(WHY, ""), "")
        provider = settings.OIDC_NAME if settings.OIDC_ISSUER else ""
        lost = said_not_saved(self.request.META.get("QUERY_STRING", ""))
        return super().get_context_data(why=why, provider=provider, lost=lost, **kwargs)


sign_in = SignIn.as_view()
sign_out = LogoutView.as_view()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def once(request: HttpRequest, token: str) -> HttpResponse:
    """Looking at the link does not use it up: mail scanners and previews look at every link."""
    shut = throttle.closed(request, throttle.ONE_TIME_LINK)
    if shut:
        return shut
    if request.method != "POST":
        if accounts.sign_in_link_is_good(token):
            return render(request, "registration/once.html", {"valid": True})
        return _bad_link(request)
    try:
        user = accounts.use_sign_in_link(token)
    except NotFound:
        return _bad_link(request)
    return entering.enter(request, user, back="", by="link")


def _bad_link(request: HttpRequest) -> HttpResponse:
    throttle.wrong(request, throttle.ONE_TIME_LINK)
    return render(request, "registration/once.html", {"valid": False}, status=410)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The second step: a code, a recovery code or a passkey."""
    who = entering.pending(request)
    if who is None:
        return redirect("sign_in")
    shut = second_step.closed(request, who.person)
    if shut:
        return shut
    step = second_step.SecondStep(request, who.person)
    if step.proved():
        return entering.admit(request, who)
    return render(
        request,
        "registration/sign_in_code.html",
        {"step": step, "form": step.form, "person": who.person},
        status=422 if step.form.errors else 200,
    )
