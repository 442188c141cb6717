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
from wizard.services.errors import UserError
from wizard.web import stepping
from wizard.web.forms import collect, options_of, step_form
from wizard.web.guard import SignedInRequest
from wizard.web.stepping import Sheet


def show(request: SignedInRequest, deployment: Deployment, step: journey.Step) -> HttpResponse:
    assert step.answers is not None  # noqa: S101 - steps of work have a page of their own
    if request.method == "POST":
        typed = collect(step.answers, request.POST)
        try:
            deployments.answer(
                deployment, step.id, typed, actor=request.user, version=stepping.version_in(request)
            )
        except UserError as error:
            sheet = stepping.refused(deployment, step, typed, error)
        else:
            return stepping.moved_on(request, deployment, step)
    else:
        sheet = stepping.stored(deployment, step)
    if request.htmx and "advice" in request.GET:
        sheet.values |= collect(step.answers, request.GET)
        return render(request, f"web/steps/{step.id}_advice.html", _advice_for(sheet))
    more = _advice_for(sheet)
    form = step_form(
        step.answers,
        sheet.values,
        sheet.problem.fields if sheet.problem else (),
        options=more.pop("options", None),
        widgets=more.pop("widgets", None),
    )
    context = stepping.context(request, sheet) | more | {"form": form}
    return render(request, [f"web/steps/{step.id}.html", "web/step.html"], context, status=sheet.status)


def _advice_for(sheet: Sheet) -> dict[str, Any]:
    advice = _ADVICE.get(sheet.step.id)
    return {"deployment": sheet.deployment, "step": sheet.step, **(advice(sheet) if advice else {})}


def _source(sheet: Sheet) -> dict[str, Any]:
    answers = deployments.answers_of(sheet.deployment)
    known = {name: value for name, value in sheet.values.items() if value}
    route = guidance.route(
        sheet.deployment.profile, {**answers, "source": {**answers.get("source", {}), **known}}
    )
    # Before anything is chosen the rules assume VMware, which must not read as if it had been answered.
    rules = [rule for rule in route.applying if known.get("protects") or rule.effect != "recommend"]
    return {"rules": rules}


def _capacity(sheet: Sheet) -> dict[str, Any]:
    return {"advice": guidance.size(sheet.deployment.profile, sheet.values)}


def _vault(sheet: Sheet) -> dict[str, Any]:
    clouds = {option.value: str(option.label) for option in options_of(sheet.model, "cloud")}
    grouped: list[tuple[str, Any]] = [("", gettext("Choose…"))]
    grouped += [
        (clouds.get(cloud, cloud), [(region.name, region.display_name) for region in regions])
        for cloud, regions in guidance.regions().items()
    ]
    return {"widgets": {"region": forms.Select(choices=grouped)}}


_ADVICE: Final[dict[str, Callable[[Sheet], dict[str, Any]]]] = {
    "source": _source,
    "capacity": _capacity,
    "vault": _vault,
}
