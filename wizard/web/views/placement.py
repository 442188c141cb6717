"""The placement step: pick lists of what the vCenter has, with what cannot be used and why."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from wizard.journey import base as journey
from wizard.journey import placement as answers
from wizard.models import Deployment, Task
from wizard.services import deployments, evidence, tasks
from wizard.services.errors import UserError
from wizard.web import live, stepping
from wizard.web.forms import collect, step_form
from wizard.web.guard import SignedInRequest
from wizard.web.problems import say
from wizard.web.stepping import Sheet

PICKED = ("datacenter", "folder", "compute", "datastore", "network")


def show(request: SignedInRequest, deployment: Deployment, step: journey.Step) -> HttpResponse:
    sheet = stepping.stored(deployment, step)
    if request.method == "POST" and request.POST.get("action") == "refresh":
        return refresh(request, deployment)
    if request.method == "POST":
        typed = collect(answers.PlacementAnswers, request.POST)
        if request.POST.get("action") == "show":
            # Without JavaScript: only look what fits what was chosen.
            sheet.values |= typed
            return _page(request, sheet)
        try:
            deployments.answer(
                deployment, step.id, typed, actor=request.user, version=stepping.version_in(request)
            )
        except UserError as error:
            sheet = stepping.refused(deployment, step, typed, error)
        else:
            return stepping.moved_on(request, deployment, step)
    elif request.htmx:
        sheet.values |= collect(answers.PlacementAnswers, request.GET)
        return _page(request, sheet, template="web/steps/placement.html#fields")
    return _page(request, sheet)


def refresh(request: SignedInRequest, deployment: Deployment) -> HttpResponse:
    """Read the inventory again, with the account that is known to be good."""
    try:
        tasks.launch("sign_in_vcenter", deployment=deployment, actor=request.user)
    except UserError as error:
        if error.code == "not_allowed":
            raise
        say(request, error)
    return live.shown_at(request)


def reading(deployment: Deployment) -> Task | None:
    """The task that reads the inventory right now."""
    task = evidence.newest(deployment, "sign_in_vcenter")
    return task if task and task.active else None


def _page(
    request: SignedInRequest, sheet: Sheet, *, template: str = "web/steps/placement.html"
) -> HttpResponse:
    deployment = sheet.deployment
    inventory = evidence.inventory_of(deployment)
    sizing = evidence.sizing_of(deployment)
    need_gb = sizing.need_gb if sizing else 0
    sheet.values.setdefault("vm_name", answers.default_vm_name(deployment.name))
    offered: dict[str, Any] = answers.choices(inventory, _picked(sheet.values), need_gb) if inventory else {}
    _forget_what_is_not_offered(sheet, offered)
    under_way = reading(deployment)
    top = gettext("Top of the datacenter")
    context = stepping.context(request, sheet) | {
        "form": step_form(
            answers.PlacementAnswers,
            sheet.values,
            sheet.problem.fields if sheet.problem else (),
            options={name: _without_top(name, offered.get(name, [])) for name in PICKED},
            # Seen only while there is nothing to choose from.
            widgets={"folder": forms.Select(choices=[("", top)])}
            | {
                name: forms.Select(choices=[("", gettext("Choose the datacenter first"))])
                for name in PICKED[2:]
            },
        ),
        "inventory_known": inventory is not None,
        "read_at": _read_at(deployment),
        "need_gb": need_gb,
        "live": live.follow(under_way, at="placement") if under_way else None,
        "top_folder": top,
        "vcenter_url": reverse("step", args=[deployment.pk, "vcenter"]),
    }
    return render(request, template, context, status=sheet.status)


def _without_top(name: str, choices: list[Any]) -> list[Any]:
    # The top of the datacenter is the empty path: the pick list's first line says so already.
    return [choice for choice in choices if name != "folder" or choice.value]


def _picked(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in PICKED if values.get(name)}


def _forget_what_is_not_offered(sheet: Sheet, offered: dict[str, Any]) -> None:
    """A choice of the datacenter before would stay behind unseen; a message about it is kept with what was sent."""
    if sheet.problem is not None:
        return
    for name, choices in offered.items():
        if choices and sheet.values.get(name) not in {choice.value for choice in choices}:
            sheet.values.pop(name, None)
    only = [choice.value for choice in offered.get("datacenter", []) if choice.usable]
    if len(only) == 1:
        sheet.values.setdefault("datacenter", only[0])


def _read_at(deployment: Deployment) -> Any:
    row = deployment.steps.filter(step="vcenter").first()
    proof = evidence.signed_in(deployment, row.data) if row and row.data else None
    return proof.finished_at if proof else None
