"""What the vault of a deployment sees: observations, notices, corrected roles."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from wizard.api import vault_schemas as schemas
from wizard.api.description import problems, sends
from wizard.api.of_deployment import CURSOR, IF_MATCH_MAY, LIMIT, changing, find, operate, tag
from wizard.api.pages import page
from wizard.api.problems import named_by
from wizard.models import Deployment, Notice, VaultObservation
from wizard.services.vault_observation import account, corrections, notices, showing
from wizard.services.vault_observation.judgement import Judgement

router = Router(tags=["vault"])


@router.get(
    "/{uuid:deployment_id}/vault/watch/",
    response={200: schemas.WatchOut, **problems(404)},
    summary="How fresh what is known of the vault is",
)
def get_vault_watch(request: HttpRequest, deployment_id: UUID) -> dict[str, Any]:
    """When the vault was looked at, when it will be, why the last look failed, and which roles were corrected by hand. The task
    `refresh_health` looks at once."""
    return _show_watch(find(request, deployment_id))


def _show_watch(deployment: Deployment) -> dict[str, Any]:
    fresh = showing.freshness_of(deployment)
    failure = fresh.failure
    return {
        "account": fresh.account,
        "looked_at": fresh.looked_at,
        "looking": fresh.looking,
        "next_at": fresh.next_at,
        "failure": {
            "at": failure.at,
            "code": failure.code,
            "message": str(failure.text),
            "remedy": str(failure.remedy),
            "where": failure.where,
        }
        if failure
        else None,
        "roles": corrections.of_deployment(deployment),
    }


@router.get(
    "/{uuid:deployment_id}/vault/observations/",
    response={200: schemas.ObservationPage, **problems(404)},
    summary="The history of what the vault showed",
)
def list_observations(
    request: HttpRequest,
    deployment_id: UUID,
    ordering: str = Query("-number", description="number; a minus turns it round."),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """One row from each change that matters to the next."""
    rows = find(request, deployment_id).observations.defer("document", "differences", "health")
    return page(
        rows, ordering=ordering, allowed=("number",), limit=limit, cursor=cursor, show=_show_observation
    )


@router.get(
    "/{uuid:deployment_id}/vault/observations/newest/",
    response={200: schemas.ObservationOut, **problems(404)},
    summary="What the vault showed at the last look",
)
def get_newest_observation(request: HttpRequest, deployment_id: UUID) -> dict[str, Any]:
    """With its differences from the recorded topology and the health of every component. 404 before the first look."""
    row = showing.newest(find(request, deployment_id))
    judgement = showing.judgement_in(row)
    return {
        **_show_observation(row),
        "document": showing.document_of(row),
        **(_show_judgement(judgement) if judgement else {"differences": [], "health": [], "findings": []}),
    }


@router.get(
    "/{uuid:deployment_id}/vault/notices/",
    response={200: schemas.NoticePage, **problems(404)},
    summary="What became worse, and when it was well again",
)
def list_notices(
    request: HttpRequest,
    deployment_id: UUID,
    open_only: bool = Query(False, alias="open", description="Only those that have not ended."),
    severity: Literal["warning", "critical"] | None = None,
    ordering: str = Query("-began_at", description="began_at; a minus turns it round."),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """The newest first. There is none for what stays as it is."""
    rows = notices.of_deployment(find(request, deployment_id))
    if open_only:
        rows = rows.filter(ended_at=None)
    if severity:
        rows = rows.filter(severity=severity)
    return page(rows, ordering=ordering, allowed=("began_at",), limit=limit, cursor=cursor, show=_show_notice)


@router.post(
    "/{uuid:deployment_id}/vault/notices/{int:notice_id}/seen/",
    response={200: schemas.NoticeOut, **problems(404)},
    summary="Say that a notice was seen",
)
def see_notice(request: HttpRequest, deployment_id: UUID, notice_id: int) -> dict[str, Any]:
    """The first one who says so is kept; again changes nothing. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "notice.mark_seen")
    return _show_notice(notices.mark_seen(deployment, notice_id, actor=actor))


@router.put(
    "/{uuid:deployment_id}/vault/account/",
    response={
        200: schemas.WatchOut,
        **problems(400, 404, 412, 413, {409: ("answer_the_step",), 422: ("unknown_account",)}),
    },
    summary="Choose the account with which the vault is asked",
    openapi_extra=sends(200, "ETag"),
)
def put_vault_account(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    payload: schemas.AccountChoice,
    if_match: str | None = IF_MATCH_MAY,
) -> dict[str, Any]:
    """For a deployment that stands; before that the vault step names it (409 `answer_the_step`). 422 `unknown_account` for one
    that is not there or is of another cloud. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "vault.choose_account")
    with changing(deployment, if_match), named_by("unknown_account"):
        account.choose(deployment, payload.account, actor=actor)
    tag(response, deployment)
    return _show_watch(deployment)


@router.put(
    "/{uuid:deployment_id}/vault/corrections/",
    response={200: schemas.CorrectionsOut, **problems(400, 404, 409, 412, 413, {})},
    summary="Correct roles that the vault leaves open",
    openapi_extra=sends(200, "ETag"),
)
def put_corrections(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    payload: schemas.CorrectionsIn,
    if_match: str | None = IF_MATCH_MAY,
) -> dict[str, Any]:
    """Such as that a process server stands in Azure, which no field of the vault says. Counts from the next look on, which is due
    at once. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "vault.correct_role")
    with changing(deployment, if_match):
        roles = corrections.replace(deployment, payload.roles, actor=actor)
    tag(response, deployment)
    return {"roles": roles}


def _show_observation(row: VaultObservation) -> dict[str, Any]:
    return {
        "number": row.number,
        "severity": row.severity,
        "first_seen_at": row.first_seen_at,
        "last_seen_at": row.last_seen_at,
        "digest": row.digest,
    }


def _show_judgement(judgement: Judgement) -> dict[str, Any]:
    return {
        "differences": [
            {
                "key": one.key,
                "kind": one.kind,
                "severity": one.severity,
                "component": one.subject,
                "field": one.field,
                "planned": one.planned,
                "seen": one.seen,
                "seen_in": one.seen_in,
                "text": str(one.text),
                "remedy": str(one.remedy),
            }
            for one in judgement.differences
        ],
        "health": [
            {
                "key": state.key,
                "component": state.component,
                "name": state.name,
                "metric": state.metric,
                "state": state.state,
                "value": str(state.value),
                "threshold": str(state.threshold),
                "remedy": str(state.remedy),
            }
            for state in judgement.health
        ],
        "findings": [
            {
                "code": one.code,
                "severity": one.severity,
                "text": str(one.text),
                "remedy": str(one.remedy),
                "components": list(one.keys),
            }
            for one in judgement.findings
        ],
    }


def _show_notice(row: Notice) -> dict[str, Any]:
    return {
        "id": row.pk,
        "key": row.key,
        "severity": row.severity,
        "message": str(row.sentence),
        "remedy": str(row.remedy),
        "began_at": row.began_at,
        "ended_at": row.ended_at,
        "seen_by": row.seen_by.username if row.seen_by else None,
        "seen_at": row.seen_at,
    }
