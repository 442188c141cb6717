"""Requests for approval as they are read: which there are, which wait for whom, and who had what part in them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from wizard.journey import base as journey
from wizard.models import Approval, AuditEntry, Deployment, Operator, StepAnswer
from wizard.services import deployments
from wizard.services.approval_standing import AUTHORING, author_ids, who_may_approve
from wizard.services.errors import Conflict, NotFound
from wizard.services.permissions import may
from wizard.text import Text, _


def visible_approvals(actor: Operator) -> QuerySet[Approval]:
    """The requests of the deployments that this person may see, newest first."""
    return Approval.objects.filter(deployment__in=deployments.visible_deployments(actor)).select_related(
        "deployment", "asked_by", "decided_by"
    )


def find(deployment: Deployment, approval_id: UUID) -> Approval:
    """Raises NotFound."""
    approval = (
        deployment.approvals.select_related("deployment", "asked_by", "decided_by")
        .filter(pk=approval_id)
        .first()
    )
    if approval is None:
        raise NotFound(Text(_("There is no such request for approval.")))
    return approval


def waiting(actor: Operator) -> QuerySet[Approval]:
    """What waits for this person's decision, oldest first: nothing for those who may not review, or had a part in it."""
    if not may(actor, "approval.decide"):
        return Approval.objects.none()
    wrote = AuditEntry.objects.filter(
        deployment_id=OuterRef("deployment_id"), actor=actor, action__in=AUTHORING
    )
    answered = StepAnswer.objects.filter(
        deployment=OuterRef("deployment_id"), changed_by=actor, data__isnull=False
    )
    return (
        visible_approvals(actor)
        .filter(state=Approval.State.WAITING)
        .exclude(Q(asked_by=actor) | Q(deployment__created_by=actor))
        .exclude(Exists(wrote))
        .exclude(Exists(answered))
        .order_by("asked_at")
    )


def may_decide(approval: Approval, actor: Operator) -> bool:
    """Whether this person could approve it; only for what is shown."""
    deployment = approval.deployment
    return may(actor, "approval.decide", deployment) and part_in(approval, actor) is None


def refuse_own(deployment: Deployment, approval: Approval, actor: Operator) -> None:
    """Raises Conflict `same_person`, which says what part the person had in it."""
    part = part_in(approval, actor)
    if part is None:
        return
    others = [person.get_username() for person in who_may_approve(deployment)]
    raise Conflict(
        Text(_("%(part)s; another person has to approve it."), part=part),
        remedy=Text(_("Ask one of these: %(who)s."), who=others)
        if others
        else Text(_("Ask an administrator for a reviewer who had no part in it.")),
        code="same_person",
    )


def part_in(approval: Approval, actor: Operator) -> Text | None:
    """What this person had to do with it, as a clause that begins with “You”; None for somebody who may approve it."""
    deployment = approval.deployment
    if approval.asked_by_id == actor.pk:
        return Text(_("You asked for this approval yourself"))
    if deployment.created_by_id == actor.pk:
        return Text(_("You began this deployment yourself"))
    if actor.pk not in author_ids(deployment):
        return None
    own = deployment.steps.filter(changed_by=actor, data__isnull=False).values_list("step", flat=True)
    steps = [Text(step.title) for step in journey.journey(deployment.profile) if step.id in set(own)]
    if steps:
        return Text(_("You answered %(steps)s yourself"), steps=steps)
    return Text(_("You answered questions of this deployment yourself"))
