"""The pages of the steps in which the wizard works: what will happen, the start, how far it is, how it ended."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe

from wizard.journey import base as journey
from wizard.models import Deployment, DeploymentState, Task
from wizard.models.task import ACTIVE_STATES
from wizard.services import deployments, preflight, tasks, topology
from wizard.services.errors import Conflict, NotFound, UserError
from wizard.services.permissions import may
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text, _
from wizard.web import approval_panel, live, steps
from wizard.web.guard import SignedInRequest
from wizard.web.problems import Problem
from wizard.web.views import deployment_plan

# The task that completes each step.
MAIN_KIND: Final = {
    "preflight": "preflight",
    "deploy": "deploy_ova",
    "register": "register_vcenter",
    "record": "record_topology",
}
# What may be followed on the page of each step: with its main task what comes before it.
_FOLLOWED: Final = {step_id: (kind,) for step_id, kind in MAIN_KIND.items()} | {
    "deploy": ("deploy_ova", "plan_deployment")
}


def show(
    request: SignedInRequest,
    deployment: Deployment,
    step: journey.Step,
    *,
    more: dict[str, Any] | None = None,
    refused: Problem | None = None,
) -> HttpResponse:
    """`more` is what the page of one step shows beside what all have, `refused` what was wrong with another form of it."""
    if MAIN_KIND[step.id] not in KINDS:
        raise NotFound(Text(_("No task carries out “%(step)s”."), step=Text(step.title)))
    problem = refused
    if request.method == "POST" and refused is None:
        kind, inputs = MAIN_KIND[step.id], None
        if step.id == "deploy":
            kind, inputs = deployment_plan.ordered(request.POST)
        try:
            start(request, deployment, kind, inputs)
        except UserError as error:
            if error.code == "not_allowed":
                raise
            problem = Problem.of(error)
        else:
            return redirect("step", deployment.pk, step.id)
    newest = deployment.tasks.filter(kind__in=_FOLLOWED[step.id]).order_by("-queued_at").first()
    # Read after the task: one that has ended by now has changed the deployment, which was read before it.
    deployment.refresh_from_db()
    frame = steps.frame(deployment, step.id)
    other = (
        deployment.tasks.filter(state__in=ACTIVE_STATES, changing=True)
        .exclude(kind=MAIN_KIND[step.id])
        .first()
    )
    answers = deployments.answers_of(deployment)
    done = frame["here"].status == "complete"
    context = frame | {
        "step": step,
        "problem": problem,
        "has_errors": problem is not None,
        "live": live.follow(newest, at=step.id) if newest and newest.active else None,
        "newest": newest,
        "failure": live.failure_of(newest) if not done else None,
        "other": other,
        "other_title": KINDS[other.kind].title if other else "",
        "answers": answers,
        "startable": frame["here"].status not in ("blocked", "not_applicable"),
        "done": done,
        "may_start": may(request.user, "task.launch", deployment)
        and deployment.state != DeploymentState.DECOMMISSIONED
        and not other
        and _may_run_again(step.id, done),
        "about": KINDS[MAIN_KIND[step.id]].about,
        "next_url": steps.after(deployment) if done else "",
    }
    context |= _more(deployment, step.id) | (more or {})
    if step.id == "deploy":
        context |= deployment_plan.context(deployment, newest if context["failure"] else None)
        context |= approval_panel.panel(deployment, request.user)
    return render(request, f"web/steps/{step.id}.html", context, status=problem.status if problem else 200)


def start(
    request: SignedInRequest, deployment: Deployment, kind: str, inputs: dict[str, Any] | None = None
) -> Task:
    """Start the work, or find it started: a second click leads to the task of the first."""
    try:
        return tasks.launch(kind, deployment=deployment, actor=request.user, inputs=inputs)
    except Conflict as error:
        running = deployment.tasks.filter(kind=kind, state__in=ACTIVE_STATES).first()
        if error.code != "task_running" or running is None:
            raise
        return running


def _may_run_again(step_id: str, done: bool) -> bool:
    # An appliance is deployed once, and discovery has a page of its own; the others may be repeated at any time.
    return not done or step_id in ("preflight", "record")


def _more(deployment: Deployment, step_id: str) -> dict[str, Any]:
    if step_id == "preflight":
        return {"verdict": preflight.verdict_of(deployment), "run": preflight.latest_run(deployment)}
    if step_id == "deploy":
        done = deployment.tasks.filter(kind="deploy_ova", state="succeeded").first()
        return {"result": done.result if done else None}
    if step_id == "register":
        return {"vcenter": deployment.vcenters.first(), "machines": _machine_count(deployment)}
    return _picture(deployment)


def _machine_count(deployment: Deployment) -> int:
    vcenter = deployment.vcenters.first()
    return vcenter.machines.filter(gone_at=None, is_template=False).count() if vcenter else 0


def _picture(deployment: Deployment) -> dict[str, Any]:
    if deployment.is_open:
        return {}
    graph = topology.planned_graph(deployment)
    return {
        "graph": graph,
        # Safe as it is: the drawing room escapes every name that it writes.
        "svg": mark_safe(topology.picture(graph, name=deployment.name)),  # noqa: S308 - a drawing, which escapes its words
        "components": topology.component_rows(graph),
        "links": topology.link_rows(graph),
        "violations": topology.violations_of(graph),
    }
