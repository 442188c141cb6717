"""Approvals of deployments: asked for by one person, given or refused by another."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Field, Query, Router, Schema, Status

from wizard.api import schemas
from wizard.api.auth import caller
from wizard.api.description import problems, sends
from wizard.api.of_deployment import CURSOR, LIMIT, find
from wizard.api.pages import page
from wizard.models import Approval, Deployment, Operator
from wizard.services import approvals

router = Router(tags=["approvals"])
of_all = Router(tags=["approvals"])


class ApprovalAsk(schemas.Input):
    note: str = Field("", description="What the approver should know; at most 1000 characters.")


class ApprovalGiven(schemas.Input):
    reason: str = Field("", description="At most 1000 characters.")
    digest: str | None = Field(
        None, description="The digest of what was read: answers that are not these are not approved (412)."
    )


class ApprovalRefused(schemas.Input):
    reason: str = Field(description="What has to be changed; needed, at most 1000 characters.")


class ApprovalOut(Schema):
    id: UUID
    deployment: UUID
    deployment_name: str
    state: Approval.State
    digest: str = Field(
        description="SHA-256 of name, profile and answers as they were when it was asked for."
    )
    note: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None = Field(description="Who approved, rejected or withdrew it.")
    decided_at: datetime | None
    reason: str


class ApprovalPage(Schema):
    items: list[ApprovalOut]
    next_cursor: str | None


class ChangedOut(Schema):
    path: str = Field(description="Step and field.", examples=["capacity.machines"])
    label: str
    before: Any = Field(description="As it was when the approval was asked for; null where there was none.")
    after: Any = Field(description="As it is now.")


class StandingOut(Schema):
    needed: bool = Field(description="Whether anything may be set up only with an approval.")
    state: Literal["none", "waiting", "approved", "outdated", "rejected"] = Field(
        description="Of the newest request; outdated where it was for other answers than there are now."
    )
    digest: str = Field(description="SHA-256 of name, profile and answers as they are now.")
    changed: list[ChangedOut] = Field(description="What differs from what the newest request was for.")
    who_may_approve: list[str]


class ApprovalsOfDeployment(Schema):
    items: list[ApprovalOut]
    next_cursor: str | None
    standing: StandingOut


@router.get(
    "/{uuid:deployment_id}/approvals/",
    response={200: ApprovalsOfDeployment, **problems(404)},
    summary="How the approval of a deployment stands",
)
def list_approvals(
    request: HttpRequest, deployment_id: UUID, limit: int = LIMIT, cursor: str | None = CURSOR
) -> dict[str, Any]:
    """All requests, the newest first, and how the newest one stands against the answers of now."""
    deployment = find(request, deployment_id)
    rows = deployment.approvals.select_related("deployment", "asked_by", "decided_by")
    listed = page(rows, ordering="-asked_at", allowed=("asked_at",), limit=limit, cursor=cursor, show=_show)
    return {**listed, "standing": _show_standing(deployment)}


@router.post(
    "/{uuid:deployment_id}/approvals/",
    response={
        201: ApprovalOut,
        **problems(
            400,
            404,
            413,
            {409: ("not_ready", "already_asked", "already_approved", "already_deployed", "decommissioned")},
        ),
    },
    summary="Ask for the approval of a deployment",
    openapi_extra=sends(201, "Location"),
)
def ask_for_approval(
    request: HttpRequest, response: HttpResponse, deployment_id: UUID, payload: ApprovalAsk
) -> Status[dict[str, Any]]:
    """Of the answers as they are now, once all are given and a preflight has passed (409 `not_ready` names what is missing).
    409 `already_asked` and `already_approved` for the same answers; a request that was for others gives way. Needs the scope
    `operate`."""
    actor = caller(request, "operate")
    approval = approvals.ask(find(request, deployment_id, "operate"), actor=actor, note=payload.note)
    response["Location"] = reverse("api:list_approvals", args=[deployment_id])
    return Status(201, _show(approval))


@router.post(
    "/{uuid:deployment_id}/approvals/{uuid:approval_id}/approve/",
    response={
        200: ApprovalOut,
        **problems(
            400,
            404,
            412,
            413,
            {409: ("already_decided", "already_deployed", "decommissioned", "same_person", "plan_outdated")},
        ),
    },
    summary="Approve a deployment",
)
def approve(
    request: HttpRequest, deployment_id: UUID, approval_id: UUID, payload: ApprovalGiven
) -> dict[str, Any]:
    """For reviewers and administrators who neither began the deployment, answered any of it, nor asked (409 `same_person`).
    409 `already_decided`; 412 where the answers are not those any more that were asked for. Needs the scope `operate`."""
    approval, actor = _decided(request, deployment_id, approval_id)
    return _show(approvals.approve(approval, actor=actor, reason=payload.reason, digest=payload.digest))


@router.post(
    "/{uuid:deployment_id}/approvals/{uuid:approval_id}/reject/",
    response={
        200: ApprovalOut,
        **problems(
            400, 404, 413, {409: ("already_decided", "already_deployed", "decommissioned", "same_person")}
        ),
    },
    summary="Reject a deployment",
)
def reject(
    request: HttpRequest, deployment_id: UUID, approval_id: UUID, payload: ApprovalRefused
) -> dict[str, Any]:
    """For reviewers and administrators, with a reason. 409 `already_decided`. Needs the scope `operate`."""
    approval, actor = _decided(request, deployment_id, approval_id)
    return _show(approvals.reject(approval, actor=actor, reason=payload.reason))


@router.post(
    "/{uuid:deployment_id}/approvals/{uuid:approval_id}/withdraw/",
    response={
        200: ApprovalOut,
        **problems(404, {409: ("already_decided", "already_deployed", "decommissioned", "task_running")}),
    },
    summary="Withdraw a request or an approval",
)
def withdraw(request: HttpRequest, deployment_id: UUID, approval_id: UUID) -> dict[str, Any]:
    """For operators, reviewers and administrators. Work that waits for a worker does not begin any more; beneath work that runs
    an approval stays (409 `task_running`). Needs the scope `operate`."""
    approval, actor = _decided(request, deployment_id, approval_id)
    return _show(approvals.withdraw(approval, actor=actor))


@of_all.get("/", response={200: ApprovalPage, **problems()}, summary="Approvals of all deployments")
def list_all_approvals(
    request: HttpRequest,
    state: Approval.State | None = None,
    mine: bool = Query(False, description="Only what waits for a decision of yours."),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """Of the deployments that you see, the newest first."""
    actor = caller(request)
    rows = approvals.waiting(actor) if mine else approvals.visible_approvals(actor)
    if state:
        rows = rows.filter(state=state)
    return page(rows, ordering="-asked_at", allowed=("asked_at",), limit=limit, cursor=cursor, show=_show)


def _decided(request: HttpRequest, deployment_id: UUID, approval_id: UUID) -> tuple[Approval, Operator]:
    actor = caller(request, "operate")
    return approvals.find(find(request, deployment_id, "operate"), approval_id), actor


def _show(row: Approval) -> dict[str, Any]:
    return {
        "id": row.pk,
        "deployment": row.deployment_id,
        "deployment_name": row.deployment.name,
        "state": row.state,
        "digest": row.digest,
        "note": row.note,
        "asked_by": row.asked_by.get_username(),
        "asked_at": row.asked_at,
        "decided_by": row.decided_by.get_username() if row.decided_by else None,
        "decided_at": row.decided_at,
        "reason": row.reason,
    }


def _show_standing(deployment: Deployment) -> dict[str, Any]:
    found = approvals.standing(deployment)
    return {
        "needed": found.needed,
        "state": found.state,
        "digest": found.digest,
        "changed": [
            {"path": one.path, "label": str(one.label), "before": one.before, "after": one.after}
            for one in found.changed
        ],
        "who_may_approve": [person.get_username() for person in approvals.who_may_approve(deployment)],
    }
