"""Waivers: one person asks to go on although a requirement fails, another one approves."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from wizard.journey.errors import FieldError
from wizard.models import Deployment, Operator, Waiver
from wizard.models.check import waiver_day
from wizard.services import applicable, audit, deployments
from wizard.services.errors import Conflict, Invalid, NotFound, Outdated
from wizard.services.permissions import may, require
from wizard.services.settlement import settle_anew
from wizard.services.storable import storable
from wizard.text import Text, _

MAX_REASON_CHARACTERS: Final = 1000


@transaction.atomic
def waive(
    deployment: Deployment, requirement_id: str, *, reason: str, until: date, actor: Operator
) -> Waiver:
    """Ask to accept a requirement that is not met, until a day (included). Asking again takes the place of what was there.

    It is in force once another person has approved it, or at once where WAIVERS_NEED_SECOND_PERSON is off. Raises NotFound,
    Invalid (`not_waivable` among its codes; `too_late` for a day after `last_day`), Conflict `task_running`.
    """
    deployments.hold_for(actor, "waiver.ask", deployment)
    # The verdict under which a task works must not change beneath it.
    deployments.refuse_while_changing(deployment)
    reason = storable(reason).strip()
    _refuse_without_ground(deployment, requirement_id, reason, until)
    now = timezone.now()
    alone = not settings.WAIVERS_NEED_SECOND_PERSON
    waiver, _created = Waiver.objects.update_or_create(
        deployment=deployment,
        requirement_id=requirement_id,
        defaults={
            "reason": reason,
            "until": until,
            "asked_by": actor,
            "asked_at": now,
            "approved_by": actor if alone else None,
            "approved_at": now if alone else None,
        },
    )
    sentence = (
        _("%(who)s waived %(id)s of %(deployment)s until %(until)s: %(reason)s")
        if alone
        else _("%(who)s asked to waive %(id)s of %(deployment)s until %(until)s: %(reason)s")
    )
    _record("waiver.granted" if alone else "waiver.asked", sentence, waiver, actor)
    settle_anew(deployment)
    return waiver


@transaction.atomic
def approve_waiver(
    deployment: Deployment, requirement_id: str, *, actor: Operator, asked_at: datetime | None = None
) -> Waiver:
    """Let a waiver that somebody else asked for come into force; with `asked_at` only the one that was asked for then.

    It is for reviewers, and for operators where one person is enough. Raises NotFound, Conflict `same_person` for the one who asked, `already_approved`, `waiver_ended`, `task_running`, and
    Outdated where it was asked for anew since the approver read it.
    """
    _require_decision(actor, "waiver.approve", deployment)
    deployments.hold(deployment)
    _require_decision(actor, "waiver.approve", deployment)
    deployments.refuse_while_changing(deployment)
    waiver = deployment.waivers.select_related("asked_by").filter(requirement_id=requirement_id).first()
    if waiver is None:
        raise NotFound(Text(_("Nobody asked to waive %(id)s."), id=requirement_id))
    if waiver.ended:
        raise Conflict(
            Text(
                _("The waiver of %(id)s ended on %(until)s."),
                id=requirement_id,
                until=waiver.until.isoformat(),
            ),
            remedy=Text(_("Ask for it again, with a later day.")),
            code="waiver_ended",
        )
    if waiver.approved_at is not None:
        raise Conflict(
            Text(_("The waiver of %(id)s is approved already."), id=requirement_id), code="already_approved"
        )
    if own(waiver, actor):
        raise Conflict(
            Text(
                _("You asked for the waiver of %(id)s yourself; another person has to approve it."),
                id=requirement_id,
            ),
            remedy=Text(_("Ask a colleague who has the reviewer role to sign in and to approve it.")),
            code="same_person",
        )
    if asked_at is not None and asked_at != waiver.asked_at:
        raise Outdated(
            Text(_("The waiver of %(id)s was asked for anew after you read it."), id=requirement_id),
            remedy=Text(_("Read the reason and the last day that are there now, then approve.")),
        )
    waiver.approved_by, waiver.approved_at = actor, timezone.now()
    waiver.save(update_fields=["approved_by", "approved_at"])
    _record(
        "waiver.approved",
        _(
            "%(who)s approved the waiver of %(id)s of %(deployment)s until %(until)s that %(asker)s asked for: %(reason)s"
        ),
        waiver,
        actor,
    )
    settle_anew(deployment)
    return waiver


@transaction.atomic
def take_back_waiver(deployment: Deployment, requirement_id: str, *, actor: Operator) -> bool:
    """End a waiver, or a request for one. True where that rejected what somebody else had asked for.

    To reject is for whoever could approve. Raises NotFound, Conflict.
    """
    use_case = "waiver.refuse" if may(actor, "waiver.refuse", deployment) else "waiver.take_back"
    deployments.hold_for(actor, use_case, deployment)
    deployments.refuse_while_changing(deployment)
    waiver = deployment.waivers.select_related("asked_by").filter(requirement_id=requirement_id).first()
    if waiver is None:
        raise NotFound(Text(_("%(id)s is not waived."), id=requirement_id))
    rejected = waiver.waiting and waiver.asked_by_id != actor.pk
    if rejected:
        _require_decision(actor, "waiver.refuse", deployment)
    waiver.delete()
    action, sentence = (
        (
            "waiver.refused",
            _("%(who)s rejected the waiver of %(id)s of %(deployment)s that %(asker)s asked for."),
        )
        if rejected
        else ("waiver.taken_back", _("%(who)s took back the waiver of %(id)s of %(deployment)s."))
    )
    audit.record(
        action,
        subject=deployment,
        actor=actor,
        sentence=Text(
            sentence,
            who=actor.username,
            id=requirement_id,
            deployment=deployment.name,
            asker=waiver.asked_by.get_username(),
        ),
    )
    settle_anew(deployment)
    return rejected


def last_day() -> date:
    """The latest day that may be asked for now, WAIVER_MAX_DAYS from today. What was asked for before keeps its own."""
    today = waiver_day()
    return today + timedelta(days=min(settings.WAIVER_MAX_DAYS, (date.max - today).days))


def may_decide(waiver: Waiver, actor: Operator) -> bool:
    """Whether this person could approve it; only for what is shown."""
    if not settings.WAIVERS_NEED_SECOND_PERSON and may(actor, "waiver.ask", waiver.deployment):
        return True
    return may(actor, "waiver.approve", waiver.deployment) and not own(waiver, actor)


def own(waiver: Waiver, actor: Operator) -> bool:
    """Whether another person has to approve it because this one asked for it."""
    return settings.WAIVERS_NEED_SECOND_PERSON and waiver.asked_by_id == actor.pk


def _require_decision(actor: Operator, use_case: str, deployment: Deployment) -> None:
    # Where one person is enough, whoever may ask decides, too.
    if settings.WAIVERS_NEED_SECOND_PERSON or not may(actor, "waiver.ask", deployment):
        require(actor, use_case, deployment)


def _refuse_without_ground(deployment: Deployment, requirement_id: str, reason: str, until: date) -> None:
    errors = []
    if not applicable.find(deployment, requirement_id).waivable:
        text = Text(_("%(id)s cannot be waived: nothing would work without it."), id=requirement_id)
        errors.append(FieldError(path="", message=text, code="not_waivable"))
    if not reason:
        text = Text(_("Say why this may be left as it is; reviewers will read it."))
        errors.append(FieldError(path="reason", message=text, code="missing"))
    if len(reason) > MAX_REASON_CHARACTERS:
        text = Text(
            _("%(found)s characters are too many; expected are at most %(most)s."),
            found=len(reason),
            most=MAX_REASON_CHARACTERS,
        )
        errors.append(FieldError(path="reason", message=text, code="too_long"))
    if until < waiver_day():
        text = Text(_("The last day lies in the past; choose today or a later day."))
        errors.append(FieldError(path="until", message=text, code="past"))
    if until > (latest := last_day()):
        text = Text(
            _(
                "%(found)s is too late: the last day is %(latest)s at the latest. Choose that day or an earlier one."
            ),
            found=until.isoformat(),
            latest=latest.isoformat(),
        )
        errors.append(FieldError(path="until", message=text, code="too_late"))
    if errors:
        raise Invalid(errors)


def _record(action: str, sentence: str, waiver: Waiver, actor: Operator) -> None:
    audit.record(
        action,
        subject=waiver.deployment,
        actor=actor,
        sentence=Text(
            sentence,
            who=actor.username,
            id=waiver.requirement_id,
            deployment=waiver.deployment.name,
            until=waiver.until.isoformat(),
            asker=waiver.asked_by.get_username(),
            reason=waiver.reason,
        ),
    )
