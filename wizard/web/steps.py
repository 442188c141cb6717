"""The steps of one deployment as pages link to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from wizard.journey import base as journey
from wizard.models import Deployment, DeploymentState
from wizard.services import deployment_progress
from wizard.services.errors import NotFound
from wizard.text import Text, _


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One line of the task list and of the rail."""

    number: int
    id: str
    title: str
    short_title: str
    summary: str
    url: str
    status: str
    reason: Text
    kind: str


def rows(deployment: Deployment) -> list[StepRow]:
    """Every step with its state; asks the database once for all of them."""
    return [
        StepRow(
            number=number,
            id=status.step.id,
            title=gettext(status.step.title),
            short_title=gettext(status.step.short_title),
            summary=gettext(status.step.summary),
            url=reverse("step", args=[deployment.pk, status.step.id]),
            status=status.status,
            reason=status.reason,
            kind=status.step.kind,
        )
        for number, status in enumerate(deployment_progress.overview(deployment), start=1)
    ]


def find(deployment: Deployment, step_id: str) -> journey.Step:
    """Raises NotFound for a step that this deployment does not have."""
    try:
        return journey.step(deployment.profile, step_id)
    except KeyError:
        raise NotFound(Text(_("There is no such step."))) from None


def home_of(kind: str, deployment: Deployment) -> str | None:
    """The step whose page follows tasks of that kind."""
    return next((step.id for step in journey.journey(deployment.profile) if kind in step.task_kinds), None)


def after(deployment: Deployment) -> str:
    """Where to go once a step is done: the next one; before anything is changed, past all the answers."""
    upcoming = next((row for row in rows(deployment) if row.status == "next"), None)
    if upcoming is None:
        return deployment.get_absolute_url()
    if upcoming.id in ("deploy", "install"):
        return reverse("check_answers", args=[deployment.pk])
    return upcoming.url


def wants_answers(request: HttpRequest) -> bool:
    """Whether the reader came from the page with all answers, and returns there."""
    return (request.POST.get("back") or request.GET.get("back")) == "answers"


def frame(
    deployment: Deployment, current: str | None, steps: list[StepRow] | None = None, *, title: str = ""
) -> dict[str, Any]:
    """What the pages of one deployment have in common: rail, breadcrumbs, place in the navigation.

    `current` is the step whose page it is; every other page says its own `title`, the deployment's home none.
    """
    known = steps if steps is not None else rows(deployment)
    here = next((row for row in known if row.id == current), None)
    crumbs: list[dict[str, str]] = [
        {"label": gettext("Deployments"), "url": reverse("deployments")},
        {"label": deployment.name, "url": deployment.get_absolute_url()},
    ]
    if here is not None:
        crumbs.append({"label": here.title, "url": ""})
    elif title:
        crumbs.append({"label": title, "url": ""})
    else:
        crumbs[-1]["url"] = ""
    # Buttons that would be refused are not shown. Views that show one all the same say so themselves.
    out_of_service = {"may_operate": False} if deployment.state == DeploymentState.DECOMMISSIONED else {}
    return out_of_service | {
        "deployment": deployment,
        "section": "deployments",
        "steps": known,
        "current": current,
        "here": here,
        "home_url": deployment.get_absolute_url(),
        "crumbs": crumbs,
    }
