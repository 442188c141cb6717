"""The results of preflight and of the verification after it, with their evidence: filtered, run again, taken away as a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django import forms
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from wizard.models import CheckResult, CheckStatus, Deployment, DeploymentState, Waiver
from wizard.models.task import ACTIVE_STATES
from wizard.services import answers as given
from wizard.services import attested, deployments, explanations
from wizard.services import results as found
from wizard.services.applicable import requirements_for
from wizard.services.errors import UserError
from wizard.services.explanations import Phase
from wizard.services.permissions import may
from wizard.web import live, steps
from wizard.web.check_lines import OWNERS, Lines
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import say
from wizard.web.tabs import tabs_of
from wizard.web.views import waivers, work

_MEDIA_ENDING: Final = {"json": "json", "junit": "xml", "markdown": "md", "html": "html", "sarif": "sarif"}
# Names of formats, the same in every language.
_FORMATS: Final = {
    "json": "JSON",
    "junit": "JUnit",
    "markdown": "Markdown",
    "html": "HTML",
    "sarif": "SARIF",
}
_REPORT_NAMES: Final[dict[Phase, str]] = {"before": "preflight", "after": "verification"}
_FOLLOWED: Final = ("preflight", "verify_installation", "collect_facts")


class Filters(forms.Form):
    status = forms.ChoiceField(required=False)
    owner = forms.ChoiceField(required=False)
    kind = forms.ChoiceField(required=False)
    phase = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        for name, label, choices in (
            ("status", gettext("Result"), CheckStatus.choices),
            ("owner", gettext("Who can fix it"), list(OWNERS.items())),
            ("kind", gettext("How it is settled"), list(explanations.KIND_WORDS.items())),
            ("phase", gettext("When"), list(explanations.PHASE_WORDS.items())),
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
    # Before what it leads to: a task that ends meanwhile is followed once more, rather than its outcome missed.
    active = (
        deployment.tasks.filter(kind__in=_FOLLOWED, state__in=ACTIVE_STATES).order_by("-queued_at").first()
    )
    # Read once for everything below that asks for answers and waivers.
    people = Waiver.objects.select_related("asked_by", "approved_by")
    prefetch_related_objects([deployment], "steps", Prefetch("waivers", people))
    before = found.latest_results(deployment)
    after = found.latest_results(deployment, "after")
    waived = {row.requirement_id: row for row in deployment.waivers.all()}
    lines = Lines(
        deployment=deployment,
        requirements={
            "before": {row.id: row for row in requirements_for(deployment)},
            "after": {row.id: row for row in requirements_for(deployment, "after")},
        },
        answers=attested.stored(deployment),
        waivers=waived,
        may_change=may(request.user, "task.launch", deployment)
        and deployment.state != DeploymentState.DECOMMISSIONED,
        now=timezone.now(),
    )
    rows = [*before, *after]
    old = sum(lines.old(row, "before") for row in before) + sum(lines.old(row, "after") for row in after)
    sections = [_section(lines, before, "before", chosen), _section(lines, after, "after", chosen)]
    context = steps.frame(deployment, None, [], title=gettext("Checks")) | {
        "tabs": tabs_of(deployment, "checks"),
        "filters": filters,
        "filtered": bool(chosen),
        "sections": sections,
        "nothing": not any(section["groups"] for section in sections),
        "counts": [
            {
                "status": status.value,
                "label": status.label,
                "number": sum(row.status == status for row in rows),
            }
            for status in CheckStatus
        ],
        "total": len(rows),
        "verified": bool(after),
        "verifiable": _may_be_set_up(deployment, given.answers_in_play(deployment)),
        "unsettled": any(row.status in ("fail", "unknown", "skipped", "warn") for row in before),
        "verdict": found.decide(deployment, before) if before else None,
        "verdict_after": found.decide(deployment, after) if after else None,
        "run": found.latest_run(deployment),
        "old": old,
        "collect": str(given.answers_in_play(deployment).get("evidence", {}).get("way", "")) if old else "",
        "waiting": waivers.waiting(
            waived.values(),
            {row.id: row.title for known in lines.requirements.values() for row in known.values()},
            request.user,
        ),
        "unchecked": explanations.not_checked(deployment)
        if chosen.keys() <= {"kind"} and chosen.get("kind", "listed") == "listed"
        else (),
        "live": live.follow(active, at="checks") if active else None,
    }
    return render(request, "web/checks.html", context)


@page
@require_POST
def run(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Run all checks, those that did not pass, or one."""
    only = request.GET.get("only") or request.POST.get("only", "")
    inputs: dict[str, Any] = {} if not only else {"only": "failed"} if only == "failed" else {"only": [only]}
    return _started(request, pk, "preflight", inputs)


@page
@require_POST
def verify(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Judge what must be true of a machine that is set up."""
    return _started(request, pk, "verify_installation")


@page
@require_POST
def collect(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Ask the target machine again."""
    return _started(request, pk, "collect_facts")


@page
@require_safe
def report(request: SignedInRequest, pk: UUID, form: str) -> HttpResponse:
    """The findings of the preflight, or with `phase=after` those of the verification."""
    deployment = deployments.get(pk, actor=request.user)
    phase: Phase = "after" if request.GET.get("phase") == "after" else "before"
    text, media_type = found.export(deployment, form, phase)
    response = HttpResponse(text, content_type=f"{media_type}; charset=utf-8")
    # Always a download: the report brings its own style, which the policy of these pages would refuse.
    name = f"{deployment.name}-{_REPORT_NAMES[phase]}.{_MEDIA_ENDING[form]}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _started(
    request: SignedInRequest, pk: UUID, kind: str, inputs: dict[str, Any] | None = None
) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    try:
        work.start(request, deployment, kind, inputs or {})
    except UserError as error:
        if error.code == "not_allowed":
            raise
        say(request, error)
    return redirect("checks", deployment.pk)


def _section(
    lines: Lines, rows: list[CheckResult], phase: Phase, chosen: Mapping[str, str]
) -> dict[str, Any]:
    shown = [
        row
        for row in rows
        if chosen.get("phase", phase) == phase
        and chosen.get("kind", kind := lines.kind_of(row, phase)) == kind
        and all(getattr(row, name) == chosen[name] for name in ("status", "owner") if name in chosen)
    ]
    return {
        "phase": phase,
        "title": explanations.PHASE_WORDS[phase],
        "groups": lines.grouped(shown, phase),
        "formats": _formats(lines.deployment, phase) if rows else (),
    }


def _formats(deployment: Deployment, phase: Phase) -> list[tuple[str, str]]:
    return [
        (
            _FORMATS[form],
            reverse("check_report", args=[deployment.pk, form])
            + ("?phase=after" if phase == "after" else ""),
        )
        for form in found.REPORT_FORMATS
    ]


def _may_be_set_up(deployment: Deployment, answers: Mapping[str, Any]) -> bool:
    """Whether there may be a machine to verify. By hand it is set up outside, once the preflight lets it."""
    by_hand = "installation" in answers and deployment.state == DeploymentState.CHECKED
    return by_hand or not deployment.is_open
