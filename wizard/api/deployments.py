"""Deployments, their steps, their topology, their answer file."""

from __future__ import annotations

import json
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Body, Header, Query, Router, Status

from wizard.api import schemas
from wizard.api.auth import caller
from wizard.api.description import problems, sends
from wizard.api.of_deployment import CURSOR, IF_MATCH, LIMIT, expecting, find, revision, tag, text_file
from wizard.api.pages import page
from wizard.journey.errors import FieldError
from wizard.models import DeploymentState
from wizard.services import answer_files, approvals, deployment_team, deployments, own_deployment, topology
from wizard.services.errors import Invalid
from wizard.text import Text, _

router = Router(tags=["deployments"])


@router.get("/", response={200: schemas.DeploymentPage, **problems()}, summary="List deployments")
def list_deployments(
    request: HttpRequest,
    state: DeploymentState | None = None,
    profile: str | None = None,
    method: Literal["ova", "manual"] | None = Query(None, description="The answered installation method."),
    name: str | None = Query(None, max_length=63, description="Part of the name."),
    team: str | None = Query(
        None, description="Name of the team whose it is; empty for those that are everybody's."
    ),
    ordering: str = Query(
        "-created_at",
        description="created_at, changed_at or name; a minus turns it round. Rows whose changed_at moves meanwhile move too.",
    ),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """All deployments, the newest first."""
    rows = deployments.visible_deployments(caller(request))
    if state:
        rows = rows.filter(state=state)
    if profile:
        rows = rows.filter(profile=profile)
    if method:
        rows = rows.filter(steps__step="source", steps__data__method=method)
    if name:
        rows = rows.filter(name__icontains=name)
    if team is not None:
        rows = rows.filter(team__name=team) if team else rows.filter(team=None)
    return page(
        rows,
        ordering=ordering,
        allowed=("created_at", "changed_at", "name"),
        limit=limit,
        cursor=cursor,
        show=schemas.show_row,
    )


@router.post(
    "/",
    response={201: schemas.DeploymentOut, **problems(400, 404, 413, {409: ("no_own_deployment",)})},
    summary="Begin a deployment",
    openapi_extra=sends(201, "Location", "ETag"),
)
def create_deployment(
    request: HttpRequest, response: HttpResponse, payload: schemas.DeploymentIn
) -> Status[dict[str, Any]]:
    """Makes a draft. Its steps are answered one by one, then its tasks started. Needs the scope `operate`."""
    actor = caller(request, "operate")
    wanted = {"name": payload.name, "profile": payload.profile, "team": payload.team}
    if payload.addition is not None:
        addition = own_deployment.addition_for(payload.addition, actor=actor)
        if "team" not in payload.model_fields_set:
            wanted["team"] = own_deployment.proposed(addition).get("team", "")
        deployment = own_deployment.begin(addition, **wanted, actor=actor)
    else:
        deployment = deployments.create(**wanted, actor=actor)
    response["Location"] = reverse("api:get_deployment", args=[deployment.pk])
    tag(response, deployment)
    return Status(201, schemas.show_deployment(deployment))


@router.get(
    "/{uuid:deployment_id}/",
    response={200: schemas.DeploymentOut, **problems(404)},
    summary="One deployment",
    openapi_extra=sends(200, "ETag"),
)
def get_deployment(request: HttpRequest, response: HttpResponse, deployment_id: UUID) -> dict[str, Any]:
    """Its state, how each step stands and why one cannot start, and all valid answers."""
    deployment = find(request, deployment_id)
    tag(response, deployment)
    return schemas.show_deployment(deployment)


@router.patch(
    "/{uuid:deployment_id}/",
    response={
        200: schemas.DeploymentOut,
        **problems(
            400,
            404,
            412,
            413,
            428,
            {409: ("already_deployed", "decommissioned", "same_person", "account_shared", "task_running")},
        ),
    },
    summary="Rename a deployment, give it to a team, or say whether it has to be approved",
    openapi_extra=sends(200, "ETag"),
)
def change_deployment(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    payload: schemas.DeploymentChange,
    if_match: str | None = IF_MATCH,
) -> dict[str, Any]:
    """Its name and its approval as long as nothing is deployed (409 `already_deployed`), its team at any time. Operators rename;
    reviewers say whether it has to be approved, and nobody lets off what they had a part in (409 `same_person`). To another
    team it is given by administrators, and by whoever began it and is in both (403 `not_allowed` for others). 409
    `account_shared` where other deployments of its team use its accounts. Needs the scope `operate`."""
    actor = caller(request, "operate")
    deployment = find(request, deployment_id, "operate")
    seen: int | None = revision(if_match)
    if payload.name is None and payload.needs_approval is None and payload.team is None:
        nothing = Text(_("Give a name, a team, or whether it needs an approval."))
        raise Invalid([FieldError(path="", message=nothing, code="missing")])
    with expecting(deployment, seen), transaction.atomic():
        if payload.needs_approval is not None:
            approvals.require_approval(deployment, needed=payload.needs_approval, actor=actor, revision=seen)
            seen = None
        if payload.name is not None:
            deployments.rename(deployment, name=payload.name, actor=actor, revision=seen)
            seen = None
        if payload.team is not None:
            deployment_team.give(deployment, team=payload.team, actor=actor, revision=seen)
    tag(response, deployment)
    return schemas.show_deployment(deployment)


@router.delete(
    "/{uuid:deployment_id}/",
    response={
        204: None,
        **problems(404, 412, {409: ("not_a_draft", "task_running")}),
    },
    summary="Throw a draft away",
)
def delete_deployment(
    request: HttpRequest,
    deployment_id: UUID,
    if_match: str | None = Header(
        None, alias="If-Match", description="Delete only this revision; may be left out."
    ),
) -> Status[None]:
    """Only before something is deployed (409 `not_a_draft`), and while no task runs. Needs the scope `operate`."""
    deployment = find(request, deployment_id, "operate")
    wanted = None if if_match is None else revision(if_match)
    with expecting(deployment, wanted):
        deployments.delete(deployment, actor=caller(request, "operate"), revision=wanted)
    return Status(204, None)


@router.get(
    "/{uuid:deployment_id}/steps/{step}/",
    response={200: schemas.StepOut, **problems(404)},
    summary="The answers of one step",
    openapi_extra=sends(200, "ETag"),
)
def get_step(request: HttpRequest, response: HttpResponse, deployment_id: UUID, step: str) -> dict[str, Any]:
    """The steps that take answers:"""
    deployment = find(request, deployment_id)
    deployments.question(deployment, step)
    tag(response, deployment)
    return schemas.show_step(deployment, step)


@router.put(
    "/{uuid:deployment_id}/steps/{step}/",
    response={
        200: schemas.StepOut,
        **problems(400, 404, 412, 413, 428, {409: ("already_deployed", "decommissioned")}),
    },
    summary="Answer one step",
    openapi_extra=sends(200, "ETag"),
)
def put_step(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    step: str,
    answers: dict[str, Any] = Body(..., description="As in the answer file; validated as in the browser."),
    if_match: str | None = IF_MATCH,
) -> dict[str, Any]:
    """Takes the whole step, and changes nothing where one answer is not valid (422). What is answered again after preflight
    takes the deployment back to draft; once it is deployed its answers stay (409 `already_deployed`). Needs the scope
    `operate`. The steps:"""
    deployment = find(request, deployment_id, "operate")
    wanted = revision(if_match)
    with expecting(deployment, wanted):
        deployments.answer(
            deployment, step, answers, actor=caller(request, "operate"), revision=wanted, keep_invalid=False
        )
    deployment.refresh_from_db()
    tag(response, deployment)
    return schemas.show_step(deployment, step)


@router.get(
    "/{uuid:deployment_id}/topology/",
    response=problems(404, {409: ("not_ready",)}),
    summary="The component graph",
    openapi_extra=sends(
        200,
        json="application/json",
        svg="image/svg+xml",
        mermaid="text/vnd.mermaid",
        dot="text/vnd.graphviz",
    ),
)
def get_topology(
    request: HttpRequest,
    deployment_id: UUID,
    form: Literal["json", "svg", "mermaid", "dot"] = Query("json", alias="format"),
) -> HttpResponse:
    """The newest recorded graph; before the first recording the one that follows from the answers (409 `not_ready` as long as
    these do not reach to the vault)."""
    deployment = find(request, deployment_id)
    document, media_type = topology.export(deployment, form)
    body = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    suffix = {"json": "json", "svg": "svg", "mermaid": "mmd", "dot": "dot"}[form]
    return text_file(body, media_type, f"{deployment.name}-topology.{suffix}")


@router.get(
    "/{uuid:deployment_id}/answers",
    response=problems(404),
    summary="The answer file that rebuilds this deployment",
    openapi_extra=sends(200, yaml="application/yaml", json="application/json"),
)
def get_answers(
    request: HttpRequest,
    deployment_id: UUID,
    form: Literal["yaml", "json"] = Query("yaml", alias="format"),
) -> HttpResponse:
    """What `manage.py apply` takes. Without secrets: credentials stand in it by name."""
    deployment = find(request, deployment_id)
    text, media_type = answer_files.export(deployment, form)
    return text_file(text, media_type, f"{deployment.name}.{form}")
