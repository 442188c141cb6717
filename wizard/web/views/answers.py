"""All answers on one page, before anything is changed; and as a file that rebuilds the deployment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from wizard.journey import answer_file
from wizard.journey import base as journey
from wizard.models import DeploymentState
from wizard.services import deployments, guidance, preflight
from wizard.services.errors import UserError
from wizard.web import steps
from wizard.web.forms import label_of, options_of
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem
from wizard.web.views import work

# Typed a second time to be sure, chosen to say where to look, or shown in full elsewhere.
_NOT_SHOWN = {"vault": {"confirm_name"}}


@page
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    problem = None
    if request.method == "POST":
        kind = "deploy_ova" if request.POST.get("action") == "deploy" else "preflight"
        step_id = "deploy" if kind == "deploy_ova" else "preflight"
        try:
            work.start(request, deployment, kind)
        except UserError as error:
            if error.code == "not_allowed":
                raise
            problem = Problem.of(error)
        else:
            return redirect("step", deployment.pk, step_id)
    frame = steps.frame(deployment, None)
    frame["crumbs"].append({"label": gettext("Check your answers"), "url": ""})
    answers = deployments.answers_of(deployment)
    context = frame | {
        "problem": problem,
        "sections": _sections(
            deployment.profile, deployment.name, answers, frame["steps"], deployment.is_open
        ),
        "verdict": preflight.verdict_of(deployment),
        "run": preflight.latest_run(deployment),
        "checked": deployment.state == DeploymentState.CHECKED,
        "open": deployment.is_open,
        "answers": answers,
        "advice": guidance.size(deployment.profile, answers["capacity"]) if "capacity" in answers else None,
        "preflight_step": next((row for row in frame["steps"] if row.id == "preflight"), None),
    }
    return render(request, "web/answers.html", context, status=problem.status if problem else 200)


@page
@require_safe
def download(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    profile: Any = deployment.profile
    answers = {name: data for name, data in deployments.answers_of(deployment).items() if name != "profile"}
    text = answer_file.dump(answer_file.AnswerFile(name=deployment.name, profile=profile, answers=answers))
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{deployment.name}.yaml"'
    return response


def _sections(
    profile: str, name: str, answers: dict[str, dict[str, Any]], rows: list[steps.StepRow], open_: bool
) -> list[dict[str, Any]]:
    answers = {"profile": {"name": name, "profile": profile}, **answers}
    by_id = {row.id: row for row in rows}
    sections = []
    for step in journey.journey(profile):
        row = by_id[step.id]
        if step.answers is None or row.status == "not_applicable":
            continue
        data = answers.get(step.id)
        change = f"{row.url}?back=answers" if open_ and row.status != "blocked" else ""
        shown = [
            {"label": label_of(step.answers, field), "change_url": change, **_value(step, field, data[field])}
            for field in (step.answers.model_fields if data else ())
            if field not in _NOT_SHOWN.get(step.id, ()) and data and field in data
        ]
        sections.append(
            {
                "title": row.title,
                "rows": shown,
                "status": row.status,
                "reason": row.reason,
                "change_url": change,
            }
        )
    return sections


def _value(step: journey.Step, field: str, value: Any) -> dict[str, Any]:
    assert step.answers is not None  # noqa: S101 - only question steps are listed
    named = {option.value: str(option.label) for option in options_of(step.answers, field)}
    if isinstance(value, bool):
        return {"value": gettext("Yes") if value else gettext("No")}
    if isinstance(value, dict):
        return {"values": [f"{key}: {entry}" for key, entry in value.items()], "value": None}
    if isinstance(value, list):
        return {"values": [named.get(str(entry), str(entry)) for entry in value], "value": None}
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    extra = step.answers.model_fields[field].json_schema_extra
    suffix = gettext(str(extra["suffix"])) if isinstance(extra, dict) and "suffix" in extra else ""
    if suffix and value is not None:
        return {"value": f"{value} {suffix}"}
    return {"value": named.get(str(value), value)}
