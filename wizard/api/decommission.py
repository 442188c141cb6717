"""Taking a component, or all of a deployment, out of service: the steps, who confirmed them, the end."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema, Status

from wizard.api.description import problems, sends
from wizard.api.of_deployment import (
    CURSOR,
    IF_MATCH,
    IF_MATCH_MAY,
    LIMIT,
    changing,
    find,
    operate,
    revision,
    tag,
    whole_list,
)
from wizard.api.schemas import Input
from wizard.services import decommission, decommission_end
from wizard.services.decommission import Plan

router = Router(tags=["decommission"])

COMPONENT = Query("", max_length=100, description="The key of the component; left out, the whole deployment.")


class RemovalWay(Schema):
    when: str
    programs: list[str] = Field(description="To be uninstalled, in this order.")
    where: str
    command: str


class DecommissionStepOut(Schema):
    id: str
    title: str
    text: str
    destroys: bool = Field(description="It cannot be undone.")
    done: bool
    fact: bool | None = Field(description="What the vault or the record says; null where a person has to.")
    evidence: str
    blocked_by: list[str]
    ways: list[RemovalWay]
    confirmed_by: str | None
    confirmed_at: datetime | None
    note: str


class DecommissionOut(Schema):
    component: str = Field(description="Its key in the topology; empty for the whole deployment.")
    kind: str
    name: str
    address: str
    ready: bool = Field(description="Every step is done; it can be finished.")
    observed_at: datetime | None = Field(
        description="When the vault was looked at; null without a look of the last 24 hours."
    )
    steps: list[DecommissionStepOut]


class DecommissionPage(Schema):
    items: list[DecommissionOut]
    next_cursor: str | None


class NoteIn(Input):
    note: str = Field("", max_length=4000)


class FinishIn(Input):
    name: str = Field(description="The name of the component or deployment, so that nobody ends another one.")


@router.get(
    "/{uuid:deployment_id}/decommission/",
    response={200: DecommissionPage, **problems(404, {409: ("not_deployed",)})},
    summary="What can be taken out of service, and how far that is",
    openapi_extra=sends(200, "ETag"),
)
def list_decommissions(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """Each further component, and last the deployment itself, with the documented steps in their order. 409 `not_deployed`
    before anything stands."""
    deployment = find(request, deployment_id)
    tag(response, deployment)
    return whole_list(
        [_show(plan) for plan in decommission.plans_of(deployment)],
        of="list_decommissions",
        limit=limit,
        cursor=cursor,
    )


@router.put(
    "/{uuid:deployment_id}/decommission/steps/{step}/",
    response={
        200: DecommissionOut,
        **problems(400, 404, 412, 413, {409: ("not_deployed", "seen_by_vault", "step_blocked")}),
    },
    summary="Say that a step is done",
    openapi_extra=sends(200, "ETag"),
)
def confirm_decommission_step(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    step: str,
    payload: NoteIn,
    component: str = COMPONENT,
    if_match: str | None = IF_MATCH_MAY,
) -> dict[str, Any]:
    """409 `step_blocked` names what is in the way, `seen_by_vault` says that the vault decides this one. Needs the scope
    `operate`."""
    deployment, actor = operate(request, deployment_id, "decommission.confirm")
    with changing(deployment, if_match):
        decommission.confirm(deployment, component, step, note=payload.note, actor=actor)
    tag(response, deployment)
    return _show(decommission.plan_of(deployment, component))


@router.delete(
    "/{uuid:deployment_id}/decommission/steps/{step}/",
    response={204: None, **problems(404, 412, {409: ("not_deployed",)})},
    summary="Say that a step is not done after all",
)
def take_back_decommission_step(
    request: HttpRequest,
    deployment_id: UUID,
    step: str,
    component: str = COMPONENT,
    if_match: str | None = IF_MATCH_MAY,
) -> Status[None]:
    """404 where nobody confirmed it. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "decommission.confirm")
    with changing(deployment, if_match):
        decommission.take_back(deployment, component, step, actor=actor)
    return Status(204, None)


@router.post(
    "/{uuid:deployment_id}/decommission/finish/",
    response={
        204: None,
        **problems(
            400, 404, 412, 413, 428, {409: ("not_deployed", "steps_left", "topology_invalid", "task_running")}
        ),
    },
    summary="Write down that it is gone",
)
def finish_decommission(
    request: HttpRequest,
    deployment_id: UUID,
    payload: FinishIn,
    component: str = COMPONENT,
    if_match: str | None = IF_MATCH,
) -> Status[None]:
    """A component leaves the recorded topology with a new snapshot. A deployment becomes `decommissioned`: nothing is started or
    changed in it any more, the secrets of its installation are deleted, its history stays. 409 `steps_left`, `task_running`.
    Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "decommission.finish")
    revision(if_match)
    with changing(deployment, if_match):
        decommission_end.finish(deployment, component, name=payload.name, actor=actor)
    return Status(204, None)


def _show(plan: Plan) -> dict[str, Any]:
    return {
        "component": plan.key,
        "kind": plan.subject.kind,
        "name": plan.subject.name,
        "address": plan.subject.address,
        "ready": plan.ready,
        "observed_at": plan.seen.observed_at,
        "steps": [
            {
                "id": state.step.id,
                "title": str(state.step.title),
                "text": str(state.step.text),
                "destroys": state.step.destroys,
                "done": state.done,
                "fact": state.fact,
                "evidence": str(state.evidence),
                "blocked_by": [str(text) for text in state.blocked_by],
                "ways": [
                    {
                        "when": str(way.when),
                        "programs": list(way.programs),
                        "where": str(way.where),
                        "command": way.command,
                    }
                    for way in state.step.ways
                ],
                "confirmed_by": row.confirmed_by.username if row else None,
                "confirmed_at": row.confirmed_at if row else None,
                "note": row.note if row else "",
            }
            for state in plan.steps
            for row in [plan.confirmations.get(state.step.id)]
        ],
    }
