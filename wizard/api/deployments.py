"""Deployments, their steps, their checks, their topology, their answer file."""

from __future__ import annotations

import json
import re
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Body, Header, Query, Router, Status

from wizard.api import schemas
from wizard.api.auth import caller
from wizard.api.description import problems, sends
from wizard.api.pages import DEFAULT_LIMIT, MAX_LIMIT, page
from wizard.api.problems import IfMatchMissing
from wizard.journey.errors import FieldError
from wizard.models import CheckStatus, Deployment, DeploymentState
from wizard.services import answer_files, deployments, preflight, topology
from wizard.services.errors import Invalid
from wizard.text import Text, _

router = Router(tags=["deployments"])

IF_MATCH = Header(
    None,
    alias="If-Match",
    description='Needed: the revision that you read, in quotes: "7". Another one answers 412, and nothing is changed.',
)
LIMIT = Query(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many rows at most.")
CURSOR = Query(None, description="The next_cursor of the page before.")


def _revision(if_match: str | None) -> int:
    if if_match is None:
        raise IfMatchMissing(
            Text(_("Say which revision you change, so that nobody's work is overwritten unseen.")),
            remedy=Text(_('Send the ETag of the deployment that you read as If-Match, such as "7".')),
        )
    # Compressing proxies turn a tag into a weak one; the number is what counts.
    match = re.fullmatch(r'(?:W/)?"?(\d{1,9})"?', if_match.strip())
    if match is None:
        text = Text(_('If-Match must be a revision in quotes, such as "7"; found %(found)s.'), found=if_match)
        raise Invalid([FieldError(path="If-Match", message=text, code="invalid")])
    return int(match[1])


def _tag(response: HttpResponse, deployment: Deployment) -> None:
    response["ETag"] = f'"{deployment.revision}"'


def _get(request: HttpRequest, deployment_id: UUID, scope: str = "read") -> Deployment:
    return deployments.get(deployment_id, actor=caller(request, scope))


def _file(body: str, media_type: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=f"{media_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@router.get("/", response={200: schemas.DeploymentPage, **problems()}, summary="List deployments")
def list_deployments(
    request: HttpRequest,
    state: DeploymentState | None = None,
    profile: str | None = None,
    method: Literal["ova", "manual"] | None = Query(None, description="The answered installation method."),
    name: str | None = Query(None, max_length=63, description="Part of the name."),
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
    response={201: schemas.DeploymentOut, **problems(400, 413)},
    summary="Begin a deployment",
    openapi_extra=sends(201, "Location", "ETag"),
)
def create_deployment(
    request: HttpRequest, response: HttpResponse, payload: schemas.DeploymentIn
) -> Status[dict[str, Any]]:
    """Makes a draft. Its steps are answered one by one, then its tasks started. Needs the scope `operate`."""
    deployment = deployments.create(
        name=payload.name, profile=payload.profile, actor=caller(request, "operate")
    )
    response["Location"] = reverse("api:get_deployment", args=[deployment.pk])
    _tag(response, deployment)
    return Status(201, schemas.show_deployment(deployment))


@router.get(
    "/{uuid:deployment_id}/",
    response={200: schemas.DeploymentOut, **problems(404)},
    summary="One deployment",
    openapi_extra=sends(200, "ETag"),
)
def get_deployment(request: HttpRequest, response: HttpResponse, deployment_id: UUID) -> dict[str, Any]:
    """Its state, how each step stands and why one cannot start, and all valid answers."""
    deployment = _get(request, deployment_id)
    _tag(response, deployment)
    return schemas.show_deployment(deployment)


@router.patch(
    "/{uuid:deployment_id}/",
    response={200: schemas.DeploymentOut, **problems(400, 404, 409, 412, 413, 428)},
    summary="Rename a deployment",
    openapi_extra=sends(200, "ETag"),
)
def change_deployment(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    payload: schemas.DeploymentChange,
    if_match: str | None = IF_MATCH,
) -> dict[str, Any]:
    """As long as nothing is deployed (409 `already_deployed`). Needs the scope `operate`."""
    deployment = deployments.rename(
        _get(request, deployment_id, "operate"),
        name=payload.name,
        actor=caller(request, "operate"),
        revision=_revision(if_match),
    )
    _tag(response, deployment)
    return schemas.show_deployment(deployment)


@router.delete(
    "/{uuid:deployment_id}/",
    response={204: None, **problems(404, 409, 412)},
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
    deployments.delete(
        _get(request, deployment_id, "operate"),
        actor=caller(request, "operate"),
        revision=None if if_match is None else _revision(if_match),
    )
    return Status(204, None)


@router.get(
    "/{uuid:deployment_id}/steps/{step}/",
    response={200: schemas.StepOut, **problems(404)},
    summary="The answers of one step",
    openapi_extra=sends(200, "ETag"),
)
def get_step(request: HttpRequest, response: HttpResponse, deployment_id: UUID, step: str) -> dict[str, Any]:
    """The steps that take answers:"""
    deployment = _get(request, deployment_id)
    deployments.question(deployment, step)
    _tag(response, deployment)
    return schemas.show_step(deployment, step)


@router.put(
    "/{uuid:deployment_id}/steps/{step}/",
    response={200: schemas.StepOut, **problems(400, 404, 409, 412, 413, 428)},
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
    deployment = _get(request, deployment_id, "operate")
    deployments.answer(
        deployment,
        step,
        answers,
        actor=caller(request, "operate"),
        revision=_revision(if_match),
        keep_invalid=False,
    )
    deployment.refresh_from_db()
    _tag(response, deployment)
    return schemas.show_step(deployment, step)


@router.get(
    "/{uuid:deployment_id}/checks/",
    response={200: schemas.CheckPage, **problems(404)},
    summary="Results of preflight",
)
def list_checks(
    request: HttpRequest,
    deployment_id: UUID,
    task: UUID | None = Query(None, description="Of that run; else of the latest that was finished."),
    status: CheckStatus | None = None,
    category: str | None = None,
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """One row for each requirement, in the order of the catalogue; empty before preflight has run."""
    deployment = _get(request, deployment_id)
    run = preflight.latest_run(deployment)
    rows = deployment.checks.filter(task=task or (run.pk if run else None))
    if status:
        rows = rows.filter(status=status)
    if category:
        rows = rows.filter(category=category)
    return page(
        rows,
        ordering="position",
        allowed=("position",),
        limit=limit,
        cursor=cursor,
        show=schemas.show_check,
    )


@router.get(
    "/{uuid:deployment_id}/checks/report",
    response=problems(404),
    summary="The report of preflight as a file",
    openapi_extra=sends(
        200, json="application/json", junit="application/xml", markdown="text/markdown", html="text/html"
    ),
)
def checks_report(
    request: HttpRequest,
    deployment_id: UUID,
    form: Literal["json", "junit", "markdown", "html"] = Query("json", alias="format"),
) -> HttpResponse:
    """JSON for programs, JUnit XML for pipelines, Markdown for tickets, HTML for people; 404 before preflight has run."""
    deployment = _get(request, deployment_id)
    text, media_type = preflight.export(deployment, form)
    suffix = {"json": "json", "junit": "xml", "markdown": "md", "html": "html"}[form]
    return _file(text, media_type, f"{deployment.name}-preflight.{suffix}")


@router.get(
    "/{uuid:deployment_id}/topology/",
    response=problems(404, 409),
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
    deployment = _get(request, deployment_id)
    document, media_type = topology.export(deployment, form)
    body = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    suffix = {"json": "json", "svg": "svg", "mermaid": "mmd", "dot": "dot"}[form]
    return _file(body, media_type, f"{deployment.name}-topology.{suffix}")


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
    deployment = _get(request, deployment_id)
    text, media_type = answer_files.export(deployment, form)
    return _file(text, media_type, f"{deployment.name}.{form}")
