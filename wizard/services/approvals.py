"""Deployments that take two people: one asks with the answers as they stand, another one approves exactly these."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.utils import timezone

from wizard.journey.errors import FieldError
from wizard.models import Approval, Deployment, Operator, TaskState
from wizard.services import audit, deployment_progress, deployments, go_ahead
from wizard.services.approval_requests import (
    find,
    may_decide,
    part_in,
    refuse_own,
    visible_approvals,
    waiting,
)
from wizard.services.approval_standing import (
    Change,
    Standing,
    author_ids,
    digest_of,
    document_of,
    lacking_approval,
    needs,
    standing,
    who_may_approve,
)
from wizard.services.errors import Conflict, Invalid, NotFound, NotReady, Outdated
from wizard.services.permissions import may
from wizard.services.storable import storable
from wizard.text import Text, _

__all__ = [
    "MAX_CHARACTERS",
    "Change",
    "Standing",
    "approve",
    "ask",
    "digest_of",
    "find",
    "lacking_approval",
    "may_decide",
    "needs",
    "part_in",
    "reject",
    "require_approval",
    "standing",
    "visible_approvals",
    "waiting",
    "who_may_approve",
    "withdraw",
]

MAX_CHARACTERS: Final = 1000
# The kinds of task that set something up; while one of them runs there is nothing left to be taken back.
_SETTING_UP: Final = ("deploy_ova", "prepare_host", "verify_installation")


@transaction.atomic
def ask(deployment: Deployment, *, actor: Operator, note: str = "") -> Approval:
    """Ask for the approval of the answers as they stand. A request that other answers have overtaken gives way to this one.

    Raises NotReady with what is missing (steps, a preflight that passed), Conflict `already_asked`, `already_approved`,
    `already_deployed`, and Invalid for a note that is too long.
    """
    deployments.hold_for(actor, "approval.ask", deployment)
    note = _words(note, "note")
    missing = _unfinished(deployment) or go_ahead.unchecked(deployment)
    if missing:
        raise NotReady(Text(_("There is nothing to approve yet.")), missing=missing)
    now = standing(deployment)
    known = now.approval
    if known is not None and now.state == "waiting":
        raise Conflict(
            Text(
                _("%(who)s has asked for the approval of these answers already."),
                who=known.asked_by.get_username(),
            ),
            remedy=Text(_("Wait until somebody has decided, or withdraw the request.")),
            code="already_asked",
        )
    if now.state == "approved":
        raise Conflict(Text(_("These answers are approved already.")), code="already_approved")
    deployment.approvals.filter(state=Approval.State.WAITING).update(
        state=Approval.State.WITHDRAWN, decided_by=actor, decided_at=timezone.now()
    )
    approval = Approval.objects.create(
        deployment=deployment,
        digest=now.digest,
        answers=document_of(deployment),
        note=note,
        asked_by=actor,
    )
    _record(
        "approval.asked",
        _("%(who)s asked for the approval of %(deployment)s (SHA-256 of the answers: %(digest)s): %(words)s")
        if note
        else _("%(who)s asked for the approval of %(deployment)s (SHA-256 of the answers: %(digest)s)."),
        approval,
        actor,
        words=note,
    )
    return approval


@transaction.atomic
def approve(approval: Approval, *, actor: Operator, reason: str = "", digest: str | None = None) -> Approval:
    """Approve what somebody else asked for; with `digest`, only the answers that the approver has read.

    Raises Conflict `same_person` (who began, answered or asked), `already_decided`, `already_deployed`, Outdated where the
    answers are not those that were asked for, or not those of `digest`; Invalid for a reason that is too long.
    """
    deployment = _hold_waiting(approval, actor)
    reason = _words(reason, "reason")
    refuse_own(deployment, approval, actor)
    found = standing(deployment)
    if found.state == "outdated":
        raise Outdated(
            Text(
                _(
                    "The answers are not those any more that %(asker)s asked to approve. Changed since: %(fields)s."
                ),
                asker=approval.asked_by.get_username(),
                fields=[change.label for change in found.changed],
            ),
            remedy=Text(_("The approval has to be asked for anew, for the answers of now.")),
        )
    if digest is not None and digest != approval.digest:
        raise Outdated(
            Text(_("You read other answers than those that were asked for.")),
            remedy=Text(_("Read the answers that are there now, then approve.")),
        )
    _decide(approval, Approval.State.APPROVED, actor, reason)
    _record(
        "approval.approved",
        _(
            "%(who)s approved %(deployment)s (SHA-256 of the answers: %(digest)s), as %(asker)s had asked: %(words)s"
        )
        if reason
        else _(
            "%(who)s approved %(deployment)s (SHA-256 of the answers: %(digest)s), as %(asker)s had asked."
        ),
        approval,
        actor,
        words=reason,
    )
    return approval


@transaction.atomic
def reject(approval: Approval, *, actor: Operator, reason: str) -> Approval:
    """Say no, and why. Raises Invalid without a reason, Conflict `already_decided`, `already_deployed`."""
    deployment = _hold_waiting(approval, actor)
    reason = _words(reason, "reason")
    if not reason:
        text = Text(_("Say what has to be changed; who asked will read it."))
        raise Invalid([FieldError(path="reason", message=text, code="missing")])
    _decide(approval, Approval.State.REJECTED, actor, reason)
    _record(
        "approval.rejected",
        _(
            "%(who)s rejected %(deployment)s (SHA-256 of the answers: %(digest)s), which %(asker)s had asked for: %(words)s"
        ),
        approval,
        actor,
        words=reason,
    )
    deployment.refresh_from_db()
    return approval


@transaction.atomic
def withdraw(approval: Approval, *, actor: Operator) -> Approval:
    """Take back a request, or an approval before it was made use of. Whoever may operate or review may do so.

    Raises Conflict `task_running` while work runs that rests on it, `already_decided`, `already_deployed`.
    """
    deployment = approval.deployment
    use_case = "approval.decide" if may(actor, "approval.decide", deployment) else "approval.ask"
    _hold_open(actor, use_case, deployment)
    _read_anew(approval)
    if approval.state not in (Approval.State.WAITING, Approval.State.APPROVED):
        raise _already(approval)
    running = deployment.tasks.filter(kind__in=_SETTING_UP, state=TaskState.RUNNING)
    if approval.state == Approval.State.APPROVED and running.exists():
        raise Conflict(
            Text(_("Work that rests on this approval is under way.")),
            remedy=Text(_("Cancel the task, then withdraw the approval.")),
            code="task_running",
        )
    approved = approval.state == Approval.State.APPROVED
    _decide(approval, Approval.State.WITHDRAWN, actor, approval.reason)
    _record(
        "approval.withdrawn",
        _("%(who)s withdrew the approval of %(deployment)s (SHA-256 of the answers: %(digest)s).")
        if approved
        else _(
            "%(who)s withdrew the request to approve %(deployment)s (SHA-256 of the answers: %(digest)s)."
        ),
        approval,
        actor,
    )
    return approval


@transaction.atomic
def require_approval(
    deployment: Deployment, *, needed: bool, actor: Operator, revision: int | None = None
) -> Deployment:
    """Say whether this deployment has to be approved. Nobody lets off what they began or answered themselves.

    Raises Conflict `same_person`, `already_deployed`, `task_running`, Outdated for another `revision`.
    """
    _hold_open(actor, "approval.demand", deployment)
    # What was begun without an approval goes on to its end.
    deployments.refuse_while_changing(deployment)
    if not needed and actor.pk in author_ids(deployment):
        raise Conflict(
            Text(
                _(
                    "You began or answered this deployment; another person has to say that it needs no approval."
                )
            ),
            remedy=Text(_("Ask a reviewer or an administrator who had no part in it.")),
            code="same_person",
        )
    deployments.advance(deployment, revision)
    if deployment.needs_approval == needed:
        return deployment
    deployment.needs_approval = needed
    deployment.save(update_fields=["needs_approval"])
    audit.record(
        "approval.demanded" if needed else "approval.waived",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s demanded that %(name)s be approved before anything is set up.")
            if needed
            else _("%(who)s let %(name)s go without approval."),
            who=actor.username,
            name=deployment.name,
        ),
        before={"needs_approval": not needed},
        after={"needs_approval": needed},
    )
    return deployment


# --- inside ------------------------------------------------------------------------------------------------------------


def _unfinished(deployment: Deployment) -> tuple[Text, ...]:
    """The titles of the questions that are open; preflight asks only for those that it needs itself."""
    return tuple(
        Text(status.step.title)
        for status in deployment_progress.overview(deployment)
        if status.step.answers is not None and status.status not in ("complete", "not_applicable")
    )


def _hold_open(actor: Operator, use_case: str, deployment: Deployment) -> None:
    deployments.hold_for(actor, use_case, deployment)
    if not deployment.is_open:
        raise Conflict(
            Text(_("The appliance of %(name)s was deployed already."), name=deployment.name),
            code="already_deployed",
        )


def _hold_waiting(approval: Approval, actor: Operator) -> Deployment:
    """The deployment, held to the end of the transaction, of a request that still waits."""
    deployment = approval.deployment
    _hold_open(actor, "approval.decide", deployment)
    _read_anew(approval)
    if approval.state != Approval.State.WAITING:
        raise _already(approval)
    return deployment


def _read_anew(approval: Approval) -> None:
    """What was read before the deployment was held may have been decided since. The deployment in hand stays the one held."""
    held = approval.deployment
    try:
        approval.refresh_from_db()
    except Approval.DoesNotExist:
        raise NotFound(Text(_("There is no such request for approval."))) from None
    approval.deployment = held


def _already(approval: Approval) -> Conflict:
    who = approval.decided_by.get_username() if approval.decided_by is not None else ""
    said = {
        Approval.State.APPROVED: _("%(who)s has approved this already."),
        Approval.State.REJECTED: _("%(who)s has rejected this already."),
        Approval.State.WITHDRAWN: _("%(who)s has withdrawn this."),
    }
    return Conflict(Text(said[Approval.State(approval.state)], who=who), code="already_decided")


def _decide(approval: Approval, state: Approval.State, actor: Operator, reason: str) -> None:
    approval.state, approval.reason = state, reason
    approval.decided_by, approval.decided_at = actor, timezone.now()
    approval.save(update_fields=["state", "reason", "decided_by", "decided_at"])


def _words(given: str, path: str) -> str:
    words: str = storable(given).strip()
    if len(words) > MAX_CHARACTERS:
        text = Text(
            _("%(found)s characters are too many; expected are at most %(most)s."),
            found=len(words),
            most=MAX_CHARACTERS,
        )
        raise Invalid([FieldError(path=path, message=text, code="too_long")])
    return words


def _record(action: str, sentence: str, approval: Approval, actor: Operator, *, words: str = "") -> None:
    audit.record(
        action,
        subject=approval.deployment,
        actor=actor,
        sentence=Text(
            sentence,
            who=actor.username,
            deployment=approval.deployment.name,
            digest=approval.digest[:12],
            asker=approval.asked_by.get_username(),
            words=words,
        ),
        after={"approval": str(approval.pk), "digest": approval.digest, "state": str(approval.state)},
    )
