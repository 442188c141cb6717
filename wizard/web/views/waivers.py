"""Accepting what is not met: asked for by one person, approved by another, taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from wizard.journey.errors import FieldError
from wizard.models import CheckResult, Deployment, Operator, Waiver
from wizard.services import applicable, deployments, results, waivers
from wizard.services.errors import Conflict, Invalid, NotFound, Outdated
from wizard.services.permissions import may, require
from wizard.text import Text, _
from wizard.web import steps
from wizard.web.forms import Shown, ShownForm
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem, say


@page
@require_http_methods(["GET", "HEAD", "POST"])
def waive(request: SignedInRequest, pk: UUID, requirement_id: str) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    require(request.user, "waiver.ask", deployment)
    result = _result(deployment, requirement_id)
    waiver = deployment.waivers.filter(requirement_id=requirement_id).first()
    values = {"reason": waiver.reason if waiver else "", "until": waiver.until.isoformat() if waiver else ""}
    problem = None
    if request.method == "POST":
        values = {"reason": request.POST.get("reason", ""), "until": request.POST.get("until", "")}
        try:
            made = waivers.waive(
                deployment,
                requirement_id,
                reason=values["reason"],
                until=_day(values["until"]),
                actor=request.user,
            )
        except (Invalid, Conflict) as error:
            problem = Problem.of(error)
        else:
            messages.success(request, _said(made))
            return redirect(_place(deployment, requirement_id))
    context = steps.frame(deployment, None, [], title=requirement_id) | {
        "result": result,
        "requirement": applicable.find(deployment, requirement_id),
        "waiver": waiver,
        "second_person": settings.WAIVERS_NEED_SECOND_PERSON,
        "form": ShownForm(_fields(), values, problem.fields if problem else ()),
        "problem": problem,
    }
    context["crumbs"].insert(-1, {"label": gettext("Checks"), "url": reverse("checks", args=[deployment.pk])})
    return render(request, "web/waive.html", context, status=problem.status if problem else 200)


@page
@require_POST
def approve(request: SignedInRequest, pk: UUID, requirement_id: str) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    try:
        waivers.approve_waiver(deployment, requirement_id, actor=request.user, asked_at=_read_then(request))
    except (Conflict, Outdated) as error:
        say(request, error)
    else:
        messages.success(request, gettext("%(id)s is waived.") % {"id": requirement_id})
    return redirect(_place(deployment, requirement_id))


@page
@require_POST
def take_back(request: SignedInRequest, pk: UUID, requirement_id: str) -> HttpResponse:
    """Both the end of a waiver and the rejection of one that was asked for."""
    deployment = deployments.get(pk, actor=request.user)
    try:
        rejected = waivers.take_back_waiver(deployment, requirement_id, actor=request.user)
    except Conflict as error:
        say(request, error)
    else:
        said = (
            gettext("The waiver of %(id)s is rejected.")
            if rejected
            else gettext("The waiver of %(id)s is taken back.")
        )
        messages.success(request, said % {"id": requirement_id})
    return redirect("checks", deployment.pk)


def waiting(rows: Iterable[Waiver], titles: Mapping[str, Text], person: Operator) -> list[dict[str, Any]]:
    """The requests that nobody has approved yet, oldest first; `own` where this person may not approve what they asked."""
    return [
        {
            "waiver": row,
            "title": titles.get(row.requirement_id, Text("")),
            "own": waivers.own(row, person),
            "may_decide": waivers.may_decide(row, person),
            "may_take_back": row.asked_by_id == person.pk and may(person, "waiver.take_back"),
        }
        for row in sorted(rows, key=lambda row: row.asked_at)
        if row.waiting
    ]


def _read_then(request: SignedInRequest) -> datetime:
    """When the request was made that the approver had before them; a form that does not say approves nothing."""
    try:
        return datetime.fromisoformat(request.POST.get("asked_at", ""))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _result(deployment: Deployment, requirement_id: str) -> CheckResult:
    rows = [*results.latest_results(deployment), *results.latest_results(deployment, "after")]
    found = next((row for row in rows if row.requirement_id == requirement_id and row.status != "pass"), None)
    found = found or next((row for row in rows if row.requirement_id == requirement_id), None)
    if found is None:
        raise NotFound(Text(_("There is no result of that requirement.")))
    return found


def _said(waiver: Waiver) -> str:
    if waiver.in_force:
        return gettext("%(id)s is waived.") % {"id": waiver.requirement_id}
    return gettext("You asked to waive %(id)s. It counts once another person has approved it.") % {
        "id": waiver.requirement_id
    }


def _fields() -> dict[str, Shown]:
    return {
        "reason": Shown(
            label=gettext("Reason"),
            help_text=gettext("Why this may stay as it is. It is part of every report."),
            widget=forms.Textarea({"rows": 4, "maxlength": waivers.MAX_REASON_CHARACTERS}),
        ),
        "until": Shown(
            label=gettext("Until"),
            help_text=gettext("The last day on which it is accepted, %(latest)s at the latest.")
            % {"latest": waivers.last_day().isoformat()},
            widget=forms.DateInput(
                {
                    "type": "date",
                    "min": timezone.localdate().isoformat(),
                    "max": waivers.last_day().isoformat(),
                }
            ),
            width=20,
        ),
    }


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        text = Text(
            _("“%(found)s” is not a date. Expected is a day such as 2026-12-31."), found=typed.strip()
        )
        raise Invalid([FieldError(path="until", message=text, code="not_a_date")]) from None


def _place(deployment: Deployment, requirement_id: str) -> str:
    return f"{reverse('checks', args=[deployment.pk])}#check-{requirement_id}"
