"""The results of preflight with their evidence: filtered, run again, waived, taken away as a report."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wizard.journey.errors import FieldError
from wizard.models import CheckResult, CheckStatus, Deployment
from wizard.services import deployments, evidence, explanations, preflight
from wizard.services.errors import Invalid, NotFound, UserError
from wizard.services.permissions import may, require
from wizard.text import Text, _
from wizard.web import live, steps
from wizard.web.forms import Shown, ShownForm
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem, say
from wizard.web.tabs import tabs_of
from wizard.web.views import work

OWNERS: Final = {
    "vsphere": _lazy("vSphere administrators"),
    "windows": _lazy("Windows administrators"),
    "network": _lazy("Network administrators"),
    "azure": _lazy("Azure administrators"),
    "operator": _lazy("You, in this wizard"),
}
_MEDIA_ENDING: Final = {"json": "json", "junit": "xml", "markdown": "md", "html": "html"}
# Names of formats, the same in every language.
_FORMATS: Final = {"json": "JSON", "junit": "JUnit", "markdown": "Markdown", "html": "HTML"}


class Filters(forms.Form):
    status = forms.ChoiceField(required=False)
    owner = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        for name, label, choices in (
            ("status", gettext("Result"), CheckStatus.choices),
            ("owner", gettext("Who can fix it"), list(OWNERS.items())),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
            field.label = label
            field.choices = [("", gettext("All")), *choices]


@page
@require_safe
def results(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    filters = Filters(request.GET)
    chosen = {
        name: value for name, value in (filters.cleaned_data if filters.is_valid() else {}).items() if value
    }
    found = preflight.latest_results(deployment)
    shown = [row for row in found if all(getattr(row, name) == value for name, value in chosen.items())]
    newest = evidence.newest(deployment, "preflight")
    context = steps.frame(deployment, None, [], title=gettext("Checks")) | {
        "tabs": tabs_of(deployment, "checks"),
        "form": filters,
        "filtered": bool(chosen),
        "groups": _grouped(deployment, shown, may(request.user, "operate")),
        "counts": [
            {
                "status": status.value,
                "label": status.label,
                "number": sum(row.status == status for row in found),
            }
            for status in CheckStatus
        ],
        "total": len(found),
        "unsettled": any(row.status in ("fail", "unknown", "skipped", "warn") for row in found),
        "verdict": preflight.verdict_of(deployment),
        "run": preflight.latest_run(deployment),
        "live": live.follow(newest, at="checks") if newest and newest.active else None,
        "failed": newest if newest and newest.state == "failed" else None,
        "formats": [
            (_FORMATS[form], reverse("check_report", args=[deployment.pk, form]))
            for form in preflight.REPORT_FORMATS
        ],
    }
    return render(request, "web/checks.html", context)


@page
@require_POST
def run(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Run all checks, those that did not pass, or one."""
    deployment = deployments.get(pk, actor=request.user)
    only = request.GET.get("only") or request.POST.get("only", "")
    inputs: dict[str, Any] = {} if not only else {"only": "failed"} if only == "failed" else {"only": [only]}
    try:
        work.start(request, deployment, "preflight", inputs)
    except UserError as error:
        if error.code == "not_allowed":
            raise
        say(request, error)
    return redirect("checks", deployment.pk)


@page
@require_safe
def report(request: SignedInRequest, pk: UUID, form: str) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    text, media_type = preflight.export(deployment, form)
    response = HttpResponse(text, content_type=f"{media_type}; charset=utf-8")
    # Always a download: the report brings its own style, which the policy of these pages would refuse.
    response["Content-Disposition"] = (
        f'attachment; filename="{deployment.name}-preflight.{_MEDIA_ENDING[form]}"'
    )
    return response


@page
@require_http_methods(["GET", "HEAD", "POST"])
def waive(request: SignedInRequest, pk: UUID, requirement_id: str) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    require(request.user, "operate")
    result = next(
        (row for row in preflight.latest_results(deployment) if row.requirement_id == requirement_id), None
    )
    if result is None:
        raise NotFound(Text(_("There is no result of that requirement.")))
    waiver = deployment.waivers.filter(requirement_id=requirement_id).first()
    values = {"reason": waiver.reason if waiver else "", "until": waiver.until.isoformat() if waiver else ""}
    problem = None
    if request.method == "POST":
        values = {"reason": request.POST.get("reason", ""), "until": request.POST.get("until", "")}
        try:
            preflight.waive(
                deployment,
                requirement_id,
                reason=values["reason"],
                until=_day(values["until"]),
                actor=request.user,
            )
        except Invalid as error:
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("%(id)s is waived.") % {"id": requirement_id})
            return redirect(f"{reverse('checks', args=[deployment.pk])}#check-{requirement_id}")
    fields = {
        "reason": Shown(
            label=gettext("Reason"),
            help_text=gettext("Why this may stay as it is. It is part of every report."),
            widget=forms.Textarea({"rows": 4, "maxlength": 1000}),
        ),
        "until": Shown(
            label=gettext("Until"),
            help_text=gettext("The last day on which it is accepted."),
            widget=forms.DateInput({"type": "date", "min": timezone.localdate().isoformat()}),
            width=20,
        ),
    }
    context = steps.frame(deployment, None, [], title=requirement_id) | {
        "result": result,
        "requirement": next(
            (row for row in preflight.requirements_for(deployment) if row.id == requirement_id), None
        ),
        "waiver": waiver,
        "form": ShownForm(fields, values, problem.fields if problem else ()),
    }
    context["crumbs"].insert(-1, {"label": gettext("Checks"), "url": reverse("checks", args=[deployment.pk])})
    return render(request, "web/waive.html", context, status=problem.status if problem else 200)


@page
@require_POST
def take_back(request: SignedInRequest, pk: UUID, requirement_id: str) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    preflight.take_back_waiver(deployment, requirement_id, actor=request.user)
    messages.success(request, gettext("The waiver of %(id)s is taken back.") % {"id": requirement_id})
    return redirect("checks", deployment.pk)


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        text = Text(
            _("“%(found)s” is not a date. Expected is a day such as 2026-12-31."), found=typed.strip()
        )
        raise Invalid([FieldError(path="until", message=text, code="not_a_date")]) from None


def _grouped(deployment: Deployment, rows: list[CheckResult], may_change: bool) -> list[dict[str, Any]]:
    waivers = {
        row.requirement_id: row for row in deployment.waivers.select_related("asked_by", "approved_by")
    }
    known = {row.id: row for row in preflight.requirements_for(deployment)}
    order = list(explanations.CATEGORY_WORDS)
    ordered = sorted(rows, key=lambda row: (order.index(row.category), row.position))
    groups = []
    for category, members in groupby(ordered, key=lambda row: row.category):
        lines = []
        for row in members:
            row.details = [Text.from_json(detail) for detail in row.details]
            requirement = known.get(row.requirement_id)
            waiver = waivers.get(row.requirement_id)
            waivable = requirement is not None and requirement.waivable and row.status != "pass"
            address = [deployment.pk, row.requirement_id]
            lines.append(
                {
                    "result": row,
                    "requirement": requirement,
                    "owner": OWNERS.get(row.owner, row.owner),
                    "waiver": waiver if waiver and waiver.in_force else None,
                    "rerun_url": f"{reverse('run_checks', args=[deployment.pk])}?only={row.requirement_id}"
                    if may_change and row.status != "pass"
                    else "",
                    "waive_url": reverse("waive", args=address)
                    if may_change and waivable and deployment.is_open
                    else "",
                }
            )
        groups.append({"title": explanations.CATEGORY_WORDS[category], "lines": lines})
    return groups
