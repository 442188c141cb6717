"""A person's second factors: an authenticator app, passkeys, recovery codes. Each change wants a fresh proof first."""

from __future__ import annotations

import base64
from io import BytesIO
from typing import Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from wizard.models.sealing import position_of_key, seal, unseal
from wizard.services import second_factors, sessions
from wizard.services.errors import Conflict, Invalid
from wizard.web import passkeys
from wizard.web.entering import SECOND_FACTOR_MISSING
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import say
from wizard.web.reauthentication import freshly_signed_in

# The secret of an app that is being set up, sealed: the table of sessions is no place for it in the clear.
_NEW_SECRET: Final = "new_app_secret"  # noqa: S105 - the name of a session entry


class AppForm(forms.Form):
    use_required_attribute = False
    code = forms.CharField(
        label=_("Code"),
        help_text=_("The six digits that the app shows now."),
        max_length=20,
        widget=forms.TextInput(
            {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
        ),
    )


class PasskeyForm(forms.Form):
    use_required_attribute = False
    name = forms.CharField(
        label=_("Name"),
        help_text=_("How you tell this passkey from others, such as Laptop or Blue key."),
        max_length=second_factors.LONGEST_NAME,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    credential = forms.JSONField(
        label=_("Passkey"),
        widget=forms.HiddenInput,
        error_messages={
            "required": _("The browser gave no passkey. Press the button and follow its questions.")
        },
    )


@page
@require_http_methods(["GET", "HEAD"])
def overview(request: SignedInRequest) -> HttpResponse:
    context = {
        "factors": second_factors.factors_of(request.user),
        "wanted": request.session.get(SECOND_FACTOR_MISSING, False),
        "required": second_factors.must_have(request.user),
    }
    return render(request, "web/second_factors.html", context)


@sensitive_post_parameters()
@page
@require_http_methods(["GET", "HEAD", "POST"])
@freshly_signed_in()
def add_app(request: SignedInRequest) -> HttpResponse:
    kept = request.session.get(_NEW_SECRET)
    if kept and position_of_key(kept.encode()) is None:
        # Keys were rotated meanwhile: it begins anew.
        kept = None
    secret = unseal(kept.encode()) if kept else second_factors.new_app_secret()
    if not kept:
        request.session[_NEW_SECRET] = seal(secret).decode()
    form = AppForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            second_factors.add_app(request.user, secret, "".join(form.cleaned_data["code"].split()))
        except Invalid as error:
            form.add_error("code", str(error.errors[0].message))
        except Conflict as error:
            say(request, error)
            return redirect("second_factors")
        else:
            del request.session[_NEW_SECRET]
            return _added(
                request, gettext("From now on you are asked for a code of your app when you sign in.")
            )
    context = {
        "form": form,
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "picture": _qr_code(second_factors.app_address(request.user, secret)),
    }
    return render(request, "web/second_factor_app.html", context, status=422 if form.errors else 200)


@page
@require_POST
@freshly_signed_in()
def remove_app(request: SignedInRequest) -> HttpResponse:
    second_factors.remove_app(request.user)
    return _removed(request, gettext("The authenticator app is removed."))


@page
@require_http_methods(["GET", "HEAD", "POST"])
@freshly_signed_in()
def add_passkey(request: SignedInRequest) -> HttpResponse:
    form = PasskeyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if passkeys.register(request.user, form.cleaned_data["name"], form.cleaned_data["credential"]):
            return _added(
                request, gettext("From now on you are asked for a passkey or a code when you sign in.")
            )
        form.add_error(None, gettext("The passkey was not accepted. Press the button again."))
    context = {
        "form": form,
        "creation_options": passkeys.begin_registration(request.user),
        "address": settings.PUBLIC_URL,
    }
    return render(request, "web/second_factor_key.html", context, status=422 if form.errors else 200)


@page
@require_POST
@freshly_signed_in()
def remove_passkey(request: SignedInRequest, key_id: int) -> HttpResponse:
    second_factors.remove(request.user, key_id)
    return _removed(request, gettext("The passkey is removed."))


@page
@require_http_methods(["GET", "HEAD", "POST"])
@freshly_signed_in()
def recovery_codes(request: SignedInRequest) -> HttpResponse:
    if request.method == "POST":
        second_factors.renew_recovery_codes(request.user)
        return redirect("recovery_codes")
    codes = second_factors.recovery_codes(request.user)
    return render(request, "web/recovery_codes.html", {"codes": codes})


def _added(request: SignedInRequest, text: str) -> HttpResponse:
    request.session.pop(SECOND_FACTOR_MISSING, None)
    # Another right to come in is another session.
    request.session.cycle_key()
    sessions.prove(request.session, timezone.now())
    messages.success(request, text)
    shown = second_factors.factors_of(request.user).recovery_to_show
    return redirect("recovery_codes" if shown else "second_factors")


def _removed(request: SignedInRequest, text: str) -> HttpResponse:
    if second_factors.must_have(request.user) and not second_factors.kinds_of(request.user):
        request.session[SECOND_FACTOR_MISSING] = True
    messages.success(request, text)
    return redirect("second_factors")


def _qr_code(text: str) -> str:
    """An SVG as a data: address; on white of its own, as cameras want it in the dark, too."""
    import qrcode
    from qrcode.image.svg import SvgPathFillImage

    buffer = BytesIO()
    qrcode.make(text, image_factory=SvgPathFillImage, box_size=12).save(buffer)
    return f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}"
