"""“Confirm it is you”: one more proof by who is signed in, before what matters most is shown or changed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.core.validators import MaxLengthValidator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from wizard.services import sessions
from wizard.services.password_rules import LONGEST_PASSWORD
from wizard.web import throttle
from wizard.web.guard import SignedInRequest, page
from wizard.web.reauthentication import is_fresh, safe_next


class PasswordForm(forms.Form):
    use_required_attribute = False
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        validators=[MaxLengthValidator(LONGEST_PASSWORD)],
        widget=forms.PasswordInput({"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, *args: Any, request: SignedInRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        name = self.request.user.get_username()
        # By the same door as at the sign-in, so that wrong ones are counted together.
        if authenticate(self.request, username=name, password=password) != self.request.user:
            raise forms.ValidationError(gettext("This is not your password."), code="wrong_password")
        return password


@sensitive_post_parameters()
@page
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: SignedInRequest) -> HttpResponse:
    back = safe_next(request)
    posted = request.method == "POST"
    if not posted and is_fresh(request):
        return HttpResponseRedirect(back)
    shut = throttle.closed(request, request.user.get_username())
    if shut:
        return shut
    form = PasswordForm(request.POST if posted else None, request=request)
    if posted and form.is_valid():
        throttle.right(request, request.user.get_username())
        sessions.prove(request.session, timezone.now())
        request.session.cycle_key()
        return HttpResponseRedirect(back)
    context = {"form": form, "next": back, "has_password": request.user.has_usable_password()}
    return render(request, "registration/sign_in_again.html", context, status=422 if form.errors else 200)
