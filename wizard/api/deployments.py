"""Deployments, their steps, their checks, their topology, their answer file."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Body, Header, Query, Router

from wizard.api import schemas
from wizard.api.auth import caller
from wizard.api.pages import DEFAULT_LIMIT, MAX_LIMIT, page
from wizard.api.problems import ERRORS
from wizard.journey.errors import FieldError
from wizard.models import Deployment
from wizard.services import answer_files, deployments, preflight, topology
from wizard.services.errors import Invalid
from wizard.services.permissions import require
from wizard.text import Text, _

router = Router(tags=["deployments"])

IF_MATCH = Header(
    ...,
    alias="If-Match",
    description='The revision that you read, in quotes: "7". Another one answers 412, and nothing is changed.',
)


def _revision(if_match: str) -> int:
    match = re.fullmatch(r'"?(\d{1,9})"?', if_match.strip())
    if match is None:
        text = Text(_('If-Match must be a revision in quotes, such as "7"; found %(found)s.'), found=if_match)
        raise Invalid([FieldError(path="If-Match", message=text, code="invalid")])
    return int(match[1])


def _tag(response: HttpResponse, deployment: Deployment) -> None:
    response["ETag"] = f'"{deployment.revision}"'


def _get(request: HttpRequest, deployment_id: UUID, scope: str = "read") -> Deployment:
    return deployments.get(deployment_id, actor=caller(request, scope))


@router.get("/", response={200: schemas.DeploymentPage, **ERRORS}, summary="List deployments")
def list_deployments(
    request: HttpRequest,
    state: str | None = None,
    profile: str | None = None,
    name: str | None = Query(None, description="Part of the name."),
    ordering: str = "-changed_at",
    limit: int = Query(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT),
    cursor: str | None = None,
) -> dict[str, Any]:
    rows = deployments.visible_deployments(caller(request))
    if state:
        rows = rows.filter(state=state)
    if profile:
        rows = rows.filter(profile=profile)
    if name:
        rows = rows.filter(name__icontains=name)
    return page(
        rows,
        ordering=ordering,
        allowed=("changed_at", "created_at", "name"),
        limit=limit,
        cursor=cursor,
        show=schemas.show_row,
    )


@router.post("/", response={201: schemas.DeploymentOut, **ERRORS}, summary="Begin a deployment")
def create_deployment(
    request: HttpRequest, response: HttpResponse, payload: schemas.DeploymentIn
) -> tuple[int, dict[str, Any]]:
    deployment = deployments.create(
        name=payload.name, profile=payload.profile, actor=caller(request, "operate")
    )
    response["Location"] = reverse("api:get_deployment", args=[deployment.pk])
    _tag(response, deployment)
    return 201, schemas.show_deployment(deployment)


@router.get(
    "/{uuid:deployment_id}/", response={200: schemas.DeploymentOut, **ERRORS}, summary="One deployment"
)
def get_deployment(request: HttpRequest, response: HttpResponse, deployment_id: UUID) -> dict[str, Any]:
    deployment = _get(request, deployment_id)
    _tag(response, deployment)
    return schemas.show_deployment(deployment)


@router.patch(
    "/{uuid:deployment_id}/", response={200: schemas.DeploymentOut, **ERRORS}, summary="Rename a deployment"
)
def change_deployment(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    payload: schemas.DeploymentChange,
    if_match: str = IF_MATCH,
) -> dict[str, Any]:
    deployment = deployments.rename(
        _get(request, deployment_id, "operate"),
        name=payload.name,
        actor=caller(request, "operate"),
        revision=_revision(if_match),
    )
    _tag(response, deployment)
    return schemas.show_deployment(deployment)


@router.delete("/{uuid:deployment_id}/", response={204: None, **ERRORS}, summary="Throw a draft away")
def delete_deployment(request: HttpRequest, deployment_id: UUID) -> tuple[int, None]:
    deployments.delete(_get(request, deployment_id, "operate"), actor=caller(request, "operate"))
    return 204, None


@router.get(
    "/{uuid:deployment_id}/steps/{step}/",
    response={200: schemas.StepOut, **ERRORS},
    summary="The answers of one step",
)
def get_step(request: HttpRequest, response: HttpResponse, deployment_id: UUID, step: str) -> dict[str, Any]:
    deployment = _get(request, deployment_id)
    deployments.question(deployment, step)
    _tag(response, deployment)
    return _show_step(deployment, step)


@router.put(
    "/{uuid:deployment_id}/steps/{step}/",
    response={200: schemas.StepOut, **ERRORS},
    summary="Answer one step",
)
def put_step(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    step: str,
    answers: dict[str, Any] = Body(..., description="As in the answer file; validated as in the browser."),
    if_match: str = IF_MATCH,
) -> dict[str, Any]:
    deployment = _get(request, deployment_id, "operate")
    deployments.answer(
        deployment, step, answers, actor=caller(request, "operate"), revision=_revision(if_match)
    )
    deployment.refresh_from_db()
    _tag(response, deployment)
    return _show_step(deployment, step)


def _show_step(deployment: Deployment, step: str) -> dict[str, Any]:
    answers, _version = deployments.form_of(deployment, step)
    return {"step": step, "complete": step in deployments.completed_steps(deployment), "answers": answers}


@router.get(
    "/{uuid:deployment_id}/checks/",
    response={200: schemas.CheckPage, **ERRORS},
    summary="Results of preflight",
)
def list_checks(
    request: HttpRequest,
    deployment_id: UUID,
    task: UUID | None = Query(None, description="Of that run; else of the latest."),
    status: str | None = None,
    category: str | None = None,
    limit: int = Query(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT),
    cursor: str | None = None,
) -> dict[str, Any]:
    deployment = _get(request, deployment_id)
    run = preflight.latest_run(deployment)
    rows = deployment.checks.filter(task=task or (run.pk if run else None))
    if status:
        rows = rows.filter(status=status)
    if category:
        rows = rows.filter(category=category)
    return page(
        rows,
        ordering="requirement_id",
        allowed=("requirement_id",),
        limit=limit,
        cursor=cursor,
        show=schemas.show_check,
    )


@router.get(
    "/{uuid:deployment_id}/checks/report", response=ERRORS, summary="The report of preflight as a file"
)
def checks_report(
    request: HttpRequest,
    deployment_id: UUID,
    form: str = Query("json", alias="format", description="json, junit, markdown or html"),
) -> HttpResponse:
    text, media_type = preflight.export(_get(request, deployment_id), form)
    return HttpResponse(text, content_type=media_type)


@router.get("/{uuid:deployment_id}/topology/", response=ERRORS, summary="The component graph")
def get_topology(
    request: HttpRequest,
    deployment_id: UUID,
    form: str = Query("json", alias="format", description="json, svg, mermaid or dot"),
) -> HttpResponse:
    document, media_type = topology.export(_get(request, deployment_id), form)
    body = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    return HttpResponse(body, content_type=media_type)


@router.get(
    "/{uuid:deployment_id}/answers", response=ERRORS, summary="The answer file that rebuilds this deployment"
)
def get_answers(
    request: HttpRequest,
    deployment_id: UUID,
    form: str = Query("yaml", alias="format", description="yaml or json"),
) -> HttpResponse:
    actor = caller(request)
    require(actor, "view")
    text, media_type = answer_files.export(deployments.get(deployment_id, actor=actor), form)
    return HttpResponse(text, content_type=media_type)
