"""Preflight: gather facts side by side, judge every requirement, keep each result with where it was seen from."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date
from typing import Any, Literal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from wizard.checks import catalogue, report
from wizard.checks.engine import Collector, Finding, Gate, gate, gather, judge_all
from wizard.checks.requirement import Requirement
from wizard.journey import base as journey
from wizard.journey.errors import FieldError
from wizard.models import CheckResult, Deployment, DeploymentState, Operator, Task, TaskState, Waiver
from wizard.services import audit, deployments, evidence
from wizard.services.errors import Invalid, NotFound
from wizard.services.facts import collectors_for
from wizard.services.permissions import require
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.text import Text, _

REPORT_FORMATS = ("json", "junit", "markdown", "html")
ReportFormat = Literal["json", "junit", "markdown", "html"]


def requirements_for(deployment: Deployment) -> tuple[Requirement, ...]:
    """What applies to this deployment before its machine exists."""
    answers = deployments.answers_of(deployment)
    return catalogue.load(deployment.profile).select(
        method=answers.get("source", {}).get("method"),
        phase="before",
        cloud=answers.get("vault", {}).get("cloud"),
    )


def unanswered(deployment: Deployment) -> tuple[Text, ...]:
    """The titles of the steps that must be answered, and proven, before there is something to check."""
    needed = journey.step(deployment.profile, "preflight").requires
    return tuple(
        Text(status.step.title)
        for status in deployments.overview(deployment)
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
    progress.phase(Text(_("Gathering facts")), 5)
    with ExitStack() as stack:
        wanted = {fact for row in chosen for fact in row.facts}
        collectors = _needed(collectors_for(deployments.answers_of(deployment), deployment, stack), wanted)
        done = 0

        def note(collector: Collector, ok: bool) -> None:
            nonlocal done
            done += 1
            title = Text(collector.name)
            name = Text(_("%(name)s: looked at."), name=title)
            failed = Text(_("%(name)s: could not be looked at."), name=title)
            (progress.info if ok else progress.warning)(name if ok else failed)
            progress.percent(5 + 85 * done / len(collectors))

        sheet = gather(collectors, should_stop=progress.should_stop, on_done=note)
    progress.phase(Text(_("Judging")), 92)
    findings = judge_all(chosen, sheet, now=timezone.now())
    fresh = {finding.requirement_id: finding for finding in findings}
    results = [
        _as_result(task, position, fresh[row.id])
        if row.id in fresh
        else _as_kept(task, position, kept[row.id])
        for position, row in enumerate(rows)
        if row.id in fresh or row.id in kept
    ]
    verdict = _gate(deployment, results)
    counts = {
        status: sum(row.status == status for row in results)
        for status in ("pass", "warn", "fail", "unknown", "skipped")
    }

    def commit() -> None:
        CheckResult.objects.bulk_create(results)
        settle(deployment, verdict)

    summary = (
        Text(_("%(count)s findings block the deployment."), count=len(verdict.blocking))
        if verdict.blocked
        else Text(_("Nothing blocks the deployment."))
    )
    return Done(
        summary=summary,
        result={"blocked": verdict.blocked, "blocking": list(verdict.blocking), "counts": counts},
        commit=commit,
    )


# --- results ----------------------------------------------------------------------------------------------------------


def latest_run(deployment: Deployment) -> Task | None:
    return (
        deployment.tasks.filter(kind="preflight", state=TaskState.SUCCEEDED).order_by("-finished_at").first()
    )


def latest_results(deployment: Deployment) -> list[CheckResult]:
    """The results of the newest finished run, in the order of the catalogue."""
    task = latest_run(deployment)
    return list(task.checks.all()) if task else []


def verdict_of(deployment: Deployment) -> Gate | None:
    """Whether the newest results block, with the waivers of today; None where preflight never ran."""
    results = latest_results(deployment)
    return _gate(deployment, results) if results else None


def outdated(deployment: Deployment) -> bool:
    """Whether the newest run judged other answers, or another template, than there are now."""
    run = latest_run(deployment)
    return run is None or _answered_since(run)


def settle(deployment: Deployment, verdict: Gate) -> None:
    """Let the deployment's state follow the verdict, as long as nothing is deployed."""
    deployment.refresh_from_db()
    if deployment.is_open:
        deployments.move_to(deployment, DeploymentState.DRAFT if verdict.blocked else DeploymentState.CHECKED)


def export(deployment: Deployment, form: str) -> tuple[str, str]:
    """The report of the newest results: its text and its media type. Raises NotFound for an unknown form, or no run."""
    results = latest_results(deployment)
    if form not in REPORT_FORMATS or not results:
        raise NotFound(
            Text(
                _("There is no such report: preflight must have run, and the format be one of %(formats)s."),
                formats=list(REPORT_FORMATS),
            )
        )
    found = report.Report(
        deployment=deployment.name,
        profile=deployment.profile,
        generated_at=timezone.now(),
        findings=[_as_finding(row, deployment) for row in results],
        waivers={waiver.requirement_id: waiver.reason for waiver in _waivers_in_force(deployment)},
    )
    match form:
        case "junit":
            return report.as_junit(found), "application/xml"
        case "markdown":
            return report.as_markdown(found), "text/markdown"
        case "html":
            return report.as_html(found, language=get_language() or "en"), "text/html"
    return report.as_json(found), "application/json"


# --- waivers ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def waive(
    deployment: Deployment, requirement_id: str, *, reason: str, until: date, actor: Operator
) -> Waiver:
    """Accept a requirement that is not met, until a day. Raises NotFound, Invalid (`not_waivable` among its codes)."""
    require(actor, "operate")
    deployments.hold(deployment)
    # The verdict under which a task works must not change beneath it.
    deployments.refuse_while_changing(deployment)
    requirement = _find(deployment, requirement_id)
    errors = []
    if not requirement.waivable:
        text = Text(_("%(id)s cannot be waived: nothing would work without it."), id=requirement_id)
        errors.append(FieldError(path="", message=text, code="not_waivable"))
    if not reason.strip():
        text = Text(_("Say why this may be left as it is; reviewers will read it."))
        errors.append(FieldError(path="reason", message=text, code="missing"))
    if until < timezone.localdate():
        text = Text(_("The last day lies in the past; choose today or a later day."))
        errors.append(FieldError(path="until", message=text, code="past"))
    if errors:
        raise Invalid(errors)
    waiver, _created = Waiver.objects.update_or_create(
        deployment=deployment,
        requirement_id=requirement_id,
        defaults={
            "reason": reason.strip(),
            "until": until,
            "asked_by": actor,
            "asked_at": timezone.now(),
            "approved_by": actor,
            "approved_at": timezone.now(),
        },
    )
    audit.record(
        "waiver.granted",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s waived %(id)s until %(until)s: %(reason)s"),
            who=actor.username,
            id=requirement_id,
            until=until.isoformat(),
            reason=reason.strip(),
        ),
    )
    _settle_by_waivers(deployment)
    return waiver


@transaction.atomic
def take_back_waiver(deployment: Deployment, requirement_id: str, *, actor: Operator) -> None:
    require(actor, "operate")
    deployments.hold(deployment)
    deployments.refuse_while_changing(deployment)
    deleted, _rows = deployment.waivers.filter(requirement_id=requirement_id).delete()
    if not deleted:
        raise NotFound(Text(_("%(id)s is not waived."), id=requirement_id))
    audit.record(
        "waiver.taken_back",
        subject=deployment,
        actor=actor,
        sentence=Text(_("%(who)s took back the waiver of %(id)s."), who=actor.username, id=requirement_id),
    )
    _settle_by_waivers(deployment)


# --- inside -----------------------------------------------------------------------------------------------------------


def _find(deployment: Deployment, requirement_id: str) -> Requirement:
    requirement = catalogue.load(deployment.profile).get(requirement_id)
    if requirement is None:
        raise NotFound(Text(_("There is no requirement %(id)s."), id=requirement_id))
    return requirement


def _settle_by_waivers(deployment: Deployment) -> None:
    # Results count only while they are of the present answers; a changed answer took the state back to draft, and an old
    # run must not lift it again by way of a waiver.
    verdict = verdict_of(deployment)
    if verdict is not None and (verdict.blocked or not outdated(deployment)):
        settle(deployment, verdict)


def _answered_since(run: Task) -> bool:
    answered = run.deployment.steps.filter(data__isnull=False, changed_at__gt=run.queued_at)
    return answered.exists() or evidence.template_replaced_since(run.deployment, run.queued_at)


def _results_that_hold(deployment: Deployment) -> list[CheckResult]:
    """The newest results, as long as no answer was given since: of other answers they prove nothing."""
    return [] if outdated(deployment) else latest_results(deployment)


def _waivers_in_force(deployment: Deployment) -> list[Waiver]:
    return [waiver for waiver in deployment.waivers.all() if waiver.in_force]


def _gate(deployment: Deployment, results: Iterable[CheckResult]) -> Gate:
    waived = {waiver.requirement_id for waiver in _waivers_in_force(deployment)}
    return gate([_as_finding(row, deployment) for row in results], waived)


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


def _needed(collectors: list[Collector], wanted: set[str]) -> list[Collector]:
    """Those that bring a wanted fact, and those that these must follow."""
    by_name = {collector.name: collector for collector in collectors}
    names = {collector.name for collector in collectors if wanted.intersection(collector.provides)}
    waiting = list(names)
    while waiting:
        for before in by_name[waiting.pop()].after:
            if before not in names:
                names.add(before)
                waiting.append(before)
    return [collector for collector in collectors if collector.name in names]


def _as_result(task: Task, position: int, finding: Finding) -> CheckResult:
    return CheckResult(
        deployment=task.deployment,
        task=task,
        position=position,
        requirement_id=finding.requirement_id,
        category=finding.category,
        severity=finding.severity,
        owner=finding.owner,
        status=finding.status,
        title=finding.title,
        summary=finding.summary,
        observed=finding.observed,
        expected=finding.expected,
        remedy=finding.remedy,
        details=[detail.to_json() for detail in finding.details],
        observed_from=finding.observed_from,
        observed_at=finding.at,
        seconds=finding.seconds,
    )


def _as_kept(task: Task, position: int, row: CheckResult) -> CheckResult:
    row.pk, row._state.adding = None, True
    row.task, row.position = task, position
    return row


def _as_finding(row: CheckResult, deployment: Deployment) -> Finding:
    requirement = catalogue.load(deployment.profile).get(row.requirement_id)
    severity: Any = row.severity
    status: Any = row.status
    return Finding(
        requirement_id=row.requirement_id,
        title=row.title,
        category=row.category,
        severity=severity,
        waivable=requirement is not None and requirement.waivable,
        owner=row.owner,
        status=status,
        summary=row.summary,
        observed=row.observed,
        expected=row.expected,
        remedy=row.remedy,
        observed_from=row.observed_from,
        at=row.observed_at,
        seconds=row.seconds,
        details=tuple(Text.from_json(detail) for detail in row.details),
    )
