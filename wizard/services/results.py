"""What was found, read together with what people answered and accepted since: the one place where go or no-go is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal
from uuid import UUID

from django.utils import timezone
from django.utils.translation import get_language

from wizard.checks import catalogue, report, sarif
from wizard.checks.engine import Finding, Gate, gate, judge_all
from wizard.checks.facts import FactSheet
from wizard.checks.requirement import Phase
from wizard.models import CheckResult, Deployment, Task, TaskState, Waiver
from wizard.services import evidence, told_names
from wizard.services.applicable import fingerprint, requirements_for
from wizard.services.approval_standing import standing
from wizard.services.attested import note_answers, stored
from wizard.services.errors import NotFound
from wizard.text import Text, _

REPORT_FORMATS = ("json", "junit", "markdown", "html", "sarif")
ReportFormat = Literal["json", "junit", "markdown", "html", "sarif"]

# The kinds of task that judge the requirements of a phase; an installation over WinRM ends with its verification.
JUDGED_BY: Final[dict[Phase, tuple[str, ...]]] = {
    "before": ("preflight",),
    "after": ("verify_installation", "prepare_host"),
}


def latest_run(deployment: Deployment, phase: Phase = "before") -> Task | None:
    """The newest run that judged the requirements of that phase to its end."""
    runs = deployment.tasks.filter(kind__in=JUDGED_BY[phase], state=TaskState.SUCCEEDED)
    return runs.order_by("-finished_at").first()


def latest_results(deployment: Deployment, phase: Phase = "before") -> list[CheckResult]:
    """The results of the newest run in the order of the catalogue; what people attest is judged by their answers of now."""
    task = latest_run(deployment, phase)
    return with_answers_of_now(deployment, list(task.checks.all()), phase) if task else []


def of_run(deployment: Deployment, task_id: UUID) -> list[CheckResult]:
    """One row per requirement, as that run found them, but for names of what others alone see."""
    rows = list(deployment.checks.filter(task=task_id).order_by("position"))
    told_names.hide_in_results(deployment, rows)
    return rows


def with_answers_of_now(
    deployment: Deployment, rows: Sequence[CheckResult], phase: Phase
) -> list[CheckResult]:
    """The same rows, those that rest on attestations judged anew, and without names of what others alone see; the rows of the run stay in the table as they were."""
    told_names.hide_in_results(deployment, rows)
    known = catalogue.load(deployment.profile)
    # Whoever has no such row is spared the look at answers and attestations.
    if not any(variant.kind == "attested" for row in rows for variant in known.variants(row.requirement_id)):
        return list(rows)
    asked = {row.id: row for row in requirements_for(deployment, phase) if row.kind == "attested"}
    there = [asked[row.requirement_id] for row in rows if row.requirement_id in asked]
    sheet = FactSheet()
    note_answers(sheet, deployment, {fact for row in there for fact in row.facts})
    now = {finding.requirement_id: finding for finding in judge_all(there, sheet, now=timezone.now())}
    return [
        # One that waits for another requirement waits until that one is looked at again.
        _in_place_of(row, now[row.requirement_id])
        if row.requirement_id in now and row.status != "skipped"
        else row
        for row in rows
    ]


def verdict_of(deployment: Deployment, phase: Phase = "before") -> Gate | None:
    """Whether the newest results block, with the answers and waivers of today; None where nothing was judged yet."""
    results = latest_results(deployment, phase)
    return decide(deployment, results) if results else None


def decide(deployment: Deployment, results: Iterable[CheckResult]) -> Gate:
    """Go or no-go for these results, with the waivers that are in force."""
    waived = {waiver.requirement_id for waiver in waivers_in_force(deployment)}
    return gate([as_finding(row, deployment) for row in results], waived)


def outdated(deployment: Deployment) -> bool:
    """Whether the newest preflight judged other answers, requirements, another template or machine than there are now."""
    run = latest_run(deployment)
    if run is None:
        return True
    since = run.queued_at
    answered = deployment.steps.filter(data__isnull=False, changed_at__gt=since)
    return (
        answered.exists()
        # An upgrade brings requirements that no earlier run has judged: what was never asked must not count as passed.
        or (run.result or {}).get("requirements_sha256") != fingerprint(requirements_for(deployment))
        or evidence.template_replaced_since(deployment, since)
        or evidence.machine_replaced_since(deployment, since)
    )


def count_by_status(results: Iterable[CheckResult]) -> dict[str, int]:
    counts = dict.fromkeys(("pass", "warn", "fail", "unknown", "skipped"), 0)
    for row in results:
        counts[row.status] += 1
    return counts


def waivers_in_force(deployment: Deployment) -> list[Waiver]:
    return [waiver for waiver in deployment.waivers.all() if waiver.in_force]


def report_of(deployment: Deployment, phase: Phase = "before") -> report.Report:
    """The newest results with what is waived. Raises NotFound where nothing was judged yet."""
    results = latest_results(deployment, phase)
    if not results:
        raise NotFound(Text(_("There is no such report: nothing was judged yet.")))
    return report.Report(
        deployment=deployment.name,
        profile=deployment.profile,
        generated_at=timezone.now(),
        findings=[as_finding(row, deployment) for row in results],
        waivers={waiver.requirement_id: waiver.reason for waiver in waivers_in_force(deployment)},
        answers={
            requirement_id: report.Answered(
                by=row.answered_by.get_username(),
                at=row.answered_at,
                note=row.note,
                file_name=row.file_name,
            )
            for requirement_id, row in stored(deployment).items()
        },
        approval=approval_of(deployment),
    )


def export(deployment: Deployment, form: str, phase: Phase = "before") -> tuple[str, str]:
    """The report of the newest results: its text and its media type. Raises NotFound for an unknown form, or no run."""
    if form not in REPORT_FORMATS:
        raise NotFound(
            Text(
                _("There is no such report; the format can be one of %(formats)s."),
                formats=list(REPORT_FORMATS),
            )
        )
    found = report_of(deployment, phase)
    match form:
        case "junit":
            return report.as_junit(found), "application/xml"
        case "markdown":
            return report.as_markdown(found), "text/markdown"
        case "html":
            return report.as_html(found, language=get_language() or "en"), "text/html"
        case "sarif":
            return sarif.as_sarif(found), "application/sarif+json"
    return report.as_json(found), "application/json"


# --- between the table and the findings of the checks room ------------------------------------------------------------


def approval_of(deployment: Deployment) -> report.Approved | None:
    """The approval of the answers of now; None where nobody has approved exactly these."""
    found = standing(deployment)
    row = found.approval
    if found.state != "approved" or row is None or row.decided_by is None or row.decided_at is None:
        return None
    return report.Approved(
        by=row.decided_by.get_username(),
        asked_by=row.asked_by.get_username(),
        at=row.decided_at,
        sha256=row.digest,
    )


def as_result(task: Task, position: int, finding: Finding) -> CheckResult:
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
        observed_from=finding.observed_from[:255],
        observed_at=finding.at,
        seconds=finding.seconds,
    )


def as_finding(row: CheckResult, deployment: Deployment) -> Finding:
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


def _in_place_of(row: CheckResult, finding: Finding) -> CheckResult:
    anew = as_result(row.task, row.position, finding)
    anew.pk = row.pk
    return anew
