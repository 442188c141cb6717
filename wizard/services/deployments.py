"""Deployments: begun, answered step by step, brought to another state, thrown away while they are drafts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from pydantic import ValidationError

from wizard.journey import base as journey
from wizard.journey.errors import FieldError, explain
from wizard.journey.profile import ProfileAnswers
from wizard.models import Deployment, DeploymentState, Operator, StepAnswer
from wizard.models.task import ACTIVE_STATES
from wizard.services import answer_checks, audit, evidence, teams
from wizard.services.answers import answers_of as answers_of
from wizard.services.errors import Conflict, Invalid, NotFound, Outdated
from wizard.services.permissions import require
from wizard.services.storable import storable
from wizard.services.taken_names import name_taken
from wizard.services.visibility import rows_for
from wizard.services.webhooks import outbox
from wizard.text import Text, _

# Values that a person types again rather than finding them stored in a draft.
_NEVER_KEPT = frozenset({"password", "secret"})


def visible_deployments(actor: Operator | AnonymousUser) -> QuerySet[Deployment]:
    """The deployments that this person may see; none for strangers."""
    return rows_for(actor, Deployment.objects.select_related("created_by", "team"))


def get(deployment_id: UUID, *, actor: Operator) -> Deployment:
    """Raises NotFound, for a deployment that is not there and for one that is not the caller's alike."""
    deployment = visible_deployments(actor).filter(pk=deployment_id).first()
    if deployment is None:
        raise NotFound(Text(_("There is no such deployment.")))
    return deployment


@transaction.atomic
def create(*, name: str, profile: str, actor: Operator, team: str = "") -> Deployment:
    """`team` is the name of one that `actor` is in; without one it is everybody's. Raises Invalid for a name that is
    malformed or taken, for a profile that cannot be chosen yet and for a team of others."""
    require(actor, "deployment.create")
    answers = _validated("profile", profile, {"name": name, "profile": profile})
    deployment = Deployment(
        name=answers["name"],
        profile=answers["profile"],
        created_by=actor,
        team=teams.named(team, actor=actor),
    )
    _save_with_unique_name(deployment, actor)
    audit.record(
        "deployment.created",
        subject=deployment,
        actor=actor,
        sentence=Text(_("%(who)s began the deployment %(name)s."), who=actor.username, name=deployment.name),
        after=answers,
    )
    return deployment


@transaction.atomic
def rename(deployment: Deployment, *, name: str, actor: Operator, revision: int | None = None) -> Deployment:
    hold_for(actor, "deployment.rename", deployment)
    _must_be_open(deployment)
    answers = _validated("profile", deployment.profile, {"name": name, "profile": deployment.profile})
    before = deployment.name
    advance(deployment, revision)
    deployment.name = answers["name"]
    _save_with_unique_name(deployment, actor)
    audit.record(
        "deployment.renamed",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s renamed %(before)s to %(name)s."), who=actor.username, before=before, name=name
        ),
    )
    return deployment


@transaction.atomic
def delete(deployment: Deployment, *, actor: Operator, revision: int | None = None) -> None:
    """Throw a draft away. Raises Conflict `not_a_draft` once something was deployed, Outdated for another `revision`."""
    hold_for(actor, "deployment.delete", deployment)
    if not deployment.is_open:
        raise Conflict(
            Text(_("%(name)s is more than a draft: its appliance exists."), name=deployment.name),
            code="not_a_draft",
        )
    if deployment.tasks.filter(state__in=ACTIVE_STATES).exists():
        raise Conflict(
            Text(_("A task of this deployment is under way.")),
            remedy=Text(_("Wait until it has ended, or cancel it.")),
            code="task_running",
        )
    advance(deployment, revision)
    audit.record(
        "deployment.deleted",
        subject=deployment,
        actor=actor,
        sentence=Text(_("%(who)s deleted the draft %(name)s."), who=actor.username, name=deployment.name),
        before=answers_of(deployment),
    )
    deployment.delete()


def question(deployment: Deployment, step_id: str) -> journey.Step:
    """The step of that id. Raises NotFound where the profile has none that takes answers."""
    try:
        step = journey.step(deployment.profile, step_id)
    except KeyError:
        step = None
    if step is None or step.answers is None or step.id == "profile":
        raise NotFound(Text(_("“%(step)s” is not a step that takes answers."), step=step_id))
    return step


def answer(
    deployment: Deployment,
    step_id: str,
    raw: Mapping[str, Any],
    *,
    actor: Operator,
    revision: int | None = None,
    version: int | None = None,
    keep_invalid: bool = True,
) -> StepAnswer:
    """Save the answers of one step; valid ones count, others raise Invalid and are kept as a draft if `keep_invalid`.

    `revision` (of the deployment) and `version` (of the step) are what the caller saw; Outdated is raised where somebody
    saved meanwhile, and nothing is overwritten.
    """
    require(actor, "deployment.answer", deployment)
    _must_be_open(deployment)
    step = question(deployment, step_id)
    raw = storable(dict(raw))
    try:
        data = _validated(step_id, deployment.profile, raw)
        answer_checks.check_against(deployment, step_id, data)
    except Invalid:
        if keep_invalid:
            keep_draft(deployment, step_id, raw, actor=actor, revision=revision, version=version)
        raise
    with transaction.atomic():
        hold_for(actor, "deployment.answer", deployment)
        _must_be_open(deployment)
        answer_checks.hold_account(deployment, step_id, data)
        advance(deployment, revision)
        row = _claim_step(deployment, step_id, version, actor)
        before = row.data
        row.data, row.draft = data, None
        # The same answers once more are no change: what was checked for them still holds.
        row.save(update_fields=["data", "draft", *(["changed_at"] if before != data else [])])
        if before != data:
            if deployment.state == DeploymentState.CHECKED:
                move_to(deployment, DeploymentState.DRAFT)
            audit.record(
                "deployment.answered",
                subject=deployment,
                actor=actor,
                sentence=Text(
                    _("%(who)s answered “%(step)s” of %(name)s."),
                    who=actor.username,
                    step=Text(step.title),
                    name=deployment.name,
                ),
                before=before,
                after=data,
            )
    return row


def keep_draft(
    deployment: Deployment,
    step_id: str,
    raw: Mapping[str, Any],
    *,
    actor: Operator,
    revision: int | None = None,
    version: int | None = None,
) -> StepAnswer:
    """Keep answers that are not complete or not valid yet, beside the last valid ones."""
    with transaction.atomic():
        hold_for(actor, "deployment.answer", deployment)
        _must_be_open(deployment)
        advance(deployment, revision)
        row = _claim_step(deployment, step_id, version, actor)
        raw = storable(dict(raw))
        row.draft = {name: value for name, value in raw.items() if name not in _NEVER_KEPT}
        if step_id == "template" and isinstance(properties := raw.get("properties"), Mapping):
            secret = evidence.secret_properties(deployment, raw)
            # Which ones are passwords is not known of a template that nobody has looked into.
            known = evidence.inspected(deployment, raw) is not None
            row.draft["properties"] = {
                name: properties[name] for name in properties if known and name not in secret
            }
        row.save(update_fields=["draft"])
    return row


def form_of(deployment: Deployment, step_id: str) -> tuple[dict[str, Any], int]:
    """What to show in the form of a step (the unfinished draft if there is one, else the valid answers), and its version."""
    row = deployment.steps.filter(step=step_id).first()
    if row is None:
        return {}, 0
    return dict(row.draft if row.draft is not None else row.data or {}), row.version


def hold(deployment: Deployment) -> None:
    """Read the deployment anew and keep its row locked to the end of the transaction, in order to change it.

    Answers, waivers and the start of tasks come one after the other by that: what one of them saw is still so when it writes.
    Raises NotFound where it is gone, Conflict `decommissioned`.
    """
    try:
        deployment.refresh_from_db(from_queryset=Deployment.objects.select_for_update())
    except Deployment.DoesNotExist:
        raise NotFound(Text(_("There is no such deployment."))) from None
    refuse_decommissioned(deployment)


def hold_for(actor: Operator, use_case: str, deployment: Deployment) -> None:
    """The same for `actor`, who may have lost the right to it while the row was somebody else's. Raises NotAllowed, too."""
    require(actor, use_case, deployment)
    hold(deployment)
    require(actor, use_case, deployment)


def refuse_decommissioned(deployment: Deployment) -> None:
    """Raises Conflict `decommissioned`: what is out of service is read, and never changed."""
    if deployment.state == DeploymentState.DECOMMISSIONED:
        raise Conflict(
            Text(_("%(name)s is out of service; nothing is done to it any more."), name=deployment.name),
            remedy=Text(_("Its history stays readable. Begin another deployment for what is to be set up.")),
            code="decommissioned",
        )


def refuse_while_changing(deployment: Deployment) -> None:
    """Raises Conflict `task_running` while a task works that changes the deployment."""
    if deployment.tasks.filter(state__in=ACTIVE_STATES, changing=True).exists():
        raise Conflict(
            Text(
                _(
                    "A task that changes this deployment is under way; answers and waivers wait until it has ended."
                )
            ),
            remedy=Text(_("Wait until it has ended, or cancel it.")),
            code="task_running",
        )


@transaction.atomic
def move_to(deployment: Deployment, state: DeploymentState) -> None:
    """Change the state; used by the tasks that achieve it, in the transaction of their success."""
    current = DeploymentState(Deployment.objects.select_for_update().get(pk=deployment.pk).state)
    if not current.may_become(state):
        raise Conflict(
            Text(
                _("A deployment that is %(old)s cannot become %(new)s."),
                old=str(current.label),
                new=str(state.label),
            ),
            code="wrong_state",
        )
    Deployment.objects.filter(pk=deployment.pk).update(
        state=state, revision=F("revision") + 1, changed_at=timezone.now()
    )
    deployment.refresh_from_db()
    outbox.of_state(deployment, current)


# --- inside -----------------------------------------------------------------------------------------------------------


def _validated(step_id: str, profile: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    if profile and profile not in journey.PROFILES:
        known = ", ".join(journey.PROFILES)
        problem = Text(
            _("The profile “%(profile)s” cannot be chosen; choose: %(known)s."), profile=profile, known=known
        )
        raise Invalid([FieldError(path="profile", message=problem, code="profile_unavailable")])
    # Who chose no architecture is told so beside what else is wrong with the first step.
    model = ProfileAnswers if step_id == "profile" else journey.step(profile, step_id).answers
    assert model is not None  # noqa: S101 - callers pass question steps
    try:
        return model.model_validate(dict(raw)).model_dump(mode="json")
    except ValidationError as error:
        raise Invalid(explain(error)) from None


def _save_with_unique_name(deployment: Deployment, actor: Operator) -> None:
    try:
        with transaction.atomic():
            deployment.save()
    except IntegrityError:
        problem = Text(
            _("A deployment named “%(name)s” exists already; choose another name."), name=deployment.name
        )
        problem = name_taken(problem, deployment.name, visible_deployments(actor))
        raise Invalid([FieldError(path="name", message=problem, code="name_taken")]) from None


def _must_be_open(deployment: Deployment) -> None:
    refuse_decommissioned(deployment)
    if not deployment.is_open:
        raise Conflict(
            Text(
                _("The appliance of %(name)s exists; its answers can no longer be changed."),
                name=deployment.name,
            ),
            remedy=Text(_("Begin another deployment for another configuration server.")),
            code="already_deployed",
        )
    refuse_while_changing(deployment)


def advance(deployment: Deployment, revision: int | None) -> None:
    """Count a change of the deployment. Raises Outdated where `revision` is given and is not the one that there is."""
    rows = Deployment.objects.filter(pk=deployment.pk)
    if revision is not None:
        rows = rows.filter(revision=revision)
    if not rows.update(revision=F("revision") + 1, changed_at=timezone.now()):
        raise Outdated(
            Text(_("Somebody else changed this deployment after you opened the page.")),
            remedy=Text(
                _("Look at what is there now; what you typed is still in the form. Then save again.")
            ),
        )
    deployment.refresh_from_db()


def _claim_step(deployment: Deployment, step_id: str, version: int | None, actor: Operator) -> StepAnswer:
    row, _created = StepAnswer.objects.select_for_update().get_or_create(
        deployment=deployment, step=step_id, defaults={"changed_by": actor}
    )
    if version is not None and row.version != version:
        raise Outdated(
            Text(
                _("%(who)s saved this step after you opened it."),
                who=row.changed_by.get_username(),
            ),
            remedy=Text(
                _("Compare with what is there now; what you typed is still in the form. Then save again.")
            ),
        )
    row.version += 1
    row.changed_by = actor
    row.save(update_fields=["version", "changed_by"])
    return row
