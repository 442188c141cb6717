"""A person's own page: time zone, language, password, and the tokens of their programs."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.core.validators import MaxLengthValidator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from wizard.models import ApiToken
from wizard.services import accounts, identities, preferences, sessions
from wizard.services.errors import Conflict, Invalid
from wizard.services.password_rules import LONGEST_PASSWORD
from wizard.web import throttle
from wizard.web.entering import MAY_SET_PASSWORD
from wizard.web.forms import Option, Shown, ShownForm
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem
from wizard.web.reauthentication import confirm_first, confirm_url, is_fresh


class TokenForm(forms.Form):
    """A new token; its limits are those of the model."""

    use_required_attribute = False
    name = forms.CharField(
        label=_("Name"),
        help_text=_("What will use it, such as nightly-report."),
        max_length=ApiToken._meta.get_field("name").max_length,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(label=_("It may"), choices=ApiToken.Scope, widget=forms.RadioSelect)
    expires_days = forms.IntegerField(
        label=_("Ends after"),
        initial=90,
        min_value=1,
        max_value=366,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
    )


@page
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: SignedInRequest) -> HttpResponse:
    problem = None
    zone = request.user.time_zone
    if request.method == "POST":
        zone = request.POST.get("time_zone", "")
        try:
            preferences.choose_time_zone(request.user, zone)
        except Invalid as error:
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("Your time zone is saved."))
            return redirect("account")
    zones = [Option(value=name, label=name) for name in preferences.time_zones()]
    question = Shown(
        label=gettext("Time zone"),
        help_text=gettext("In which times are shown to you."),
        required=False,
        widget=forms.Select(),
        options=zones,
    )
    form = ShownForm({"time_zone": question}, {"time_zone": zone}, problem.fields if problem else ())
    return render(
        request,
        "web/account.html",
        {
            "form": form,
            "now": timezone.now(),
            "provider": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
            "linked": bool(settings.OIDC_ISSUER) and identities.is_linked(request.user),
        },
        status=problem.status if problem else 200,
    )


@sensitive_post_parameters()
@page
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: SignedInRequest) -> HttpResponse:
    shut = throttle.closed(request, request.user.get_username())
    if shut:
        return shut
    form = PasswordChangeForm(request.user, request.POST or None)
    form.fields["old_password"].validators.append(MaxLengthValidator(LONGEST_PASSWORD))
    if request.method == "POST" and form.is_valid():
        throttle.right(request, request.user.get_username())
        return _keep_password(request, form.cleaned_data["new_password1"])
    if form.has_error("old_password", "password_incorrect"):
        throttle.wrong(request, request.user.get_username())
    return render(
        request, "registration/password_change_form.html", {"form": form}, status=422 if form.errors else 200
    )


@sensitive_post_parameters()
@page
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: SignedInRequest) -> HttpResponse:
    """Without the old password, which is only for who just came through a one-time link."""
    if not request.session.get(MAY_SET_PASSWORD):
        return redirect("password_change")
    form = SetPasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _keep_password(request, form.cleaned_data["new_password1"])
    return render(
        request, "registration/set_password.html", {"form": form}, status=422 if form.errors else 200
    )


@page
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: SignedInRequest) -> HttpResponse:
    form = TokenForm(
        request.POST if request.method == "POST" else None, initial={"scope": ApiToken.Scope.READ}
    )
    made, text, status = None, "", 200
    fresh = is_fresh(request)
    if request.method == "POST" and not fresh:
        return confirm_first(request)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made, text = accounts.create_token(user=request.user, actor=request.user, **form.cleaned_data)
            except Conflict as error:
                form.add_error("name", f"{error.text} {error.remedy}")
            else:
                # Shown in the answer itself, not after a redirect: the text must not be kept anywhere.
                form, status = TokenForm(initial={"scope": ApiToken.Scope.READ}), 201
    context = {
        "form": form,
        "tokens": request.user.api_tokens.all(),
        "made": made,
        "text": text,
        "now": timezone.now(),
        "confirm_url": "" if fresh else confirm_url(request.path),
    }
    return render(request, "web/tokens.html", context, status=status)


@page
@require_POST
def revoke_token(request: SignedInRequest, pk: UUID) -> HttpResponse:
    token = get_object_or_404(request.user.api_tokens, pk=pk)
    accounts.revoke_token(token=token, actor=request.user)
    messages.success(request, gettext("The token “%(name)s” is revoked.") % {"name": token.name})
    return redirect("tokens")


def _keep_password(request: SignedInRequest, password: str) -> HttpResponse:
    preferences.change_password(request.user, password)
    request.session.pop(MAY_SET_PASSWORD, None)
    # The other sessions of this person end; this one goes on.
    update_session_auth_hash(request, request.user)
    sessions.prove(request.session, timezone.now())
    return render(request, "registration/password_change_done.html")
