"""The page of a step whose form follows from its declaration alone, with what the planning room says about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from wizard.journey import base as journey
from wizard.models import Deployment
from wizard.services import deployments, guidance
from wizard.services.answers import circumstances_of, primary_component
from wizard.services.errors import UserError
from wizard.web import in_play, stepping, vault_findings
from wizard.web.forms import collect, options_of, step_form
from wizard.web.guard import SignedInRequest
from wizard.web.stepping import Sheet


def show(request: SignedInRequest, deployment: Deployment, step: journey.Step) -> HttpResponse:
    assert step.answers is not None  # noqa: S101 - steps of work have a page of their own
    further: list[str] = []
    if request.method == "POST":
        typed = _sent(request, deployment, step)
        further = _not_asked_yet(request, deployment, step, typed)
        try:
            if further:
                deployments.keep_draft(
                    deployment, step.id, typed, actor=request.user, version=stepping.version_in(request)
                )
            else:
                deployments.answer(
                    deployment, step.id, typed, actor=request.user, version=stepping.version_in(request)
                )
        except UserError as error:
            sheet = stepping.refused(deployment, step, typed, error)
        else:
            if not further:
                return stepping.moved_on(request, deployment, step)
            sheet = stepping.stored(deployment, step)
    else:
        sheet = stepping.stored(deployment, step)
    if request.htmx and "advice" in request.GET:
        sheet.values = collect(step.answers, request.GET)
        found = _advice_for(sheet, request)
        # The questions are replaced only where they are others: what is being typed meanwhile stays.
        found["swapped"] = found["asked"] != request.GET.get("asked")
        return render(request, f"web/steps/{step.id}_advice.html", found)
    more = _advice_for(sheet, request)
    context = stepping.context(request, sheet) | more
    # What the answer itself opened is asked before anything is saved.
    context["further"] = [context["form"][name].label for name in further]
    status = 422 if further else sheet.status
    return render(request, [f"web/steps/{step.id}.html", "web/step.html"], context, status=status)


def _sent(request: SignedInRequest, deployment: Deployment, step: journey.Step) -> dict[str, Any]:
    """What was typed into the fields that were shown, or that apply by now: a contradiction is refused, not dropped."""
    assert step.answers is not None  # noqa: S101
    everything = collect(step.answers, request.POST)
    answers = deployments.answers_of(deployment)
    applying = in_play.fields_of(step, deployment.profile, _with(answers, step, everything), everything)
    shown = request.POST.get("asked", "").split()
    return {name: value for name, value in everything.items() if name in applying or name in shown}


def _not_asked_yet(
    request: SignedInRequest, deployment: Deployment, step: journey.Step, typed: dict[str, Any]
) -> list[str]:
    """The questions that this very answer opened, where the page could not show them by itself (no JavaScript)."""
    if "asked" not in request.POST:
        return []
    answers = deployments.answers_of(deployment)
    applying = in_play.fields_of(step, deployment.profile, _with(answers, step, typed), typed)
    shown = request.POST["asked"].split()
    return [name for name in applying if name not in shown]


def _with(
    answers: dict[str, dict[str, Any]], step: journey.Step, values: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    known = {name: value for name, value in values.items() if value}
    return {**answers, step.id: {**answers.get(step.id, {}), **known}}


def _advice_for(sheet: Sheet, request: SignedInRequest) -> dict[str, Any]:
    """The form, and what the planning room says about what is in it."""
    advice = _ADVICE.get(sheet.step.id)
    more: dict[str, Any] = advice(sheet, request) if advice else {}
    answers = deployments.answers_of(sheet.deployment)
    problems = sheet.problem.fields if sheet.problem else ()
    applying = in_play.fields_of(
        sheet.step, sheet.deployment.profile, _with(answers, sheet.step, sheet.values), sheet.values
    )
    wrong = {problem.path.partition(".")[0] for problem in problems}
    shown = [name for name in sheet.model.model_fields if name in applying or name in wrong]
    form = step_form(
        sheet.model,
        sheet.values,
        problems,
        only=shown,
        options=more.pop("options", None),
        widgets=more.pop("widgets", None),
        helps=more.pop("helps", None),
    )
    return {
        "deployment": sheet.deployment,
        "step": sheet.step,
        "form": form,
        "asked": " ".join(shown),
        "component": primary_component(sheet.deployment),
        **more,
    }


def _source(sheet: Sheet, request: SignedInRequest) -> dict[str, Any]:
    answers = deployments.answers_of(sheet.deployment)
    known = {name: value for name, value in sheet.values.items() if value}
    route = guidance.route(
        sheet.deployment.profile, {**answers, "source": {**answers.get("source", {}), **known}}
    )
    # Before anything is chosen the rules assume VMware, which must not read as if it had been answered.
    rules = [rule for rule in route.applying if known.get("protects") or rule.effect != "recommend"]
    return {"rules": rules, "method": known.get("method")}


def _capacity(sheet: Sheet, request: SignedInRequest) -> dict[str, Any]:
    component: Any = primary_component(sheet.deployment)
    return {
        "advice": guidance.size(sheet.deployment.profile, sheet.values, component=component),
        "on_datastore": "vmware_host" in circumstances_of(sheet.deployment),
    }


def _vault(sheet: Sheet, request: SignedInRequest) -> dict[str, Any]:
    clouds = {option.value: str(option.label) for option in options_of(sheet.model, "cloud")}
    grouped: list[tuple[str, Any]] = [("", gettext("Choose…"))]
    grouped += [
        (clouds.get(cloud, cloud), [(region.name, region.display_name) for region in regions])
        for cloud, regions in guidance.regions().items()
    ]
    more: dict[str, Any] = {"widgets": {"region": forms.Select(choices=grouped)}}
    if primary_component(sheet.deployment) == "ps_scaleout":
        more["helps"] = {
            "private_endpoints": gettext("Then the process server reaches Azure over private links as well."),
            "confirm_name": gettext("The process server follows its configuration server, for good."),
        }
    return more | vault_findings.context(
        sheet.deployment, sheet.values, actor=request.user, subscription=request.GET.get("seen_in", "")
    )


_ADVICE: Final[dict[str, Callable[[Sheet, SignedInRequest], dict[str, Any]]]] = {
    "source": _source,
    "capacity": _capacity,
    "vault": _vault,
}
