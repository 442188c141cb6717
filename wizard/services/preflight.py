"""Preflight: gather facts side by side, judge every requirement, keep each result with where it was seen from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from wizard.checks.engine import judge_all
from wizard.checks.requirement import Requirement
from wizard.journey import base as journey
from wizard.journey.errors import FieldError
from wizard.models import CheckResult, Deployment, Task
from wizard.services import deployment_progress
from wizard.services.applicable import fingerprint, requirements_for
from wizard.services.errors import Invalid
from wizard.services.facts import observe
from wizard.services.results import (
    REPORT_FORMATS,
    ReportFormat,
    as_result,
    count_by_status,
    decide,
    export,
    latest_results,
    latest_run,
    outdated,
    verdict_of,
)
from wizard.services.settlement import settle
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.waivers import approve_waiver, take_back_waiver, waive
from wizard.text import Text, _

__all__ = [
    "REPORT_FORMATS",
    "ReportFormat",
    "approve_waiver",
    "export",
    "latest_results",
    "latest_run",
    "outdated",
    "prepare",
    "requirements_for",
    "run",
    "take_back_waiver",
    "unanswered",
    "unanswered_among",
    "verdict_of",
    "waive",
]


def unanswered(deployment: Deployment) -> tuple[Text, ...]:
    """The titles of the steps that must be answered, and proven, before there is something to check."""
    return unanswered_among(deployment_progress.overview(deployment), deployment.profile)


def unanswered_among(steps: Iterable[journey.StepStatus], profile: str) -> tuple[Text, ...]:
    """The same of an overview that somebody has already."""
    needed = journey.step(profile, "preflight").requires
    return tuple(
        Text(status.step.title)
        for status in steps
        if status.step.id in needed and status.status not in ("complete", "not_applicable")
    )


# --- the task ---------------------------------------------------------------------------------------------------------


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """`only` in the inputs names requirements (or is "failed"): the others keep the results of the run before."""
    missing = unanswered(deployment)
    if missing:
        return Prepared(missing=missing)
    only = inputs.get("only")
    if only is None:
        return Prepared()
    if only != "failed" and not (isinstance(only, list) and all(isinstance(row_id, str) for row_id in only)):
        problem = Text(_("Give a list of requirement ids, or “failed”."))
        raise Invalid([FieldError(path="only", message=problem, code="invalid")])
    known = {requirement.id for requirement in requirements_for(deployment)}
    # What failed when other answers were given may not be asked for any more.
    wanted = [row for row in _unsettled(deployment) if row in known] if only == "failed" else only
    strange = sorted(set(wanted) - known)
    if strange:
        problem = Text(_("These are not requirements of this deployment: %(ids)s."), ids=strange)
        raise Invalid([FieldError(path="only", message=problem, code="unknown_requirement")])
    return Prepared(inputs={"only": sorted(wanted)} if wanted else {})


def run(progress: Progress) -> Done:
    task = progress.task
    deployment = task.deployment
    rows = requirements_for(deployment)
    kept = (
        {}
        if "only" not in task.inputs
        else {row.requirement_id: row for row in _results_that_hold(deployment)}
    )
    # A requirement that no earlier run answers for is looked at in any case: what was left out would block nothing.
    chosen = _with_required(
        rows, [row.id for row in rows if row.id in task.inputs.get("only", ()) or row.id not in kept]
    )
    sheet = observe(progress, chosen, upto=90)
    progress.phase(Text(_("Judging")), 92)
    findings = judge_all(chosen, sheet, now=timezone.now())
    fresh = {finding.requirement_id: finding for finding in findings}
    results = [
        as_result(task, position, fresh[row.id])
        if row.id in fresh
        else _as_kept(task, position, kept[row.id])
        for position, row in enumerate(rows)
        if row.id in fresh or row.id in kept
    ]
    verdict = decide(deployment, results)

    def commit() -> None:
        CheckResult.objects.bulk_create(results)
        settle(deployment, verdict)

    summary = (
        Text.counted(
            "%(count)s finding blocks the deployment.",
            "%(count)s findings block the deployment.",
            "count",
            count=len(verdict.blocking),
        )
        if verdict.blocked
        else Text(_("Nothing blocks the deployment."))
    )
    return Done(
        summary=summary,
        result={
            "blocked": verdict.blocked,
            "blocking": list(verdict.blocking),
            "counts": count_by_status(results),
            "requirements_sha256": fingerprint(rows),
        },
        commit=commit,
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _results_that_hold(deployment: Deployment) -> list[CheckResult]:
    """The newest results, as long as no answer was given since: of other answers they prove nothing."""
    return [] if outdated(deployment) else latest_results(deployment)


def _unsettled(deployment: Deployment) -> list[str]:
    return [
        row.requirement_id
        for row in latest_results(deployment)
        if row.status in ("fail", "unknown", "skipped", "warn")
    ]


def _with_required(rows: tuple[Requirement, ...], only: list[str]) -> tuple[Requirement, ...]:
    by_id = {row.id: row for row in rows}
    chosen: set[str] = set()
    waiting = list(only)
    while waiting:
        row_id = waiting.pop()
        if row_id not in chosen and row_id in by_id:
            chosen.add(row_id)
            waiting.extend(by_id[row_id].requires)
    return tuple(row for row in rows if row.id in chosen)


def _as_kept(task: Task, position: int, row: CheckResult) -> CheckResult:
    row.pk, row._state.adding = None, True
    row.task, row.position = task, position
    return row
