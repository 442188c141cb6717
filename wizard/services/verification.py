"""Verification: what is judged once the installer has run, on facts that the machine gives anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.utils import timezone

from wizard.checks.engine import judge_all
from wizard.checks.requirement import Requirement
from wizard.models import CheckResult, Deployment, DeploymentState, HostFacts
from wizard.services import audit, deployments, evidence, host_facts, host_tasks, results, vcenters
from wizard.services.answers import answers_in_play, primary_component
from wizard.services.applicable import requirements_for
from wizard.services.approval_standing import lacking_approval, refuse_unapproved
from wizard.services.errors import Conflict
from wizard.services.facts import observe
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.text import Text, _

# What says that the software is there and works: its services, its ports, its products.
_PROOF: Final = frozenset({"host.services.states", "host.network.listeners", "host.site_recovery.products"})


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """Over WinRM the facts are collected by the task itself; by hand they must have come after the preflight."""
    answers = answers_in_play(deployment)
    by_hand = "installation" in answers
    if not by_hand and deployment.is_open:
        return Prepared(missing=(Text(_("the deployed appliance")),))
    if deployment.is_open:
        verdict = results.verdict_of(deployment)
        fit = verdict is not None and not verdict.blocked and not results.outdated(deployment)
        if deployment.state != DeploymentState.CHECKED or not fit:
            return Prepared(
                missing=(Text(_("a preflight without blocking findings, run after the last change")),)
            )
        if unapproved := lacking_approval(deployment):
            return Prepared(missing=unapproved)
    if where := _over_winrm(answers):
        return host_tasks.prepare_collect(deployment, where)
    run = results.latest_run(deployment)
    found = evidence.of_the_machine(deployment, answers)
    since = run.finished_at if run else None
    if found is None or (since is not None and found.received_at <= since):
        return Prepared(missing=(Text(_("facts of the machine that were collected after the installation")),))
    return Prepared()


def run(progress: Progress) -> Done:
    task = progress.task
    deployment = task.deployment
    title = Text(_("Verify the installation"))
    refuse_unapproved(deployment, Text(_("%(title)s cannot start yet."), title=title))
    if task.inputs.get("host"):
        _collect(progress)
    if evidence.machine_replaced_since(deployment, task.queued_at):
        raise Conflict(
            Text(_("The facts come from another machine than the one that was checked.")),
            remedy=Text(
                _("Run preflight again for this machine, or correct the address in the evidence step.")
            ),
            code="another_machine",
        )
    rows = requirements_for(deployment, "after")
    sheet = observe(progress, rows, upto=92)
    progress.phase(Text(_("Judging")), 94)
    findings = judge_all(rows, sheet, now=timezone.now())
    judged = [results.as_result(task, position, finding) for position, finding in enumerate(findings)]
    verdict = results.decide(deployment, judged)
    proving = _proving(rows)
    in_the_way = [row_id for row_id in verdict.blocking if row_id in proving]
    installed = bool(proving) and not in_the_way

    def commit() -> None:
        CheckResult.objects.bulk_create(judged)
        if installed and deployment.state == DeploymentState.CHECKED:
            deployments.move_to(deployment, DeploymentState.DEPLOYED)
            audit.record(
                "installation.verified",
                subject=deployment,
                actor=task.requested_by,
                sentence=Text(
                    _("%(who)s had the installation of %(name)s verified."),
                    who=task.requested_by.username,
                    name=deployment.name,
                ),
                after={"verified": sorted(proving), "blocking": list(verdict.blocking)},
            )

    return Done(
        summary=_summary(installed, in_the_way, verdict.blocking),
        result={
            "installed": installed,
            "blocked": verdict.blocked,
            "blocking": list(verdict.blocking),
            "counts": results.count_by_status(judged),
        },
        commit=commit,
    )


def tidy(progress: Progress) -> None:
    """Raises Conflict where a password may have been sent already, to the machine or to vCenter."""
    host_tasks.tidy_collect(progress)
    vcenters.tidy_visit(progress)


def _summary(installed: bool, in_the_way: list[str], blocking: Iterable[str]) -> Text:
    if not installed:
        return Text(_("The installation is not proven: %(ids)s."), ids=in_the_way)
    left = list(blocking)
    if left:
        return Text(_("The software is installed and works. Still open: %(ids)s."), ids=left)
    return Text(_("The software is installed and works."))


def _proving(rows: Iterable[Requirement]) -> frozenset[str]:
    """The requirements that say whether the software is there; of the appliance, no probe sees it from outside."""
    rows = tuple(rows)
    seen = frozenset(row.id for row in rows if _PROOF.intersection(row.facts))
    return seen or frozenset(row.id for row in rows if row.category == "installation")


def _over_winrm(answers: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    found = answers.get("evidence", {})
    return dict(found) if found.get("way") == "winrm" else None


def _collect(progress: Progress) -> None:
    task = progress.task
    component = primary_component(task.deployment)
    with host_tasks.open_with_progress(progress, task.inputs, 2) as session:
        data = host_tasks.ask(progress, session, component, start=3, upto=4)
    host_facts.receive(task.deployment, data, actor=task.requested_by, way=HostFacts.Way.WINRM)
    if evidence.machine_replaced_since(task.deployment, task.queued_at):
        raise Conflict(
            Text(_("The facts come from another machine than the one that was checked.")),
            remedy=Text(
                _("Run preflight again for this machine, or correct the address in the evidence step.")
            ),
            code="another_machine",
        )
