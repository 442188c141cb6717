"""What a use case refused, as a page or a message: the one place where the web door turns errors into statuses."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wizard.journey.errors import FieldError
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotFound, Outdated, UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """How a refusal is shown: its HTTP status, the notice on top, and the fields it names."""

    status: int
    code: str
    text: str = ""
    remedy: str = ""
    fields: tuple[FieldError, ...] = field(default=())

    @classmethod
    def of(cls, error: UserError) -> Problem:
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        if isinstance(error, Invalid) and error.errors:
            # The fields say it all; a notice above them would say it twice.
            return cls(status=status, code=error.code, fields=error.errors)
        return cls(
            status=status,
            code=error.code,
            text=str(error.text),
            remedy=str(error.remedy),
            fields=error.errors,
        )


_STATUS: tuple[tuple[type[UserError], int], ...] = (
    (NotFound, 404),
    (NotAllowed, 403),
    (Invalid, 422),
    (Outdated, 409),
    (Conflict, 409),
    (UserError, 409),
)


def problem_page(request: HttpRequest, error: UserError) -> HttpResponse:
    """A whole page for a refusal that no form is there to show."""
    problem = Problem.of(error)
    if problem.status == 404:
        return render(request, "404.html", status=404)
    if problem.status == 403:
        return render(request, "403.html", {"exception": problem.text}, status=403)
    return render(request, "web/problem.html", {"problem": problem}, status=problem.status)


def say(request: HttpRequest, error: UserError) -> None:
    """A refusal as a message on the page that comes next."""
    lines = [str(one.message) for one in error.errors] or [str(error.text), str(error.remedy)]
    messages.error(request, " ".join(line for line in lines if line))
