"""The audit trail: who did what, when and from where, with the place of each entry in the chain."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime

from wizard.api.auth import caller
from wizard.api.description import problems
from wizard.api.of_deployment import CURSOR, LIMIT, find
from wizard.api.pages import page
from wizard.models import AuditEntry
from wizard.services import audit_trail
from wizard.services.permissions import require

router = Router(tags=["audit"])
history = Router(tags=["audit"])


class AuditOut(Schema):
    id: int
    at: datetime
    actor: str | None = Field(description="Null where Foothold did it by itself.")
    action: str = Field(examples=["deployment.answered"])
    sentence: str = Field(description="What happened, in words.")
    subject: str
    subject_id: str
    deployment: UUID | None
    before: Any
    after: Any
    address: str | None = Field(description="Where the request came from.")
    request_id: str
    place: int | None = Field(description="In the chain; null for a moment, until it is sealed.")
    digest: str | None = Field(description="SHA-256 over the entry and the digest of the place before.")


class AuditPage(Schema):
    items: list[AuditOut]
    next_cursor: str | None


@router.get("/", response={200: AuditPage, **problems()}, summary="The audit trail")
def list_audit(
    request: HttpRequest,
    deployment: UUID | None = None,
    actor: str = Query("", max_length=150, description="The name of a person."),
    action: str = Query(
        "", max_length=64, description="A code, or the part before its dot.", examples=["deployment"]
    ),
    request_id: str = Query("", max_length=64),
    since: AwareDatetime | None = Query(None, description="Included."),
    until: AwareDatetime | None = Query(None, description="Not included."),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """For reviewers and administrators, the newest first. What concerns deployments of other teams, and those that are gone, is
    shown to administrators alone."""
    reader = caller(request)
    require(reader, "audit.read")
    wish = audit_trail.Wish(
        deployment=deployment, actor=actor, action=action, since=since, until=until, request_id=request_id
    )
    rows = audit_trail.find(audit_trail.visible_entries(reader), wish)
    return page(rows, ordering="-id", allowed=("id",), limit=limit, cursor=cursor, show=_show)


@history.get(
    "/{uuid:deployment_id}/history/",
    response={200: AuditPage, **problems(404)},
    summary="The history of a deployment",
)
def list_history(
    request: HttpRequest, deployment_id: UUID, limit: int = LIMIT, cursor: str | None = CURSOR
) -> dict[str, Any]:
    """What was done to it and its tasks, the newest first; for whoever sees the deployment."""
    rows = audit_trail.of_deployment(find(request, deployment_id))
    return page(rows, ordering="-id", allowed=("id",), limit=limit, cursor=cursor, show=_show)


def _show(row: AuditEntry) -> dict[str, Any]:
    seal = getattr(row, "seal", None)
    return {
        "id": row.pk,
        "at": row.at,
        "actor": row.actor.get_username() if row.actor else None,
        "action": row.action,
        "sentence": str(row.sentence),
        "subject": row.subject,
        "subject_id": row.subject_id,
        "deployment": row.deployment_id,
        "before": row.before,
        "after": row.after,
        "address": row.address,
        "request_id": row.request_id,
        "place": seal.place if seal else None,
        "digest": seal.digest if seal else None,
    }
