"""An answer file carried out from beginning to end: the same use cases, in the order in which a person would go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from pydantic import ValidationError

from wizard.checks import catalogue
from wizard.journey import base as journey
from wizard.journey.answer_file import AnswerFile, check
from wizard.journey.errors import FieldError, prefixed
from wizard.models import Deployment, DeploymentState
from wizard.planning.quoting import shown
from wizard.services import (
    approval_standing,
    approvals,
    attestations,
    attested,
    azure_access,
    deployment_plan,
    deployment_progress,
    deployments,
    evidence,
    machine_errands,
    preflight,
    trust,
    vault_vcenters,
)
from wizard.services.answers import answers_in_play, circumstances_of
from wizard.services.errands import Errand, WaitsForPerson
from wizard.services.errors import Conflict, Invalid, UserError
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text, _

# Somebody confirms these in the end, not necessarily in the file.
_CONFIRMED_LATER = frozenset({"vcenter.thumbprint_sha256", "evidence.thumbprint_sha256"})


class Blocked(UserError):
    """Preflight has findings that block."""

    code = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One thing that would be done. `changes` say which answers of a step would be others than those that are stored."""

    what: Text
    changes: tuple[Text, ...] = ()


def find(name: str) -> Deployment | None:
    return Deployment.objects.filter(name=name).first()


def plan(file: AnswerFile) -> list[PlannedStep]:
    """What carrying out the file would do now. Changes nothing. Raises Invalid for answers that no step takes, Conflict
    `decommissioned`."""
    _check(file)
    deployment = find(file.name)
    if deployment is not None:
        deployments.refuse_decommissioned(deployment)
    answering: list[PlannedStep] = []
    stored = deployments.answers_of(deployment) if deployment else {}
    for step in _question_steps(file):
        before, wanted = stored.get(step.id), file.answers[step.id]
        if not _same(step, before, wanted):
            changes = _changes(file, step, before, wanted) if before else ()
            answering.append(
                PlannedStep(what=Text(_("Answer “%(step)s”."), step=Text(step.title)), changes=changes)
            )
    steps: list[Text] = []
    state = DeploymentState(deployment.state) if deployment else DeploymentState.DRAFT
    evidence_given = file.answers.get("evidence", {}) if "evidence" in _ids(file) else {}
    if evidence_given and (
        deployment is None or "evidence" not in deployment_progress.completed_steps(deployment)
    ):
        steps.append(machine_errands.how_facts_come(evidence_given))
    given = _attestations_left(file, deployment)
    if given:
        steps.append(Text(_("Record the answers for %(ids)s."), ids=list(given)))
    unchanged = not answering and not steps
    if state == DeploymentState.DRAFT or not unchanged:
        steps.append(KINDS["preflight"].title)
        state = DeploymentState.CHECKED
        unchanged = False
    planned = deployment is not None and unchanged and deployment_plan.current(deployment) is not None
    if _approval_is_left(deployment, unchanged=not answering):
        steps.append(Text(_("Ask another person for the approval of these answers, and wait for it.")))
    steps += _work_left(file, state, evidence_given, planned=planned)
    begun = (
        [PlannedStep(what=Text(_("Begin the deployment %(name)s."), name=file.name))]
        if deployment is None
        else []
    )
    return [*begun, *answering, *(PlannedStep(what=step) for step in steps)]


def answer_all(file: AnswerFile, *, errand: Errand) -> Deployment:
    """Create or continue the deployment and give it the file's answers, with the tasks that prove them, and its attestations.

    Raises Invalid with paths into the file, TaskFailed, WaitsForPerson where the facts of a machine come by hand, and Conflict
    `certificate_not_confirmed`, `already_deployed`, `decommissioned`.
    """
    _check(file)
    deployment = find(file.name) or deployments.create(
        name=file.name, profile=file.profile, actor=errand.actor
    )
    deployments.refuse_decommissioned(deployment)
    for step in _question_steps(file):
        _answer(deployment, step, file, errand)
    _attest(deployment, file, errand)
    if "evidence" in answers_in_play(deployment) and deployment.is_open:
        machine_errands.hear_from_machine(deployment, errand)
    return deployment


def run_preflight(deployment: Deployment, *, errand: Errand) -> None:
    """Raises Blocked where findings block, TaskFailed where the run itself failed."""
    errand.run("preflight", deployment)
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


def carry_on(deployment: Deployment, *, errand: Errand) -> None:
    """Everything that is left after the answers: preflight, deploy or install, register (with an Azure account in the vault,
    too), record.

    Raises Blocked, TaskFailed, WaitsForPerson (`waits_for_approval` among its codes), NotReady.
    """
    if deployment.state == DeploymentState.DRAFT:
        run_preflight(deployment, errand=errand)
    if deployment.state == DeploymentState.CHECKED:
        _wait_for_approval(deployment, errand)
        if "manual" in circumstances_of(deployment):
            machine_errands.install(deployment, errand)
        else:
            _deploy(deployment, errand)
    if deployment.state == DeploymentState.DEPLOYED and azure_access.account_name(deployment):
        errand.run("register_vault", deployment)
    with_vcenter = "vcenter" in circumstances_of(deployment)
    if with_vcenter and (deployment.state == DeploymentState.DEPLOYED or vault_vcenters.is_left(deployment)):
        errand.run("register_vcenter", deployment)
    if deployment.state in (DeploymentState.DEPLOYED, DeploymentState.REGISTERED):
        errand.run("record_topology", deployment)


def _wait_for_approval(deployment: Deployment, errand: Errand) -> None:
    """Ask for the approval of what the file says where one is needed; who rejected it is not asked the same again."""
    found = approvals.standing(deployment)
    if found.holds:
        return
    if found.state in ("none", "outdated") or (found.state == "rejected" and found.changed):
        approvals.ask(deployment, actor=errand.actor)
        found = approvals.standing(deployment)
    raise WaitsForPerson(
        Text(
            _("%(name)s waits for another person: %(missing)s."),
            name=deployment.name,
            missing=list(approvals.lacking_approval(deployment)),
        ),
        remedy=Text(_("Change what was rejected; then run this again."))
        if found.state == "rejected"
        else Text(_("Run this again once it is approved.")),
        code="waits_for_approval",
    )


def _approval_is_left(deployment: Deployment | None, *, unchanged: bool) -> bool:
    if deployment is None:
        return bool(settings.DEPLOYMENTS_NEED_APPROVAL)
    found = approvals.standing(deployment)
    return deployment.is_open and found.needed and not (found.holds and unchanged)


def _deploy(deployment: Deployment, errand: Errand) -> None:
    """Who carries out a file approves what it comes to; the digest says afterwards what that was."""
    plan = deployment_plan.current(deployment)
    if plan is None:
        made = errand.run("plan_deployment", deployment)
        sha256 = (made.result or {})["plan_sha256"]
    else:
        sha256 = plan.sha256
    errand.tell(Text(_("Approved plan of the import, SHA-256: %(sha256)s"), sha256=sha256))
    errand.run("deploy_ova", deployment, {"plan_sha256": sha256})


# --- inside: the file -------------------------------------------------------------------------------------------------


def _check(file: AnswerFile) -> None:
    errors = check(file, may_be_missing=_CONFIRMED_LATER) + _unknown_attestations(file)
    if errors:
        raise Invalid(errors, Text(_("The answer file needs another look.")))


def _unknown_attestations(file: AnswerFile) -> list[FieldError]:
    known = catalogue.load(file.profile)
    return [
        FieldError(
            path=f"attestations.{requirement_id}",
            message=Text(
                _("The catalogue of %(profile)s has no requirement %(id)s."),
                profile=file.profile,
                id=requirement_id,
            ),
            code="unknown_requirement",
        )
        for requirement_id in file.attestations
        if known.get(requirement_id) is None
    ]


def _question_steps(file: AnswerFile) -> Iterator[journey.Step]:
    """The steps that the file answers, without those that do not apply to what it describes."""
    out_of_play = journey.not_applicable(file.profile, file.answers)
    for step in journey.journey(file.profile):
        if step.id in file.answers and step.id not in out_of_play:
            yield step


def _ids(file: AnswerFile) -> set[str]:
    return {step.id for step in _question_steps(file)}


def _work_left(
    file: AnswerFile, state: DeploymentState, evidence_given: dict[str, Any], *, planned: bool
) -> Iterator[Text]:
    """The titles of what follows the preflight from this state on."""
    out_of_play = journey.not_applicable(file.profile, file.answers)
    order = list(DeploymentState)
    reached = order.index(state)
    if reached <= order.index(DeploymentState.CHECKED):
        if "deploy" in out_of_play:
            yield machine_errands.how_it_is_installed(evidence_given)
        else:
            if not planned:
                yield KINDS["plan_deployment"].title
            yield KINDS["deploy_ova"].title
    if reached <= order.index(DeploymentState.DEPLOYED) and file.answers.get("vault", {}).get("account"):
        yield KINDS["register_vault"].title
    if reached <= order.index(DeploymentState.DEPLOYED) and "register" not in out_of_play:
        yield KINDS["register_vcenter"].title
    if reached < order.index(DeploymentState.RECORDED):
        yield KINDS["record_topology"].title


# --- inside: answers --------------------------------------------------------------------------------------------------


def _answer(deployment: Deployment, step: journey.Step, file: AnswerFile, errand: Errand) -> None:
    stored = deployments.answers_of(deployment)
    wanted = dict(file.answers[step.id])
    if trust.needs_confirmation(step.id, wanted):
        known = stored[step.id] if _same(step, stored.get(step.id), wanted) else {}
        wanted["thumbprint_sha256"] = known.get("thumbprint_sha256") or trust.confirmed(
            deployment, step.id, wanted, errand, alone=_one_far_end(file)
        )
    proven = step.id == "evidence" or step.id in deployment_progress.completed_steps(deployment)
    if _same(step, stored.get(step.id), wanted) and proven:
        return
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
            errand.run("inspect_template", deployment, inputs)
        if step.id == "vault" and wanted.get("account"):
            errand.run("look_up_vaults", deployment, {"account": wanted["account"]})
        deployments.answer(deployment, step.id, wanted, actor=errand.actor)
        if step.id == "vcenter" and "vcenter" not in deployment_progress.completed_steps(deployment):
            errand.run("sign_in_vcenter", deployment)
    except Invalid as error:
        raise Invalid(prefixed(f"answers.{step.id}", list(error.errors)), error.text) from None
    deployment.refresh_from_db()


def _one_far_end(file: AnswerFile) -> bool:
    """Whether the file leaves only one certificate to be confirmed."""
    steps = _ids(file)
    return (
        sum(trust.needs_confirmation(step, file.answers[step]) for step in steps & {"vcenter", "evidence"})
        == 1
    )


def _same(step: journey.Step, stored: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    """Whether the stored answers are what the file says, however it writes them; what it leaves out may be anything."""
    if stored is None or step.answers is None:
        return False
    try:
        canonical = step.answers.model_validate({**stored, **wanted}).model_dump(mode="json")
        # What was stored before a question came up has no answer to it.
        complete = step.answers.model_validate(stored).model_dump(mode="json")
    except ValidationError:
        return False
    return canonical == complete


def _changes(
    file: AnswerFile, step: journey.Step, before: dict[str, Any], wanted: dict[str, Any]
) -> tuple[Text, ...]:
    """Field by field; what the file leaves out stays as it is stored."""
    if step.answers is None:
        return ()
    try:
        after = step.answers.model_validate({**before, **wanted}).model_dump(mode="json")
    except ValidationError:
        # Together with what is stored it does not hold; the answering says why.
        after = {**before, **wanted}
    old, new = (
        {"name": file.name, "profile": file.profile, "answers": {step.id: answers}}
        for answers in (before, after)
    )
    return tuple(
        Text(
            _("%(answer)s: %(before)s → %(after)s"),
            answer=change.label,
            before=_value(change.before),
            after=_value(change.after),
        )
        for change in approval_standing.differences(old, new)
    )


def _value(answer: Any) -> str:
    return "–" if answer in (None, "", [], {}) else shown(answer)


# --- inside: attestations ---------------------------------------------------------------------------------------------


def _attestations_left(file: AnswerFile, deployment: Deployment | None) -> dict[str, dict[str, str]]:
    """Those of the file that are not on record as it says."""
    stored = attested.stored(deployment) if deployment else {}
    return {
        requirement_id: given
        for requirement_id, given in file.attestations.items()
        if (row := stored.get(requirement_id)) is None
        or (row.answer, row.note) != (given["answer"], given["note"])
    }


def _attest(deployment: Deployment, file: AnswerFile, errand: Errand) -> None:
    asked = {row.id for row in attestations.questions_for(deployment)}
    unasked = [requirement_id for requirement_id in file.attestations if requirement_id not in asked]
    if unasked:
        errand.tell(
            Text(
                _("Nobody is asked about these requirements here; their answers are passed over: %(ids)s."),
                ids=unasked,
            )
        )
    for requirement_id, given in _attestations_left(file, deployment).items():
        if requirement_id in asked:
            try:
                attestations.attest(
                    deployment,
                    requirement_id,
                    answer=given["answer"],
                    note=given["note"],
                    actor=errand.actor,
                )
            except Invalid as error:
                fields = prefixed(f"attestations.{requirement_id}", list(error.errors))
                raise Invalid(fields, error.text) from None
    deployment.refresh_from_db()
