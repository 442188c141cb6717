"""The template step: which one, what is inside, what its networks become, its licence."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from wizard.journey import base as journey
from wizard.journey import placement
from wizard.journey.errors import FieldError
from wizard.journey.template import TemplateAnswers
from wizard.models import Deployment, Task
from wizard.services import (
    deployments,
    evidence,
    tasks,
    template_contents,
    template_passwords,
    templates,
)
from wizard.services.errors import UserError
from wizard.services.template_contents import Contents
from wizard.web import live, stepping, template_questions
from wizard.web.forms import Option, ShownForm, collect, step_form
from wizard.web.guard import SignedInRequest
from wizard.web.stepping import Sheet
from wizard.web.templatetags import number_gb

WHERE: Final = ("source", "file", "url", "sha256")
MAPPED: Final = ("networks", "deployment_option", "accept_license", "properties")


def show(request: SignedInRequest, deployment: Deployment, step: journey.Step) -> HttpResponse:
    if request.method != "POST":
        return _page(request, stepping.stored(deployment, step))
    if request.POST.get("action") == "inspect":
        typed = collect(TemplateAnswers, request.POST, only=WHERE)
        try:
            _inspect(request, deployment, typed)
        except UserError as error:
            if error.code != "task_running":
                return _page(request, stepping.refused(deployment, step, typed, error), failed_part="inspect")
        return live.shown_at(request)
    saved, _version = deployments.form_of(deployment, step.id)
    typed = collect(TemplateAnswers, request.POST, only=MAPPED)
    # An emptied property is none: the template's own value holds.
    typed["properties"] = {name: value for name, value in typed["properties"].items() if value.strip()}
    answers = {name: saved[name] for name in WHERE if saved.get(name)} | typed
    try:
        # Sealed before the answers are judged: what was typed there once need not be typed again.
        if passwords := template_questions.passwords_in(request.POST):
            template_passwords.give(deployment, passwords, actor=request.user)
        deployments.answer(
            deployment, step.id, answers, actor=request.user, version=stepping.version_in(request)
        )
    except UserError as error:
        return _page(request, stepping.refused(deployment, step, answers, error), failed_part="map")
    return stepping.moved_on(request, deployment, step)


def _inspect(request: SignedInRequest, deployment: Deployment, typed: dict[str, Any]) -> None:
    before, _version = deployments.form_of(deployment, "template")
    unused = ("url", "sha256") if typed.get("source") == "folder" else ("file",)
    wanted = {name: value for name, value in typed.items() if name not in unused}
    same = all((before.get(name) or "") == (wanted.get(name) or "") for name in WHERE)
    # Networks of another template are no answer for this one.
    kept = {name: value for name, value in before.items() if same and name not in WHERE}
    deployments.keep_draft(
        deployment, "template", wanted | kept, actor=request.user, version=stepping.version_in(request)
    )
    tasks.launch("inspect_template", deployment=deployment, actor=request.user, inputs=wanted)


def _page(request: SignedInRequest, sheet: Sheet, *, failed_part: str = "") -> HttpResponse:
    deployment = sheet.deployment
    problems = sheet.problem.fields if sheet.problem else ()
    saved, _version = deployments.form_of(deployment, "template")
    newest = evidence.newest(deployment, "inspect_template")
    seen = evidence.inspected(deployment, saved) if saved.get("file") or saved.get("url") else None
    report = seen.result if seen else None
    inside = template_contents.contents(report) if report else None
    files = templates.offered()
    context = stepping.context(request, sheet) | {
        "where_form": _where_form(sheet, files, problems if failed_part == "inspect" else ()),
        "no_files": not files,
        "folder": str(settings.TEMPLATE_DIR),
        "live": live.follow(newest, at="template") if newest and newest.active else None,
        "inspect_failed": _failure(newest, saved),
        "report": report,
        "seen": seen,
        "inside": inside,
        "form": _map_form(deployment, sheet, report, inside, problems if failed_part == "map" else ())
        if report and inside
        else None,
    }
    return render(request, "web/steps/template.html", context, status=sheet.status)


def _where_form(
    sheet: Sheet, files: list[templates.TemplateFile], problems: tuple[FieldError, ...]
) -> ShownForm:
    offered = [
        Option(
            value=file.name,
            label=file.name,
            detail=gettext("folder, %(size)s") % {"size": number_gb(file.size_gb)}
            if file.is_folder
            else number_gb(file.size_gb),
        )
        for file in files
    ]
    form = step_form(
        TemplateAnswers,
        sheet.values,
        problems,
        only=WHERE,
        options={"file": offered},
        widgets={"file": forms.Select(choices=[("", gettext("No template there"))])},
    )
    # Which of them is asked for follows from the first answer: none of them is simply optional.
    for field in form.fields.values():
        field.required = True
    return form


def _map_form(
    deployment: Deployment,
    sheet: Sheet,
    report: dict[str, Any],
    inside: Contents,
    problems: tuple[FieldError, ...],
) -> ShownForm:
    networks = report["descriptor"]["networks"]
    answers = deployments.answers_of(deployment).get("placement", {})
    inventory = evidence.inventory_of(deployment)
    sizing = evidence.sizing_of(deployment)
    offered = (
        placement.choices(inventory, answers, sizing.need_gb if sizing else 0)["network"] if inventory else []
    )
    values = dict(sheet.values) | template_questions.suggested(inside, sheet.values)
    # The network of the placement is the likely answer for the first one; it can be changed.
    likely = {network: answers.get("network", "") for network in networks[:1]}
    values["networks"] = likely | dict(sheet.values.get("networks") or {})
    extra = {
        **template_questions.of_options(inside),
        **template_questions.of_networks(networks, offered),
        **template_questions.of_properties(inside, template_passwords.states(deployment)),
    }
    return step_form(TemplateAnswers, values, problems, only=("accept_license",), extra=extra)


def _failure(task: Task | None, saved: dict[str, Any]) -> dict[str, Any] | None:
    """How the newest inspection failed, where it was one of what is chosen now."""
    if task is None or any(
        (task.inputs.get(name) or "") != (saved.get(name) or "") for name in ("file", "url")
    ):
        return None
    return live.failure_of(task)
