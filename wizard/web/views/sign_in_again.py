"""“Confirm that it is you”: one more proof by who is signed in, before what matters most is shown or changed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.core.validators import MaxLengthValidator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from wizard.services import identities, sessions
from wizard.services.password_rules import LONGEST_PASSWORD
from wizard.web import second_step, throttle
from wizard.web.entering import MAY_SET_PASSWORD
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
        throttle.right(self.request, name)
        return password


@sensitive_post_parameters()
@page
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: SignedInRequest) -> HttpResponse:
    back = safe_next(request)
    if request.method != "POST" and is_fresh(request):
        return HttpResponseRedirect(back)
    by_password = "password" in request.POST
    person = request.user
    shut = None
    if request.method == "POST":
        # Looking is free: where one way is closed the others are shown, and work.
        shut = (
            throttle.closed(request, person.get_username())
            if by_password
            else second_step.closed(request, person)
        )
    if shut:
        return shut
    has_password = person.has_usable_password()
    form = PasswordForm(request.POST if by_password else None, request=request)
    step = second_step.SecondStep(request, person, autofocus=not has_password)
    if form.is_valid() if by_password else step.proved():
        sessions.prove(request.session, timezone.now())
        request.session.cycle_key()
        return HttpResponseRedirect(back)
    context = {
        "form": form if by_password else step.form,
        "password_form": form if has_password else None,
        "step": step if step.kinds else None,
        "provider": settings.OIDC_NAME if settings.OIDC_ISSUER and identities.is_linked(person) else "",
        "may_set_password": request.session.get(MAY_SET_PASSWORD, False),
        "next": back,
        "minutes": sessions.FRESH_MINUTES,
    }
    wrong = form.errors or step.form.errors
    return render(request, "registration/sign_in_again.html", context, status=422 if wrong else 200)
