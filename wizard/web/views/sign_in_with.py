"""Signing in by the OpenID Connect provider: there, and back. Also to confirm that it is you, and to connect an account."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from wizard.services import identities, oidc, sessions
from wizard.services.errors import NotAllowed, UserError
from wizard.text import Text, _
from wizard.web import begun_sign_ins, entering
from wizard.web.begun_sign_ins import Begun
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import say
from wizard.web.reauthentication import confirm_first, freshly_signed_in, is_fresh, safe_next

# What for: to sign in, to confirm that it is you, to connect an account of the provider with who is signed in.
_SIGN_IN, _AGAIN, _CONNECT = "sign_in", "again", "connect"
_PURPOSES: Final = frozenset({_SIGN_IN, _AGAIN, _CONNECT})


@never_cache
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """By POST, so that no other site can sign somebody in here as somebody else."""
    _must_be_on()
    purpose = request.POST.get("purpose", _SIGN_IN)
    if purpose not in _PURPOSES:
        # None of those that say how fresh the answer of the provider must be.
        raise BadRequest("unknown purpose")
    if purpose != _SIGN_IN and not request.user.is_authenticated:
        return redirect("sign_in")
    if purpose == _CONNECT and not is_fresh(request):
        return confirm_first(request)
    state = get_random_string(32)
    try:
        question = oidc.ask(state=state, return_url=_return_url(), again=purpose == _AGAIN)
    except oidc.ProviderFailed as error:
        return _refused(request, error)
    # A page and not a redirect: browsers that keep to form-action follow none from a form to another site.
    context = {"url": question.url, "provider": settings.OIDC_NAME}
    response = render(request, "registration/to_provider.html", context)
    begun = Begun(
        state=state,
        purpose=purpose,
        back=safe_next(request),
        nonce=question.nonce,
        verifier=question.verifier,
        person=request.user.pk,
        at=timezone.now().timestamp(),
    )
    begun_sign_ins.remember(request, response, begun)
    return response


@never_cache
@require_GET
def come_back(request: HttpRequest) -> HttpResponse:
    _must_be_on()
    state = request.GET.get("state", "")
    try:
        response = _answered(request, begun_sign_ins.recall(request, state))
    except UserError as error:
        response = _refused(request, error)
    begun_sign_ins.forget(request, response, state)
    return response


def _answered(request: HttpRequest, begun: Begun | None) -> HttpResponse:
    if begun is None:
        raise _of_no_sign_in()
    if "code" not in request.GET:
        raise oidc.ProviderFailed(
            Text(_("%(provider)s did not sign you in."), provider=settings.OIDC_NAME),
            remedy=Text(_("Try once more, or sign in with a password.")),
        )
    claims = oidc.claims_of(
        request.GET["code"],
        return_url=_return_url(),
        nonce=begun.nonce,
        verifier=begun.verifier,
        again=begun.purpose == _AGAIN,
    )
    return _go_on(request, begun, claims)


@page
@require_POST
@freshly_signed_in()
def disconnect(request: SignedInRequest) -> HttpResponse:
    try:
        identities.unlink(request.user)
    except UserError as error:
        say(request, error)
    else:
        messages.success(request, gettext("The account is disconnected."))
    return redirect("account")


def _go_on(request: HttpRequest, begun: Begun, claims: dict[str, Any]) -> HttpResponse:
    if begun.purpose == _SIGN_IN:
        return entering.enter(
            request,
            identities.person_of(claims),
            back=begun.back,
            by="provider",
            proved=oidc.signed_in_at(claims),
        )
    if not request.user.is_authenticated:
        return redirect("sign_in")
    person = request.user
    if person.pk != begun.person:
        # The account of who began it is not to be connected with who is signed in by now.
        raise _of_no_sign_in()
    if begun.purpose == _CONNECT:
        identities.link(person, claims)
        messages.success(request, gettext("The account is connected."))
        return redirect("account")
    if identities.person_of(claims) != person:
        raise NotAllowed(
            Text(_("At %(provider)s you signed in as somebody else."), provider=settings.OIDC_NAME),
            remedy=Text(_("Sign in there with the account that is connected with the one you use here.")),
        )
    sessions.prove(request.session, timezone.now())
    request.session.cycle_key()
    return redirect(begun.back or settings.LOGIN_REDIRECT_URL)


def _of_no_sign_in() -> oidc.ProviderFailed:
    return oidc.ProviderFailed(
        Text(_("This answer belongs to no sign-in that was begun in this browser in the last ten minutes.")),
        remedy=Text(_("Begin again on the sign-in page.")),
    )


def _refused(request: HttpRequest, error: UserError) -> HttpResponse:
    signed_in = request.user.is_authenticated
    # Not this very address: it holds the code of the provider.
    back = reverse("account" if signed_in else "sign_in")
    context = {"problem": error, "signed_in": signed_in, "after_language": back}
    return render(request, "registration/provider_refused.html", context, status=403)


def _return_url() -> str:
    return f"{settings.PUBLIC_URL}{reverse('oidc_return')}"


def _must_be_on() -> None:
    if not settings.OIDC_ISSUER:
        raise Http404
