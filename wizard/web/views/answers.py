"""All answers on one page, before anything is changed; and as a file that rebuilds the deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from wizard.journey import answer_file
from wizard.journey import base as journey
from wizard.journey.evidence import EvidenceAnswers
from wizard.models import Deployment, DeploymentState
from wizard.planning.sizing import SizingAdvice
from wizard.services import deployments, guidance, preflight, template_contents
from wizard.services.answer_words import words_of
from wizard.services.answers import circumstances_of, primary_component
from wizard.services.errors import UserError
from wizard.services.permissions import may
from wizard.web import in_play, steps
from wizard.web.forms import label_of
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem
from wizard.web.views import work

# Typed a second time to be sure, chosen to say where to look, or shown in full elsewhere.
_NOT_SHOWN = {"vault": {"confirm_name"}}
_NOT_BY_HAND = set(EvidenceAnswers.model_fields) - {"way"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    """One question with its answer, in words, or one line for each of several."""

    label: str
    value: str = ""
    values: list[str] = field(default_factory=list)
    change_url: str = ""


@page
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    problem = None
    if request.method == "POST":
        try:
            work.start(request, deployment, "preflight")
        except UserError as error:
            if error.code == "not_allowed":
                raise
            problem = Problem.of(error)
        else:
            return redirect("step", deployment.pk, "preflight")
    frame = steps.frame(deployment, None, title=gettext("Check your answers"))
    answers = deployments.answers_of(deployment)
    context = frame | {
        "problem": problem,
        "sections": _sections(
            deployment.profile,
            deployment.name,
            answers,
            frame["steps"],
            deployment.is_open and may(request.user, "deployment.answer", deployment),
            _words(deployment, answers),
        ),
        "deploy_step": next((row for row in frame["steps"] if row.id == "deploy"), None),
        "install_step": next((row for row in frame["steps"] if row.id == "install"), None),
        "by_hand": "manual" in circumstances_of(deployment, answers),
        "on_datastore": "vmware_host" in circumstances_of(deployment, answers),
        "verdict": preflight.verdict_of(deployment),
        "run": preflight.latest_run(deployment),
        "checked": deployment.state == DeploymentState.CHECKED,
        "open": deployment.is_open,
        "answers": answers,
        "advice": _size(deployment, answers),
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


def _size(deployment: Deployment, answers: dict[str, dict[str, Any]]) -> SizingAdvice | None:
    if "capacity" not in answers:
        return None
    component: Any = primary_component(deployment, answers)
    return guidance.size(deployment.profile, answers["capacity"], component=component)


def _words(deployment: Deployment, answers: dict[str, dict[str, Any]]) -> dict[tuple[str, str], str]:
    """Answers that only the far end has words for, by step and field."""
    if not answers.get("template", {}).get("deployment_option"):
        return {}
    option = template_contents.option_label(deployment, answers["template"])
    return {("template", "deployment_option"): option}


def _sections(
    profile: str,
    name: str,
    answers: dict[str, dict[str, Any]],
    rows: list[steps.StepRow],
    changeable: bool,
    words: Mapping[tuple[str, str], str],
) -> list[dict[str, Any]]:
    answers = {"profile": {"name": name, "profile": profile}, **answers}
    by_id = {row.id: row for row in rows}
    sections = []
    for step in journey.journey(profile):
        row = by_id[step.id]
        if step.answers is None or row.status == "not_applicable":
            continue
        data = answers.get(step.id, {})
        change = f"{row.url}?back=answers" if changeable and row.status != "blocked" else ""
        asked = in_play.fields_of(step, profile, answers, data)
        shown = [
            _row(profile, step, name, data[name], words.get((step.id, name)), change)
            for name in _shown_fields(step, data)
            if name in asked
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


def _shown_fields(step: journey.Step, data: dict[str, Any]) -> list[str]:
    hidden = set(_NOT_SHOWN.get(step.id, ()))
    if step.id == "template":
        hidden |= {"url", "sha256"} if data.get("source") == "folder" else {"file"}
        hidden |= set() if data.get("deployment_option") else {"deployment_option"}
    if step.id == "evidence":
        hidden |= _NOT_BY_HAND if data.get("way") == "by_hand" else set()
        hidden |= {"thumbprint_sha256"} if data.get("transport") == "http" else set()
    return (
        []
        if step.answers is None
        else [name for name in step.answers.model_fields if name in data and name not in hidden]
    )


def _row(
    profile: str, step: journey.Step, name: str, value: Any, known: str | None, change_url: str
) -> SummaryRow:
    """`known`: the answer in words that only the far end has."""
    assert step.answers is not None  # noqa: S101 - only question steps are listed
    label = label_of(step.answers, name)
    words = [known] if known is not None else [str(w) for w in words_of(profile, f"{step.id}.{name}", value)]
    if isinstance(value, dict | list):
        return SummaryRow(label=label, values=words, change_url=change_url)
    return SummaryRow(label=label, value="".join(words), change_url=change_url)
