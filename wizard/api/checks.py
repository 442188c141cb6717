"""What preflight and verification found, read with the answers and waivers of today; and the waivers themselves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from wizard.api import schemas
from wizard.api.auth import caller
from wizard.api.description import problems, sends
from wizard.api.of_deployment import (
    CURSOR,
    IF_MATCH_MAY,
    LIMIT,
    changing,
    find,
    operate,
    tag,
    text_file,
    whole_list,
)
from wizard.api.pages import page_of
from wizard.api.problems import named_by
from wizard.models import CheckStatus, Waiver
from wizard.services import attestations, results, waivers
from wizard.services.explanations import is_old
from wizard.services.permissions import may
from wizard.services.results import ReportFormat

router = Router(tags=["checks"])

Phase = Literal["before", "after"]
PHASE = Query(
    "before",
    description="before: what preflight judged; after: what was judged once the machine was set up.",
)
_SUFFIX = {"json": "json", "junit": "xml", "markdown": "md", "html": "html", "sarif": "sarif"}


class WaiverIn(schemas.Input):
    reason: str = Field(
        description="Why it may be left as it is; reviewers read it.", examples=["Change 4711 mends it."]
    )
    until: date = Field(
        description="The last day on which it counts, at most as many days ahead as `WAIVER_MAX_DAYS` of the installation (365).",
        examples=["2027-01-31"],
    )


class WaiverOut(Schema):
    requirement_id: str
    reason: str
    until: date
    asked_by: str
    asked_at: datetime
    approved: bool = Field(description="Whether a second person approved it, where settings ask for one.")
    approved_by: str | None
    approved_at: datetime | None
    in_force: bool = Field(description="Approved, and not ended.")


class WaiverPage(Schema):
    items: list[WaiverOut]
    next_cursor: str | None


def show_waiver(row: Waiver) -> dict[str, Any]:
    return {
        "requirement_id": row.requirement_id,
        "reason": row.reason,
        "until": row.until,
        "asked_by": row.asked_by.username,
        "asked_at": row.asked_at,
        "approved": row.approved_at is not None,
        "approved_by": row.approved_by.username if row.approved_by else None,
        "approved_at": row.approved_at,
        "in_force": row.in_force,
    }


@router.get(
    "/{uuid:deployment_id}/checks/",
    response={200: schemas.CheckPage, **problems(404)},
    summary="Results of the checks",
)
def list_checks(
    request: HttpRequest,
    deployment_id: UUID,
    task: UUID | None = Query(
        None, description="Of that run, as it found them; else of the latest that was finished."
    ),
    phase: Phase = PHASE,
    status: CheckStatus | None = None,
    category: str | None = None,
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """One row for each requirement, in the order of the catalogue; empty before the first run. What people attest is judged by
    their answers of today, unless a run is named."""
    deployment = find(request, deployment_id)
    rows = results.of_run(deployment, task) if task else results.latest_results(deployment, phase)
    waived = {row.requirement_id for row in results.waivers_in_force(deployment)}
    # What a person said does not age as what was seen does.
    answered = {row.id for row in attestations.questions_for(deployment)}
    now = timezone.now()
    old = {
        row.requirement_id
        for row in rows
        if row.requirement_id not in answered and row.status != "skipped" and is_old(row.observed_at, now)
    }
    return page_of(
        (
            (row.position, row)
            for row in rows
            if status in (None, row.status) and category in (None, row.category)
        ),
        of=f"checks of {deployment.pk}",
        limit=limit,
        cursor=cursor,
        show=lambda row: schemas.show_check(row, waived=waived, old=old),
    )


@router.get(
    "/{uuid:deployment_id}/checks/report",
    response=problems(404),
    summary="The report of the checks as a file",
    openapi_extra=sends(
        200,
        json="application/json",
        junit="application/xml",
        markdown="text/markdown",
        html="text/html",
        sarif="application/sarif+json",
    ),
)
def checks_report(
    request: HttpRequest,
    deployment_id: UUID,
    form: ReportFormat = Query("json", alias="format"),
    phase: Phase = PHASE,
) -> HttpResponse:
    """JSON for programs, JUnit XML for pipelines, SARIF for tools that collect findings, Markdown for tickets, HTML for people;
    404 before the first run."""
    deployment = find(request, deployment_id)
    text, media_type = results.export(deployment, form, phase)
    name = "preflight" if phase == "before" else "verification"
    return text_file(text, media_type, f"{deployment.name}-{name}.{_SUFFIX[form]}")


@router.get(
    "/{uuid:deployment_id}/waivers/", response={200: WaiverPage, **problems(404)}, summary="List waivers"
)
def list_waivers(
    request: HttpRequest, deployment_id: UUID, limit: int = LIMIT, cursor: str | None = CURSOR
) -> dict[str, Any]:
    """All of the deployment, ended ones too, by requirement."""
    rows = find(request, deployment_id).waivers.select_related("asked_by", "approved_by")
    items = [show_waiver(row) for row in rows.order_by("requirement_id")]
    return whole_list(items, of="list_waivers", limit=limit, cursor=cursor)


@router.put(
    "/{uuid:deployment_id}/waivers/{requirement_id}/",
    response={
        200: WaiverOut,
        **problems(400, 404, 412, 413, {409: ("task_running",), 422: ("not_waivable",)}),
    },
    summary="Ask to accept a requirement that fails",
    openapi_extra=sends(200, "ETag"),
)
def put_waiver(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    requirement_id: str,
    payload: WaiverIn,
    if_match: str | None = IF_MATCH_MAY,
) -> dict[str, Any]:
    """Takes the place of the waiver that was there. It is in force once another person has approved it, or at once where the
    installation needs no second person: `approved` says which. 422 `not_waivable` for a requirement without which nothing
    works; a day that is too late is `too_late` among `errors`. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "waiver.ask")
    with changing(deployment, if_match), named_by("not_waivable"):
        row = waivers.waive(
            deployment, requirement_id, reason=payload.reason, until=payload.until, actor=actor
        )
    tag(response, deployment)
    return show_waiver(row)


@router.post(
    "/{uuid:deployment_id}/waivers/{requirement_id}/approve/",
    response={
        200: WaiverOut,
        **problems(404, 412, {409: ("same_person", "already_approved", "waiver_ended", "task_running")}),
    },
    summary="Approve a waiver that somebody else asked for",
    openapi_extra=sends(200, "ETag"),
)
def approve_waiver(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    requirement_id: str,
    asked_at: datetime | None = Query(None, description="Approve only the request that was made then."),
    if_match: str | None = IF_MATCH_MAY,
) -> dict[str, Any]:
    """For reviewers. 409 `same_person` for the one who asked, `already_approved`, `waiver_ended`. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "waiver.approve")
    with changing(deployment, if_match):
        row = waivers.approve_waiver(deployment, requirement_id, actor=actor, asked_at=asked_at)
    tag(response, deployment)
    return show_waiver(row)


@router.delete(
    "/{uuid:deployment_id}/waivers/{requirement_id}/",
    response={204: None, **problems(404, 412, {409: ("task_running",)})},
    summary="Take a waiver back",
)
def delete_waiver(
    request: HttpRequest, deployment_id: UUID, requirement_id: str, if_match: str | None = IF_MATCH_MAY
) -> Status[None]:
    """The requirement counts as it was found again. To refuse what somebody else asks for is for reviewers. Needs the scope
    `operate`."""
    actor = caller(request, "operate")
    # Whoever could do neither is told so before anybody looks at the revision.
    deployment, actor = operate(
        request, deployment_id, "waiver.refuse" if may(actor, "waiver.refuse") else "waiver.take_back"
    )
    with changing(deployment, if_match):
        waivers.take_back_waiver(deployment, requirement_id, actor=actor)
    return Status(204, None)
