"""Components that are added to a deployment: advice, the list, one of them with its guide, check, record and removal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wizard.journey.additions import ANSWERS, AdditionKind
from wizard.models import Addition, Deployment, DeploymentState, Task
from wizard.planning import failback_process_server
from wizard.services import (
    additions,
    additions_advice,
    additions_guide,
    additions_schedule,
    azure_access,
    deployments,
    machine_moves,
    tasks,
)
from wizard.services.additions_seen import all_seen
from wizard.services.errors import NotFound, UserError
from wizard.services.permissions import require
from wizard.text import Text, _
from wizard.topology.drafts import node_key
from wizard.topology.roles import ROLES
from wizard.web import component_lines, live, steps
from wizard.web.forms import collect, step_form
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem, say
from wizard.web.tabs import tabs_of

_WORK: Final = ("check_addition", "record_addition")
_READ: Final = require_http_methods(["GET", "HEAD", "POST"])


@page
@require_safe
def listing(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    rows = additions.of_deployment(deployment)
    refusal = additions.takes_additions(deployment)
    lines = component_lines.addition_lines(deployment, rows, all_seen(deployment, rows))
    context = steps.frame(deployment, None, [], title=gettext("Components")) | {
        "tabs": tabs_of(deployment, "components"),
        "refusal": refusal,
        "advice": None if refusal else additions_advice.advice_for(deployment),
        "lines": [line for line in lines if line.row.state != Addition.State.REMOVED],
        "gone": [line for line in lines if line.row.state == Addition.State.REMOVED],
        "servers": machine_moves.last_seen(deployment),
        "removals_due": additions_schedule.reminders(deployment),
        "kinds": [
            {
                "title": ROLES[kind].title,
                "does": ROLES[kind].does,
                "url": reverse("add_component", args=[deployment.pk, kind]),
            }
            for kind in ANSWERS
        ],
    }
    return render(request, "web/components.html", context)


@page
@_READ
def add(request: SignedInRequest, pk: UUID, kind: str) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    require(request.user, "addition.plan")
    known = _known(kind)
    typed: Mapping[str, Any] = {}
    problem = None
    if request.method == "POST":
        typed = collect(ANSWERS[known], request.POST)
        try:
            row = additions.plan(deployment, known, typed, actor=request.user)
        except UserError as error:
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("%(name)s is planned.") % {"name": row.name})
            return redirect("component", deployment.pk, row.pk)
    title = gettext("Add: %(kind)s") % {"kind": ROLES[known].title}
    return _form(request, deployment, known, typed, problem, title=title)


@page
@require_safe
def detail(request: SignedInRequest, pk: UUID, addition_id: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    row = additions.get(deployment, addition_id)
    task = _newest_task(deployment, row)
    # Read after the task: one that has ended by now has changed the row.
    row.refresh_from_db()
    seen = additions.seen_in_vault(row)
    lines = component_lines.finding_lines(row)
    guide = additions_guide.guide_of(row)
    standing = row.state != Addition.State.REMOVED
    appeared = row.state in (Addition.State.APPEARED, Addition.State.RECORDED)
    by_hand = not azure_access.account_name(deployment)
    context = _frame(deployment, row.name) | {
        "title": row.name,
        "addition": row,
        "live": live.follow(task, at=live.COMPONENT) if task and task.active else None,
        "failure": live.failure_of(task),
        "kind_title": additions.title_of(row),
        "state_tag": component_lines.state_tag(row),
        "answers": additions_guide.answer_lines(row),
        "seen": seen.component,
        "seen_at": seen.at,
        "guide": guide,
        "findings": lines,
        "counts": component_lines.counts(lines),
        "standing": standing,
        "can_record": standing and deployment.state == DeploymentState.RECORDED and (appeared or by_hand),
        "by_hand": by_hand and not appeared,
        "recorded_first": deployment.state == DeploymentState.RECORDED,
        "is_failback": row.kind == Addition.Kind.PS_FAILBACK,
        "size": failback_process_server.SIZE,
        # What is recorded has steps of its own on its way out.
        "way_out": _way_out(deployment, row) if row.state == Addition.State.RECORDED else "",
    }
    return render(request, "web/component.html", context)


@page
@_READ
def change(request: SignedInRequest, pk: UUID, addition_id: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    require(request.user, "addition.change")
    row = additions.get(deployment, addition_id)
    known = _known(row.kind)
    values: Mapping[str, Any] = {"name": row.name, "address": row.address, **row.answers}
    title = gettext("Change %(name)s") % {"name": row.name}
    back = reverse("component", args=[deployment.pk, row.pk])
    problem = None
    if request.method == "POST":
        values = collect(ANSWERS[known], request.POST)
        try:
            row = additions.change(row, values, actor=request.user)
        except UserError as error:
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("%(name)s is changed.") % {"name": row.name})
            return redirect(back)
    return _form(request, deployment, known, values, problem, title=title, back=back)


@page
@_READ
def remove(request: SignedInRequest, pk: UUID, addition_id: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    require(request.user, "addition.remove")
    row = additions.get(deployment, addition_id)
    problem = None
    if request.method == "POST":
        try:
            additions.remove(row, actor=request.user)
        except UserError as error:
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("%(name)s is removed.") % {"name": row.name})
            return redirect("components", deployment.pk)
    title = gettext("Remove %(name)s") % {"name": row.name}
    context = _frame(deployment, title) | {
        "title": title,
        "addition": row,
        "seen": additions.seen_in_vault(row).component,
        "steps_of_removal": additions_guide.removal_of(row),
        "problem": problem,
    }
    return render(request, "web/component_remove.html", context, status=problem.status if problem else 200)


@page
@require_POST
def check(request: SignedInRequest, pk: UUID, addition_id: UUID) -> HttpResponse:
    return _start(request, pk, addition_id, "check_addition", {})


@page
@require_POST
def record(request: SignedInRequest, pk: UUID, addition_id: UUID) -> HttpResponse:
    return _start(request, pk, addition_id, "record_addition", {"confirmed": "confirmed" in request.POST})


# --- inside -----------------------------------------------------------------------------------------------------------


def _start(
    request: SignedInRequest, pk: UUID, addition_id: UUID, kind: str, inputs: dict[str, Any]
) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    row = additions.get(deployment, addition_id)
    try:
        task = tasks.launch(
            kind, deployment=deployment, actor=request.user, inputs={**inputs, "addition": str(row.pk)}
        )
    except UserError as error:
        if error.code == "not_allowed":
            raise
        say(request, error)
        return redirect("component", deployment.pk, row.pk)
    return redirect("component", deployment.pk, task.inputs["addition"])


def _way_out(deployment: Deployment, row: Addition) -> str:
    url = reverse("decommission_steps", args=[deployment.pk])
    return f"{url}?{urlencode({'component': node_key(_known(row.kind), row.name)})}"


def _newest_task(deployment: Deployment, row: Addition) -> Task | None:
    """The newest work on this component, in whatever state."""
    found = deployment.tasks.filter(kind__in=_WORK, inputs__addition=str(row.pk))
    return found.order_by("-queued_at").first()


def _known(kind: str) -> AdditionKind:
    for known in ANSWERS:
        if known == kind:
            return known
    raise NotFound(Text(_("There is no such component.")))


def _frame(deployment: Deployment, title: str) -> dict[str, Any]:
    frame = steps.frame(deployment, None, [], title=title)
    url = reverse("components", args=[deployment.pk])
    frame["crumbs"].insert(-1, {"label": gettext("Components"), "url": url})
    return frame | {"components_url": url}


def _form(
    request: SignedInRequest,
    deployment: Deployment,
    kind: AdditionKind,
    values: Mapping[str, Any],
    problem: Problem | None,
    *,
    title: str,
    back: str = "",
) -> HttpResponse:
    context = _frame(deployment, title) | {
        "title": title,
        "does": ROLES[kind].does,
        "link": additions.LINKS[kind],
        "form": step_form(ANSWERS[kind], values, problem.fields if problem else ()),
        "problem": problem,
        "bundle": kind == "ps_scaleout" and not back,
    }
    context["back_url"] = back or context["components_url"]
    return render(request, "web/component_form.html", context, status=problem.status if problem else 200)
