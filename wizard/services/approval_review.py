"""What whoever approves has to read: the answers, what was changed since others were approved, what preflight found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from wizard.models import Approval, Operator, Waiver
from wizard.services import results
from wizard.services.answer_words import AnsweredStep, in_words, words_of
from wizard.services.approval_requests import part_in
from wizard.services.approval_standing import Change, differences, standing
from wizard.services.permissions import require
from wizard.services.template_contents import option_label
from wizard.text import Text, verbatim


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One answer then and now, in words; nothing where there was, or is, none."""

    question: Text
    before: tuple[Text, ...]
    after: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A finding of preflight that is not in order, and whether it stands in the way, is waived, or only warns."""

    requirement_id: str
    title: Text
    status: str
    observed: Text
    weight: Literal["blocking", "waived", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the newest preflight says with the answers and waivers of today.

    `outdated`: it judged other answers, requirements, another template or machine than there are now.
    """

    blocked: bool
    outdated: bool
    at: datetime | None
    findings: tuple[Open, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """`steps` are the answers that were asked for. `previous` is what was approved before, None where nothing was, and `changed`
    what differs from it. `overtaken` is what was changed since this was asked for: then it cannot be approved.

    `judged` is None where no preflight has ended, and for a request that is decided. `waivers` are those in force and those that
    wait. `own_part` says what the reader had to do with it, and why another person has to approve it.
    """

    steps: tuple[AnsweredStep, ...]
    previous: Approval | None
    changed: tuple[Changed, ...]
    overtaken: tuple[Changed, ...]
    judged: Judged | None
    waivers: tuple[Waiver, ...]
    own_part: Text | None


def review_of(approval: Approval, *, actor: Operator) -> Review:
    """What `actor` has to read of a request. Raises NotAllowed for a deployment that is not theirs."""
    deployment = approval.deployment
    require(actor, "product.use", deployment)
    waits = approval.state == Approval.State.WAITING
    now = standing(deployment) if waits else None
    before = _approved_before(approval) if _whole(approval.answers) else None
    named = _named_elsewhere(approval)
    return Review(
        steps=_steps(approval.answers, named),
        previous=before,
        changed=_changed(approval, differences(before.answers, approval.answers)) if before else (),
        overtaken=_changed(approval, now.changed) if now and now.state == "outdated" else (),
        judged=_judged(approval) if waits else None,
        waivers=tuple(
            waiver
            for waiver in deployment.waivers.select_related("asked_by", "approved_by").order_by(
                "requirement_id"
            )
            if not waiver.ended
        )
        if waits
        else (),
        own_part=part_in(approval, actor) if waits else None,
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _approved_before(approval: Approval) -> Approval | None:
    earlier = approval.deployment.approvals.filter(
        state=Approval.State.APPROVED, asked_at__lt=approval.asked_at
    ).select_related("asked_by", "decided_by")
    return earlier.order_by("-asked_at").first()


def _named_elsewhere(approval: Approval) -> Mapping[str, Text]:
    """Answers that only the far end has words for, by path."""
    template = approval.answers.get("answers", {}).get("template", {})
    if not template.get("deployment_option"):
        return {}
    return {"template.deployment_option": verbatim(option_label(approval.deployment, template))}


def _steps(document: Mapping[str, Any], named: Mapping[str, Text]) -> tuple[AnsweredStep, ...]:
    if not _whole(document):
        return ()
    return tuple(
        AnsweredStep(
            id=step.id,
            title=step.title,
            rows=tuple(
                replace(row, values=(named[row.path],)) if row.path in named else row for row in step.rows
            ),
        )
        for step in in_words(document)
    )


def _whole(document: Mapping[str, Any]) -> bool:
    """A request from before answers were kept with it has none."""
    return "profile" in document


def _changed(approval: Approval, changes: tuple[Change, ...]) -> tuple[Changed, ...]:
    profile = approval.deployment.profile
    return tuple(
        Changed(
            question=change.label,
            before=words_of(profile, change.path, change.before),
            after=words_of(profile, change.path, change.after),
        )
        for change in changes
    )


def _judged(approval: Approval) -> Judged | None:
    deployment = approval.deployment
    rows = results.latest_results(deployment)
    if not rows:
        return None
    gate = results.decide(deployment, rows)
    run = results.latest_run(deployment)
    weights: tuple[tuple[Literal["blocking", "waived", "warning"], tuple[str, ...]], ...] = (
        ("blocking", gate.blocking),
        ("waived", gate.waived),
        ("warning", gate.warnings),
    )
    by_id = {row.requirement_id: row for row in rows}
    return Judged(
        blocked=gate.blocked,
        outdated=results.outdated(deployment),
        at=run.finished_at if run else None,
        findings=tuple(
            Open(
                requirement_id=requirement_id,
                title=by_id[requirement_id].title,
                status=by_id[requirement_id].get_status_display(),
                observed=by_id[requirement_id].observed,
                weight=weight,
            )
            for weight, ids in weights
            for requirement_id in ids
        ),
    )
