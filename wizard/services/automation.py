"""An answer file carried out from beginning to end: the same use cases, in the order in which a person would go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from pydantic import ValidationError

from wizard.journey import base as journey
from wizard.journey.answer_file import AnswerFile, check
from wizard.journey.errors import prefixed
from wizard.models import Deployment, DeploymentState, Operator, Task, TaskState
from wizard.models.task import ACTIVE_STATES
from wizard.services import deployments, evidence, preflight
from wizard.services.errors import Conflict, Invalid, UserError
from wizard.services.tasks import launch
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text, _

# Follows a task to its end, showing what it does, and gives it back as it ended.
Follow = Callable[[Task], Task]

_WORK: Final = (
    (DeploymentState.CHECKED, "deploy_ova"),
    (DeploymentState.DEPLOYED, "register_vcenter"),
    (DeploymentState.REGISTERED, "record_topology"),
)


class Blocked(UserError):
    """Preflight has findings that block."""

    code = "blocked"


class TaskFailed(UserError):
    """A task did not succeed; its own message and remedy are taken over."""

    code = "task_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One thing that `carry_out` would do."""

    what: Text


def find(name: str) -> Deployment | None:
    return Deployment.objects.filter(name=name).first()


def plan(file: AnswerFile) -> list[PlannedStep]:
    """What carrying out the file would do now. Changes nothing. Raises Invalid for answers that no step takes."""
    _check(file)
    deployment = find(file.name)
    steps: list[PlannedStep] = []
    if deployment is None:
        steps.append(PlannedStep(what=Text(_("Begin the deployment %(name)s."), name=file.name)))
    stored = deployments.answers_of(deployment) if deployment else {}
    for step in _question_steps(file):
        if not _same(step, stored.get(step.id), file.answers[step.id]):
            steps.append(PlannedStep(what=Text(_("Answer “%(step)s”."), step=Text(step.title))))
    state = DeploymentState(deployment.state) if deployment else DeploymentState.DRAFT
    if state == DeploymentState.DRAFT or steps:
        steps.append(PlannedStep(what=KINDS["preflight"].title))
        state = DeploymentState.CHECKED
    for before, kind in _WORK:
        if list(DeploymentState).index(state) <= list(DeploymentState).index(before):
            steps.append(PlannedStep(what=KINDS[kind].title))
    return steps


def answer_all(file: AnswerFile, *, actor: Operator, follow: Follow, trust: str | None = None) -> Deployment:
    """Create or continue the deployment and give it the file's answers, with the tasks that prove them.

    `trust` is the SHA-256 of the certificate that the caller has confirmed, where the file names none.
    Raises Invalid with paths into the file, and TaskFailed.
    """
    _check(file)
    deployment = find(file.name) or deployments.create(name=file.name, profile=file.profile, actor=actor)
    stored = deployments.answers_of(deployment)
    for step in _question_steps(file):
        wanted = dict(file.answers[step.id])
        if step.id == "vcenter" and not wanted.get("thumbprint_sha256"):
            known = stored["vcenter"] if _same(step, stored.get("vcenter"), wanted) else None
            wanted["thumbprint_sha256"] = (
                known["thumbprint_sha256"]
                if known
                else trust or _ask_for_trust(deployment, wanted, actor, follow)
            )
        if _same(step, stored.get(step.id), wanted) and step.id in deployments.completed_steps(deployment):
            continue
        if not deployment.is_open:
            raise Conflict(
                Text(
                    _(
                        "%(name)s is deployed; the file's answers to “%(step)s” differ from those it was deployed with."
                    ),
                    name=deployment.name,
                    step=Text(step.title),
                ),
                remedy=Text(
                    _("Give another name in the file for another deployment, or take the recorded answers.")
                ),
                code="already_deployed",
            )
        try:
            if step.id == "template":
                inputs = {name: wanted.get(name) for name in evidence.TEMPLATE_INPUTS}
                _run("inspect_template", deployment, actor, follow, inputs)
            deployments.answer(deployment, step.id, wanted, actor=actor)
            if step.id == "vcenter" and "vcenter" not in deployments.completed_steps(deployment):
                _run("sign_in_vcenter", deployment, actor, follow)
        except Invalid as error:
            raise Invalid(prefixed(f"answers.{step.id}", list(error.errors)), error.text) from None
        deployment.refresh_from_db()
    return deployment


def run_preflight(deployment: Deployment, *, actor: Operator, follow: Follow) -> None:
    """Raises Blocked where findings block, TaskFailed where the run itself failed."""
    _run("preflight", deployment, actor, follow)
    verdict = preflight.verdict_of(deployment)
    if verdict is None or verdict.blocked:
        raise Blocked(
            Text(
                _("Preflight found what blocks the deployment: %(ids)s."),
                ids=list(verdict.blocking) if verdict else [],
            ),
            remedy=Text(
                _("Mend what the findings name, or waive those that may be waived; then run this again.")
            ),
        )


def carry_on(deployment: Deployment, *, actor: Operator, follow: Follow) -> None:
    """Everything that is left after the answers: preflight, deploy, register, record. Raises Blocked and TaskFailed."""
    if deployment.state == DeploymentState.DRAFT:
        run_preflight(deployment, actor=actor, follow=follow)
    for state, kind in _WORK:
        deployment.refresh_from_db()
        if deployment.state == state:
            _run(kind, deployment, actor, follow)
    deployment.refresh_from_db()


# --- inside -----------------------------------------------------------------------------------------------------------


def _check(file: AnswerFile) -> None:
    errors = check(file, may_be_missing={"vcenter.thumbprint_sha256"})
    if errors:
        raise Invalid(errors, Text(_("The answer file needs another look.")))


def _question_steps(file: AnswerFile) -> Iterator[journey.Step]:
    for step in journey.journey(file.profile):
        if step.id in file.answers:
            yield step


def _same(step: journey.Step, stored: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    """Whether the stored answers are what the file says, however it writes them; what it leaves out may be anything."""
    if stored is None or step.answers is None:
        return False
    try:
        canonical = step.answers.model_validate({**stored, **wanted}).model_dump(mode="json")
    except ValidationError:
        return False
    return canonical == stored


def _ask_for_trust(
    deployment: Deployment, wanted: dict[str, Any], actor: Operator, follow: Follow
) -> NoReturn:
    address = {name: wanted.get(name) for name in ("host", "port")}
    task = _run("probe_vcenter", deployment, actor, follow, address)
    presented = (task.result or {})["certificate"]["sha256"]
    raise Conflict(
        Text(
            _(
                "%(host)s presents a certificate with the SHA-256 fingerprint %(sha256)s, which nobody has confirmed."
            ),
            host=wanted.get("host"),
            sha256=presented,
        ),
        remedy=Text(
            _("Compare it with the certificate of your vCenter; then run again with --trust %(sha256)s."),
            sha256=presented,
        ),
        code="certificate_not_confirmed",
    )


def _run(
    kind: str, deployment: Deployment, actor: Operator, follow: Follow, inputs: dict[str, Any] | None = None
) -> Task:
    try:
        task = launch(kind, deployment=deployment, actor=actor, inputs=inputs)
    except Conflict as error:
        running = deployment.tasks.filter(kind=kind, state__in=ACTIVE_STATES).first()
        if error.code != "task_running" or running is None:
            raise
        task = running
    task = follow(task)
    if task.state != TaskState.SUCCEEDED:
        failure = task.error or {}
        fallback = Text(_("“%(title)s” was cancelled."), title=KINDS[kind].title)
        raise TaskFailed(
            Text.from_json(failure.get("message")) or fallback,
            remedy=Text.from_json(failure.get("remedy")),
            code=failure.get("code") or "cancelled",
        )
    return task
