"""Every error of the API as an RFC 9457 problem document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from wizard.journey.errors import FieldError
from wizard.services import errors
from wizard.text import Text, _

log = structlog.get_logger(__name__)

# What a failed precondition means is not one thing: 412 is an outdated revision, 409 a state of affairs.
_STATUS: dict[type[errors.UserError], HTTPStatus] = {
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Outdated: HTTPStatus.PRECONDITION_FAILED,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
}


class ProblemError(Schema):
    path: str
    message: str
    code: str


class Problem(Schema):
    """RFC 9457, with `code` for programs and `errors` for fields."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    remedy: str = ""
    errors: list[ProblemError] = []


class Busy(Exception):
    """More callers wait than may; they are asked to come back."""


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    remedy: str = "",
    fields: Sequence[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    body = Problem(
        title=status.phrase,
        status=status,
        detail=detail,
        code=code,
        remedy=remedy,
        errors=[
            ProblemError(path=field.path, message=str(field.message), code=field.code) for field in fields
        ],
    )
    return HttpResponse(
        json.dumps(body.model_dump(), ensure_ascii=False),
        status=status,
        content_type="application/problem+json",
        headers=headers or {},
    )


def install(api: NinjaAPI) -> None:
    """Let every exception of the API's operations become a problem document."""

    @api.exception_handler(errors.UserError)
    def refused(request: HttpRequest, error: errors.UserError) -> HttpResponse:
        status = next(
            (_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS),
            HTTPStatus.UNPROCESSABLE_ENTITY,
        )
        return problem(status, error.code, str(error), remedy=str(error.remedy), fields=error.errors)

    @api.exception_handler(AuthenticationError)
    def stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return problem(
            HTTPStatus.UNAUTHORIZED,
            "not_authenticated",
            str(Text(_("A good API token is needed: Authorization: Bearer <token>."))),
            headers={"WWW-Authenticate": "Bearer"},
        )

    @api.exception_handler(ValidationError)
    def malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
        fields = [
            FieldError(
                # The first two parts say where ninja looked ("body", "payload"), not what the caller wrote.
                path=".".join(str(part) for part in details["loc"][2:]) or str(details["loc"][-1]),
                message=Text(details["msg"]),
                code=details["type"],
            )
            for details in error.errors
        ]
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid",
            str(Text(_("The request needs another look."))),
            fields=fields,
        )

    @api.exception_handler(Http404)
    def absent(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem(HTTPStatus.NOT_FOUND, "not_found", str(Text(_("There is nothing here."))))

    @api.exception_handler(HttpError)
    def refused_by_ninja(request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(HTTPStatus(error.status_code), "bad_request", str(error))

    @api.exception_handler(Busy)
    def busy(request: HttpRequest, error: Busy) -> HttpResponse:
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "too_many_waiting",
            str(Text(_("Too many callers are waiting already; ask again in a moment, or without wait."))),
            headers={"Retry-After": "5"},
        )

    @api.exception_handler(Exception)
    def crashed(request: HttpRequest, error: Exception) -> HttpResponse:
        log.exception("api.crashed", path=request.path)
        return problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "internal",
            str(Text(_("Something unexpected went wrong. The log has this request's id."))),
        )


ERRORS: dict[int, Any] = {
    401: Problem,
    403: Problem,
    404: Problem,
    409: Problem,
    412: Problem,
    422: Problem,
}
