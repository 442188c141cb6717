"""What stands in front of every operation: who calls, how often, and whether it was answered already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.http import parse_header_parameters
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from wizard.api import problems
from wizard.api.auth import TokenAuth
from wizard.api.bodies import announced, whole
from wizard.models import ApiToken
from wizard.services import audit, idempotency, rate_limits

View = Callable[..., HttpResponse]
Do = Callable[[], HttpResponse]

REPLAYED: Final = "Idempotency-Replayed"
# No operation takes a body as large as this: it says so itself, and nothing of it is read before.
_MOST_READ: Final = 8 * 2**20
_KEPT_HEADERS: Final = ("Content-Type", "Content-Disposition", "Location", "ETag")
# What says nothing about the work itself, so that asking again may come out otherwise.
_NOT_KEPT: Final = frozenset({401, 403, 429})


def guarded(api: NinjaAPI, token: TokenAuth, view: View) -> View:
    """An operation of `api` behind the limits and the keys of repeated requests; whatever goes wrong is a problem document."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            sent = [request.path, *(value for _name, values in request.GET.lists() for value in values)]
            if any("\0" in part for part in sent):
                return problems.unusable_address()
            announced(request)
            response = _limited(request, token, lambda: _looked_at(request, view, *args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as ninja does with what an operation raises
            response = api.on_exception(request, error)
        response["Cache-Control"] = "no-store"
        return response

    return answer


def for_readers(token: TokenAuth, view: View) -> View:
    """The description is for people who are signed in, and for programs with a token."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return problems.wrong_method(request, "GET, HEAD")
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)

        def do() -> HttpResponse:
            if token(request) is None:
                return problems.not_authenticated(request)
            return view(request, *args, **kwargs)

        return _limited(request, token, do)

    return answer


def notes_that_it_began(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Around what an operation does: what is answered before, such as that the body is no JSON, did nothing."""

    @wraps(operation)
    def begin(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        request.begun = True  # type: ignore[attr-defined]  # read by _once
        return operation(request, *args, **kwargs)

    return begin


# --- inside -----------------------------------------------------------------------------------------------------------


def _limited(request: HttpRequest, token: TokenAuth, do: Do) -> HttpResponse:
    address = audit.origin().address or "nowhere"
    given = request.headers.get("Authorization", "")
    digest = hashlib.sha256(_sent_token(request).encode()).hexdigest()
    if given and (wait := rate_limits.wait_after_guesses(address, digest)):
        return problems.too_many_requests(wait)
    found = token(request)
    if found is None:
        if given:
            rate_limits.note_wrong_token(address, digest)
            if wait := rate_limits.count(f"no-token:{address}").wait:
                return problems.too_many_requests(wait)
        return _told(request, do())
    rate_limits.note_good_token(digest)
    standing = rate_limits.count(f"token:{found.pk}")
    if standing.wait:
        response = problems.too_many_requests(standing.wait)
    elif request.method == "POST" and "Idempotency-Key" in request.headers:
        response = _once(request, found, do)
    else:
        response = _told(request, do())
    # draft-ietf-httpapi-ratelimit-headers-10
    if standing.quotas:
        quotas = [(quota, quota.policy) for quota in standing.quotas]
        response["RateLimit-Policy"] = ", ".join(
            f'"{policy.name}";q={policy.most};w={policy.seconds}' for _quota, policy in quotas
        )
        response["RateLimit"] = ", ".join(
            f'"{policy.name}";r={quota.left};t={quota.reset}' for quota, policy in quotas
        )
    return response


def _looked_at(request: HttpRequest, view: View, *args: Any, **kwargs: Any) -> HttpResponse:
    """What ninja answers, HEAD as GET: the web server leaves the content out (RFC 9110, 9.3.2)."""
    if request.method != "HEAD":
        return view(request, *args, **kwargs)
    request.method = "GET"
    try:
        return view(request, *args, **kwargs)
    finally:
        request.method = "HEAD"


def _sent_token(request: HttpRequest) -> str:
    """As `TokenAuth` reads it: the same token may be sent with other capitals in "Bearer", or more spaces after it."""
    return request.headers.get("Authorization", "").partition(" ")[2].strip()


def _told(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if isinstance(response, HttpResponseNotAllowed):
        return problems.wrong_method(request, response["Allow"])
    return response


def _once(request: HttpRequest, token: ApiToken, do: Do) -> HttpResponse:
    if announced(request) > _MOST_READ:
        return _told(request, do())
    claim = idempotency.begin(
        token=token,
        secret=_sent_token(request),
        key=request.headers["Idempotency-Key"],
        fingerprint=_fingerprint(request),
    )
    if isinstance(claim, idempotency.Answer):
        return HttpResponse(claim.body, status=claim.status, headers={**claim.headers, REPLAYED: "true"})
    try:
        response = _told(request, do())
    except BaseException:
        idempotency.give_free(claim)
        raise
    done = getattr(request, "begun", False) and response.status_code < 500
    if done and response.status_code not in _NOT_KEPT:
        headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
        answer = idempotency.Answer(status=response.status_code, headers=headers, body=response.content)
        idempotency.keep(claim, answer)
    else:
        idempotency.give_free(claim)
    return response


def _fingerprint(request: HttpRequest) -> str:
    body = whole(request)
    # As Django does once it has read a body; files are read from there by their operations, each to its own limit.
    request._stream = BytesIO(body)
    request._read_started = False  # type: ignore[attr-defined]
    _media_type, parameters = parse_header_parameters(request.headers.get("Content-Type", ""))
    boundary = parameters.get("boundary", "").encode()
    return idempotency.fingerprint(request.method or "", request.get_full_path(), body, boundary=boundary)
