"""Every error of the API as an RFC 9457 problem document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Field, NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError, ValidationErrorContext
from ninja.params.models import BodyModel

from wizard.api import bodies
from wizard.journey.errors import FieldError, explain
from wizard.services import errors, idempotency, tracing, vcenter_probe
from wizard.text import Text, _

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5


class IfMatchMissing(errors.UserError):
    """A change that does not say which revision it is of could overwrite somebody else's unseen."""

    code = "if_match_required"


@contextmanager
def named_by(*codes: str) -> Iterator[None]:
    """Where an answer is refused for one of these reasons, that reason is the code of the whole problem."""
    try:
        yield
    except errors.Invalid as error:
        error.code = next((field.code for field in error.errors if field.code in codes), error.code)
        raise


# What a failed precondition means is not one thing: 412 is an outdated revision, 409 a state of affairs.
_STATUS: dict[type[errors.UserError], HTTPStatus] = {
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Outdated: HTTPStatus.PRECONDITION_FAILED,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    IfMatchMissing: HTTPStatus.PRECONDITION_REQUIRED,
    bodies.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    bodies.Unreadable: HTTPStatus.BAD_REQUEST,
    vcenter_probe.FarEndFailed: HTTPStatus.BAD_GATEWAY,
    vcenter_probe.TooManyProbes: HTTPStatus.SERVICE_UNAVAILABLE,
}

_RETRY: dict[type[errors.UserError], int] = {
    idempotency.StillUnderWay: idempotency.RETRY_SECONDS,
    vcenter_probe.TooManyProbes: vcenter_probe.RETRY_SECONDS,
}


class ProblemError(Schema):
    path: str = Field(
        description="Dotted, such as `network.gateway` or `answers.vault.region`; empty: the whole."
    )
    message: str
    code: str


class Problem(Schema):
    """RFC 9457, with `code` for programs, `remedy` for people and `errors` for fields."""

    type: str = "about:blank"
    title: str = Field(description="The phrase of the HTTP status.")
    status: int
    detail: str = Field(description="What is wrong, for people, in their language.")
    code: str = Field(description="What is wrong, for programs; it stays the same in every language.")
    remedy: str = Field("", description="What to do about it, where there is something to do.")
    errors: list[ProblemError] = []
    request_id: str = Field("", description="The X-Request-ID of this answer; the log has the rest under it.")


class InvalidRequest(ValidationError):
    """What ninja found wrong with a request, in the sentences that the journey has for the same mistakes."""

    def __init__(self, contexts: Sequence[ValidationErrorContext[Any]]) -> None:
        super().__init__([])
        self.fields = [
            replace(error, path=_as_sent(context.model, error.path))
            for context in contexts
            for error in explain(context.pydantic_validation_error)
        ]


def _as_sent(model: Any, path: str) -> str:
    # The first part of a body's path is the name that our function has for it, not one that the caller wrote.
    return path.partition(".")[2] if issubclass(model, BodyModel) else path


class Busy(Exception):
    """More callers wait than may; they are asked to come back."""


def problem(
    status: HTTPStatus,
    code: str,
    detail: Text,
    *,
    remedy: Text | None = None,
    fields: Sequence[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    body = Problem(
        title=status.phrase,
        status=status,
        detail=str(detail),
        code=code,
        remedy=str(remedy or ""),
        errors=[
            ProblemError(path=field.path, message=str(field.message), code=field.code) for field in fields
        ],
        request_id=tracing.current(),
    )
    return HttpResponse(
        json.dumps(body.model_dump(), ensure_ascii=False),
        status=status,
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def absent(meant: str = "") -> HttpResponse:
    """`meant` is the address that was probably looked for."""
    remedy = Text(_("Ask %(path)s: the final slash counts, and ids have small letters."), path=meant)
    return problem(
        HTTPStatus.NOT_FOUND,
        "not_found",
        Text(_("There is nothing here.")),
        remedy=remedy if meant else None,
    )


def unusable_address() -> HttpResponse:
    return problem(
        HTTPStatus.BAD_REQUEST,
        "malformed",
        Text(_("The address holds the character U+0000, which is not taken.")),
    )


def not_authenticated(request: HttpRequest) -> HttpResponse:
    challenge = 'Bearer error="invalid_token"' if "Authorization" in request.headers else "Bearer"
    return problem(
        HTTPStatus.UNAUTHORIZED,
        "not_authenticated",
        Text(_("A good API token is needed: Authorization: Bearer <token>.")),
        remedy=Text(_("Make one in your account page. It may be that this one has expired or was revoked.")),
        headers={"WWW-Authenticate": challenge},
    )


def too_many_requests(wait: int) -> HttpResponse:
    return problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too_many_requests",
        Text(_("Too many requests in a short time.")),
        remedy=Text.counted(
            "Ask again after %(seconds)s second, and more slowly.",
            "Ask again after %(seconds)s seconds, and more slowly.",
            "seconds",
            seconds=wait,
        ),
        headers={"Retry-After": str(wait)},
    )


def wrong_method(request: HttpRequest, allowed: str) -> HttpResponse:
    methods = set(allowed.split(", "))
    # Whoever answers GET answers HEAD, without the content.
    allowed = ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))
    return problem(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "method_not_allowed",
        Text(_("%(method)s cannot be done here; %(allowed)s can."), method=request.method, allowed=allowed),
        headers={"Allow": allowed},
    )


def install(api: NinjaAPI) -> None:
    """Let every exception of the API's operations become a problem document."""

    @api.exception_handler(errors.UserError)
    def refused(request: HttpRequest, error: errors.UserError) -> HttpResponse:
        status = next(
            (_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS),
            HTTPStatus.UNPROCESSABLE_ENTITY,
        )
        wait = next((_RETRY[kind] for kind in type(error).__mro__ if kind in _RETRY), None)
        headers = {"Retry-After": str(wait)} if wait else {}
        return problem(
            status, error.code, error.text, remedy=error.remedy, fields=error.errors, headers=headers
        )

    @api.exception_handler(AuthenticationError)
    def stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return not_authenticated(request)

    @api.exception_handler(InvalidRequest)
    def malformed(request: HttpRequest, error: InvalidRequest) -> HttpResponse:
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid",
            Text(_("The request needs another look.")),
            fields=error.fields,
        )

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
        return absent()

    @api.exception_handler(RequestDataTooBig)
    def too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        remedy = Text(_("Send it in several requests, and files to the operations that take files."))
        return refused(request, bodies.too_large(bodies.announced(request), limit, remedy=remedy))

    @api.exception_handler(TooManyFieldsSent)
    def too_many(request: HttpRequest, error: TooManyFieldsSent) -> HttpResponse:
        limit = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
        text = Text(_("The address has too many parameters; expected are at most %(limit)s."), limit=limit)
        return problem(HTTPStatus.BAD_REQUEST, "malformed", text)

    @api.exception_handler(HttpError)
    def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
        # ninja raises this for one thing that we do: a body that its parser could not read.
        return problem(
            HTTPStatus(error.status_code),
            "malformed",
            Text(_("The body is not JSON: %(reason)s"), reason=str(error.__cause__ or error)),
            remedy=Text(_("Send one JSON object in UTF-8.")),
        )

    @api.exception_handler(Busy)
    def busy(request: HttpRequest, error: Busy) -> HttpResponse:
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too_many_waiting",
            Text(_("Too many callers are waiting already; ask again in a moment, or without wait.")),
            headers={"Retry-After": str(RETRY_SECONDS)},
        )

    @api.exception_handler(OperationalError)
    @api.exception_handler(InterfaceError)
    def no_database(request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("api.database_down", path=request.path, error=type(error).__name__)
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "database_unavailable",
            Text(_("The database does not answer; ask again in a moment.")),
            headers={"Retry-After": str(RETRY_SECONDS)},
        )

    @api.exception_handler(Exception)
    def crashed(request: HttpRequest, error: Exception) -> HttpResponse:
        log.exception("api.crashed", path=request.path)
        return problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "internal",
            Text(_("Something unexpected went wrong. The log has it under the X-Request-ID of this answer.")),
        )
