"""The installation by hand, step by step: what is to be done, and whether the machine or a person says that it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from wizard.api import schemas
from wizard.api.description import problems
from wizard.api.of_deployment import CURSOR, LIMIT, find, operate, whole_list
from wizard.services import manual_steps
from wizard.services.manual_steps import StepState

router = Router(tags=["installation"])


class ConfirmationIn(schemas.Input):
    note: str = Field("", description="What reviewers should know.")


class ProofOut(Schema):
    kind: Literal["host_fact", "requirement", "attestation"]
    key: str = Field(
        description="A fact of the machine, the id of a requirement, or the step that a person answers for."
    )
    says: Literal["yes", "no", "unknown"]
    at: datetime | None = Field(description="When the machine was asked.")


class ManualStepOut(Schema):
    id: str
    title: str
    what: str = Field(description="What to do.")
    input: str = Field(description="What has to be at hand; else empty.")
    guard: str = Field(description="What goes wrong otherwise; else empty.")
    confirm: str = Field(description="The question that a confirmation answers with yes.")
    link: str
    unattended: bool = Field(description="The installation bundle does this step.")
    state: Literal["proven", "confirmed", "contradicted", "open"] = Field(
        description="proven: the machine shows it; contradicted: it showed otherwise after a person confirmed it."
    )
    proofs: list[ProofOut]
    note: str
    confirmed_by: str
    confirmed_at: datetime | None


class ManualStepPage(Schema):
    items: list[ManualStepOut]
    next_cursor: str | None


@router.get(
    "/{uuid:deployment_id}/manual-steps/",
    response={200: ManualStepPage, **problems(404, {409: ("no_manual_path",)})},
    summary="The steps of an installation by hand",
)
def list_manual_steps(
    request: HttpRequest, deployment_id: UUID, limit: int = LIMIT, cursor: str | None = CURSOR
) -> dict[str, Any]:
    """In order, with what is known of each; 409 `no_manual_path` where the template is used."""
    return whole_list(
        [_show(state) for state in manual_steps.overview(find(request, deployment_id))],
        of="list_manual_steps",
        limit=limit,
        cursor=cursor,
    )


@router.put(
    "/{uuid:deployment_id}/manual-steps/{step}/",
    response={
        200: ManualStepOut,
        **problems(400, 404, 413, {409: ("no_manual_path", "not_ready")}),
    },
    summary="Confirm that a step is done",
)
def confirm_manual_step(
    request: HttpRequest, deployment_id: UUID, step: str, payload: ConfirmationIn
) -> dict[str, Any]:
    """Takes the place of what was said before; what the machine shows goes before it. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "manual_step.confirm")
    manual_steps.confirm(deployment, step, note=payload.note, actor=actor)
    return next(_show(state) for state in manual_steps.overview(deployment) if state.step.id == step)


@router.delete(
    "/{uuid:deployment_id}/manual-steps/{step}/",
    response={204: None, **problems(404, {409: ("no_manual_path",)})},
    summary="Take a confirmation back",
)
def take_back_manual_step(request: HttpRequest, deployment_id: UUID, step: str) -> Status[None]:
    """The step is open again, unless the machine shows that it is done. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "manual_step.confirm")
    manual_steps.take_back(deployment, step, actor=actor)
    return Status(204, None)


def _show(state: StepState) -> dict[str, Any]:
    step = state.step
    return {
        "id": step.id,
        **{
            name: str(getattr(step, name) or "")
            for name in ("title", "what", "input", "guard", "confirm", "link")
        },
        "unattended": step.unattended,
        "state": state.state,
        "proofs": [
            {"kind": proof.proof.kind, "key": proof.proof.key, "says": proof.says, "at": proof.at}
            for proof in state.proofs
        ],
        "note": state.note,
        "confirmed_by": state.confirmed_by,
        "confirmed_at": state.confirmed_at,
    }
