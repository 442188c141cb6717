"""What the pages of all question steps have in common: what is in the form, how it is saved, what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext

from wizard.journey import base as journey
from wizard.journey.fields import StepAnswers
from wizard.models import Deployment
from wizard.models.task import ACTIVE_STATES
from wizard.services import deployments
from wizard.services.errors import NotAllowed, NotFound, UserError
from wizard.services.permissions import may
from wizard.web import steps
from wizard.web.forms import label_of
from wizard.web.guard import SignedInRequest
from wizard.web.problems import Problem


@dataclass(slots=True, kw_only=True)
class Sheet:
    """The form of one step as it is shown: what is in it, which version of the step it was made from, what is wrong."""

    deployment: Deployment
    step: journey.Step
    values: dict[str, Any]
    version: int
    problem: Problem | None = None
    # What somebody else saved meanwhile, as (label, value), where it differs from what was typed.
    theirs: list[tuple[str, str]] = field(default_factory=list)

    @property
    def model(self) -> type[StepAnswers]:
        assert self.step.answers is not None  # noqa: S101 - sheets are made of question steps
        return self.step.answers

    @property
    def status(self) -> int:
        return self.problem.status if self.problem else 200


def stored(deployment: Deployment, step: journey.Step) -> Sheet:
    """The form as it was saved last, finished or not."""
    values, version = deployments.form_of(deployment, step.id)
    return Sheet(deployment=deployment, step=step, values=values, version=version)


def refused(deployment: Deployment, step: journey.Step, typed: Mapping[str, Any], error: UserError) -> Sheet:
    """The form with what was typed still in it, and what was said about it. Raises what no form can show."""
    if isinstance(error, NotAllowed | NotFound):
        raise error
    saved, version = deployments.form_of(deployment, step.id)
    sheet = Sheet(
        deployment=deployment,
        step=step,
        values={**saved, **typed},
        version=version,
        problem=Problem.of(error),
    )
    if error.code == "revision_outdated":
        names = [
            name
            for name in sheet.model.model_fields
            if name in saved and _words(saved[name]) != _words(typed.get(name, saved[name]))
        ]
        sheet.theirs = [(label_of(sheet.model, name), _words(saved[name])) for name in names]
    return sheet


def version_in(request: SignedInRequest) -> int | None:
    """The version of the step that the form was made from; None for a form that says none."""
    sent = request.POST.get("version", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else None


def moved_on(request: SignedInRequest, deployment: Deployment, step: journey.Step) -> HttpResponse:
    """The answer to a step that was saved: back to where the reader came from, else on to what is next."""
    messages.success(request, gettext("“%(step)s” is saved.") % {"step": gettext(step.title)})
    if "stay" in request.POST:
        suffix = "?back=answers" if steps.wants_answers(request) else ""
        return redirect(reverse("step", args=[deployment.pk, step.id]) + suffix)
    if steps.wants_answers(request):
        return redirect("check_answers", deployment.pk)
    return redirect(steps.after(deployment))


def context(request: SignedInRequest, sheet: Sheet) -> dict[str, Any]:
    """What `web/step.html` shows around the form."""
    deployment = sheet.deployment
    frame = steps.frame(deployment, sheet.step.id)
    busy = (
        deployment.tasks.filter(state__in=ACTIVE_STATES, changing=True).first()
        if deployment.is_open
        else None
    )
    here = frame["here"]
    return frame | {
        "step": sheet.step,
        "sheet": sheet,
        "problem": sheet.problem,
        "has_errors": bool(sheet.problem),
        "step_version": sheet.version,
        "back": steps.wants_answers(request),
        "busy": busy,
        "startable": here.status not in ("blocked", "not_applicable"),
        "editable": deployment.is_open and busy is None and may(request.user, "deployment.answer"),
    }


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(entry) for entry in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {entry}" for name, entry in value.items())
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return "" if value is None else str(value)
