"""Components that are added to a deployment after its first setup, and machines that move between servers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Field, Router, Schema, Status

from wizard.api import schemas
from wizard.api.description import problems, sends
from wizard.api.of_deployment import CURSOR, IF_MATCH_MAY, LIMIT, changing, find, operate, whole_list
from wizard.models import Addition
from wizard.services import additions, additions_advice, additions_guide, machine_moves, machine_moves_running
from wizard.services.additions import Seen
from wizard.services.additions_seen import all_seen
from wizard.services.errors import NotFound
from wizard.text import Text, _

router = Router(tags=["components"])

Kind = Literal["ps_scaleout", "ps_failback", "mt_windows", "mt_linux"]
State = Literal["planned", "checked", "appeared", "recorded", "removed"]


class AdditionChange(schemas.Input):
    answers: dict[str, Any] = Field(
        description="All answers of its kind, as the form asks for them: name, address and the rest.",
        examples=[{"name": "ps01", "address": "10.0.0.20", "size": "L"}],
    )


class AdditionIn(AdditionChange):
    kind: Kind


class FindingOut(Schema):
    rule: str = Field(examples=["MT-07"])
    status: Literal["pass", "info", "warn", "unknown", "block"]
    text: str
    remedy: str = Field(description="Empty where there is nothing to do.")


class OpeningOut(Schema):
    name: str
    where: str
    source: str
    target: str
    protocol: str
    port: str
    why: str
    edge: str = Field(description="The row of the edge tables, such as E16.")


class AdditionOut(Schema):
    id: UUID
    kind: Kind
    state: State
    name: str
    address: str
    answers: dict[str, Any]
    findings: list[FindingOut] = Field(description="Of the last check; empty before it.")
    steps: list[str] = Field(description="How it is set up by hand, in order.")
    openings: list[OpeningOut] = Field(description="What must be open on the way; only for one in Azure.")
    in_vault: bool | None = Field(description="Null before the vault was looked at.")
    machines: int | None = Field(description="How many replicate through it, as the vault showed last.")
    checked_at: datetime | None
    appeared_at: datetime | None
    recorded_at: datetime | None
    remind_at: datetime | None
    removed_at: datetime | None
    created_by: str
    created_at: datetime


class AdditionPage(Schema):
    items: list[AdditionOut]
    next_cursor: str | None


class AdviceReason(Schema):
    id: Literal["machines", "change", "alerts"]
    text: str
    source: str


class AdviceOut(Schema):
    needed: bool
    further: int = Field(description="How many process servers to add.")
    reasons: list[AdviceReason]
    open: list[str] = Field(description="What could not be judged, and why.")
    notes: list[str]


class MovesOut(Schema):
    plan_sha256: str | None = Field(description="What `move_machines` takes; null before a plan was made.")
    planned_at: datetime | None
    outdated: bool = Field(description="Machines were moved since; it is not taken any more.")
    plan: dict[str, Any] | None = Field(
        description="resolved, moves, before, after, unbearable, why_not, remarks; sentences as template and values."
    )
    newest_move: UUID | None = Field(description="The task that moved machines last; `undo` takes it back.")
    can_undo: bool
    outcome: dict[str, Any] | None = Field(
        description="moved, already, failed, refused, not_tried: what became of each machine."
    )


@router.get(
    "/{uuid:deployment_id}/scale-out-advice",
    response={200: AdviceOut, **problems(404)},
    summary="Whether to add process servers",
)
def get_scale_out_advice(request: HttpRequest, deployment_id: UUID) -> dict[str, Any]:
    """From the vault as it was looked at last, and from the capacity step."""
    advice = additions_advice.advice_for(find(request, deployment_id))
    return {
        "needed": advice.needed,
        "further": advice.further,
        "reasons": [{"id": one.id, "text": str(one.text), "source": one.source} for one in advice.reasons],
        "open": [str(text) for text in advice.open],
        "notes": [str(text) for text in advice.notes],
    }


@router.get(
    "/{uuid:deployment_id}/additions/",
    response={200: AdditionPage, **problems(404)},
    summary="The components that were added",
)
def list_additions(
    request: HttpRequest, deployment_id: UUID, limit: int = LIMIT, cursor: str | None = CURSOR
) -> dict[str, Any]:
    """In the order in which they were planned; those that are removed stay in the list."""
    deployment = find(request, deployment_id)
    rows = additions.of_deployment(deployment)
    seen = all_seen(deployment, rows)
    return whole_list(
        [_show(row, seen[str(row.pk)]) for row in rows], of="list_additions", limit=limit, cursor=cursor
    )


@router.post(
    "/{uuid:deployment_id}/additions/",
    response={201: AdditionOut, **problems(400, 404, 412, 413, {409: ("no_additions",)})},
    summary="Plan a component",
    openapi_extra=sends(201, "Location"),
)
def plan_addition(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    payload: AdditionIn,
    if_match: str | None = IF_MATCH_MAY,
) -> Status[dict[str, Any]]:
    """The tasks `check_addition` and `record_addition` take its id as `addition`. 409 `no_additions` where the deployment takes
    none. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "addition.plan")
    with changing(deployment, if_match):
        row = additions.plan(deployment, payload.kind, payload.answers, actor=actor)
    response["Location"] = reverse("api:get_addition", args=[deployment.pk, row.pk])
    return Status(201, _show(row))


@router.get(
    "/{uuid:deployment_id}/additions/{uuid:addition_id}/",
    response={200: AdditionOut, **problems(404)},
    summary="One component that was added",
)
def get_addition(request: HttpRequest, deployment_id: UUID, addition_id: UUID) -> dict[str, Any]:
    """What was planned, how it is set up, what its last check found, and what the vault shows of it."""
    return _show(additions.get(find(request, deployment_id), addition_id))


@router.put(
    "/{uuid:deployment_id}/additions/{uuid:addition_id}/",
    response={
        200: AdditionOut,
        **problems(400, 404, 412, 413, {409: ("recorded", "removed")}),
    },
    summary="Answer anew what is asked about a component",
)
def change_addition(
    request: HttpRequest,
    deployment_id: UUID,
    addition_id: UUID,
    payload: AdditionChange,
    if_match: str | None = IF_MATCH_MAY,
) -> dict[str, Any]:
    """What was checked counts no more. Name and address of a recorded one stay: 409 `recorded`. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "addition.change")
    with changing(deployment, if_match):
        row = additions.change(additions.get(deployment, addition_id), payload.answers, actor=actor)
    return _show(row)


@router.delete(
    "/{uuid:deployment_id}/additions/{uuid:addition_id}/",
    response={
        200: AdditionOut,
        **problems(
            404,
            412,
            {
                409: (
                    "machines_remain",
                    "still_in_vault",
                    "removed",
                    "task_running",
                    "not_ready",
                    "topology_invalid",
                )
            },
        ),
    },
    summary="Note that a component is gone",
)
def remove_addition(
    request: HttpRequest, deployment_id: UUID, addition_id: UUID, if_match: str | None = IF_MATCH_MAY
) -> dict[str, Any]:
    """Nothing happens to its machine. It leaves the recorded topology with a new snapshot, and stays in the list. 409
    `machines_remain` while machines replicate through it, `still_in_vault` while the vault shows it. Needs the scope
    `operate`."""
    deployment, actor = operate(request, deployment_id, "addition.remove")
    with changing(deployment, if_match):
        row = additions.remove(additions.get(deployment, addition_id), actor=actor)
    return _show(row)


@router.get(
    "/{uuid:deployment_id}/moves",
    response={200: MovesOut, **problems(404)},
    summary="The newest plan of moves, and what the newest move did",
)
def get_moves(request: HttpRequest, deployment_id: UUID) -> dict[str, Any]:
    """`plan_moves` makes a plan; `move_machines` with its digest approves it and moves exactly that. 404 before either."""
    deployment = find(request, deployment_id)
    plan = machine_moves.newest_plan(deployment)
    task = machine_moves.newest_moves(deployment)
    if plan is None and task is None:
        raise NotFound(Text(_("No moves were planned yet.")))
    outcome = {name: rows for name, rows in (task.result or {}).items() if name != "undo"} if task else None
    return {
        "plan_sha256": plan.sha256 if plan else None,
        "planned_at": plan.task.finished_at if plan else None,
        "outdated": plan.outdated if plan else False,
        "plan": plan.document["plan"] if plan else None,
        "newest_move": task.pk if task else None,
        "can_undo": bool(task and machine_moves_running.undo_orders(task)),
        "outcome": outcome,
    }


def _show(row: Addition, looked_at: Seen | None = None) -> dict[str, Any]:
    seen = looked_at or additions.seen_in_vault(row)
    guide = additions_guide.guide_of(row)
    return {
        "id": row.pk,
        "kind": row.kind,
        "state": row.state,
        "name": row.name,
        "address": row.address,
        "answers": row.answers,
        "findings": [
            {"rule": one.rule, "status": one.status, "text": str(one.text), "remedy": str(one.remedy)}
            for one in additions.findings_of(row)
        ],
        "steps": [str(step) for step in guide.steps],
        "openings": [
            {
                "name": one.name,
                "where": str(one.where),
                "source": one.source,
                "target": one.target,
                "protocol": "TCP",
                "port": one.port,
                "why": str(one.why),
                "edge": one.edge,
            }
            for one in guide.openings
        ],
        "in_vault": seen.there if seen.at else None,
        "machines": seen.component.machines if seen.component else None,
        "checked_at": row.checked_at,
        "appeared_at": row.appeared_at,
        "recorded_at": row.recorded_at,
        "remind_at": row.remind_at,
        "removed_at": row.removed_at,
        "created_by": row.created_by.username,
        "created_at": row.created_at,
    }
