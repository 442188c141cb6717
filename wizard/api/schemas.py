"""What the API takes and gives. Times are RFC 3339 in UTC, ids UUID strings."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from wizard.journey.base import StepStatus
from wizard.models import CheckResult, CheckStatus, Deployment, DeploymentState, Task, TaskEvent, TaskState
from wizard.services import approvals, deployment_progress, deployments
from wizard.text import Text


class Input(Schema):
    """A misspelt name is told, not passed over."""

    model_config = ConfigDict(extra="forbid")


class DeploymentIn(Input):
    name: str = Field(
        description="1 to 63 letters, digits, dots, hyphens or underscores; unique.", examples=["lyon-cs01"]
    )
    profile: str = Field(description="A requirement profile.", examples=["asr-classic"])
    team: str = Field(
        "",
        description=(
            "Name of a team of yours, whose it is then; left out, it is everybody's, and with `addition` that of the deployment which "
            "it was added to."
        ),
    )
    addition: UUID | None = Field(
        None,
        description=(
            "Id of a scale-out process server that was added to a deployment which you see: this one is to install it. What is known "
            "of it is kept as drafts of the steps source, network, vault and installation; each counts once it is answered."
        ),
    )


class DeploymentChange(Input):
    name: str | None = Field(None, description="The new name; left out, it stays.", examples=["lyon-cs02"])
    team: str | None = Field(
        None,
        description=(
            "Name of the team whose it is from now on, an empty one for everybody's; left out, it stays. For administrators, "
            "and for those who are in both teams. Accounts that it alone uses go with it."
        ),
    )
    needs_approval: bool | None = Field(
        None,
        description="Whether another person has to approve it before anything is set up; for reviewers and administrators.",
    )


class DeploymentRow(Schema):
    id: UUID
    name: str
    profile: str
    state: DeploymentState = Field(
        description="draft, checked (preflight passed), deployed, registered, recorded or decommissioned."
    )
    revision: int = Field(description="Counts every change; what If-Match asks for.")
    needs_approval: bool = Field(
        description="Whether another person has to approve it before anything is set up, by its own mark or for all."
    )
    team: str | None = Field(description="Name of the team whose it is; null for everybody's.")
    created_by: str
    created_at: datetime
    changed_at: datetime


class StepRow(Schema):
    id: str
    title: str
    complete: bool
    applies: bool
    status: Literal["complete", "next", "ready", "blocked", "not_applicable"]
    reason: str = Field(description="Why it cannot start or does not apply; else empty.")


class DeploymentOut(DeploymentRow):
    progress: int = Field(description="Completed steps of those that apply, in percent.")
    steps: list[StepRow] = Field(description="In the order in which they are taken.")
    answers: dict[str, dict[str, Any]] = Field(description="The valid answers by step.")


class StepOut(Schema):
    step: str
    complete: bool = Field(description="Valid, and proven where that takes a task (vcenter, template).")
    answers: dict[str, Any] = Field(description="The valid answers; empty where there are none yet.")
    draft: dict[str, Any] | None = Field(
        description="What somebody typed in the browser and has not finished, or what was known beforehand; null where nothing is open."
    )


class TaskIn(Input):
    kind: str = Field(examples=["preflight"])
    inputs: dict[str, Any] = Field(
        default_factory=dict,
        description="What some kinds take beside the answers, such as host and port of probe_vcenter.",
    )


class TaskError(Schema):
    code: str = Field(description="For programs.")
    message: str
    remedy: str


class TaskOut(Schema):
    id: UUID
    deployment: UUID
    kind: str
    state: TaskState
    progress: int = Field(description="0 to 100.")
    phase: str
    attempt: int = Field(description="0 before a worker takes it up; more than 1 where a worker was lost.")
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    requested_by: str
    request_id: str = Field(
        description="The X-Request-ID of the request that asked for it; in the log of the worker, too."
    )
    result: dict[str, Any] | None = Field(description="What it found, by kind; null until it succeeded.")
    result_omitted: bool = Field(
        description="There is a result, and this list leaves it out, as it can be large: read the task."
    )
    error: TaskError | None


class EventOut(Schema):
    seq: int = Field(description="From 1, without gaps.")
    at: datetime
    level: TaskEvent.Level
    phase: str
    message: str
    data: dict[str, Any]


class Events(Schema):
    items: list[EventOut]


class CheckOut(Schema):
    requirement_id: str
    title: str
    category: str
    severity: str = Field(description="block, warn or info.")
    owner: str = Field(description="Who can fix it: vsphere, windows, network, azure or operator.")
    status: CheckStatus = Field(description="`unknown` never counts as `pass`.")
    summary: str
    observed: str
    expected: str
    remedy: str
    details: list[str]
    observed_from: str
    observed_at: datetime
    seconds: float
    task: UUID
    waived: bool = Field(description="Whether a waiver is in force for it today.")
    old: bool = Field(description="Rests on something that was seen more than a day ago.")


class DeploymentPage(Schema):
    items: list[DeploymentRow]
    next_cursor: str | None


class TaskPage(Schema):
    items: list[TaskOut]
    next_cursor: str | None


class CheckPage(Schema):
    items: list[CheckOut]
    next_cursor: str | None


def show_row(row: Deployment) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "profile": row.profile,
        "state": row.state,
        "revision": row.revision,
        "needs_approval": approvals.needs(row),
        "team": row.team.name if row.team is not None else None,
        "created_by": row.created_by.username,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
    }


def show_deployment(row: Deployment) -> dict[str, Any]:
    statuses = deployment_progress.overview(row)
    apply = [status for status in statuses if status.status != "not_applicable"]
    done = sum(status.status == "complete" for status in apply)
    return {
        **show_row(row),
        "progress": round(100 * done / len(apply)) if apply else 0,
        "steps": [_show_status(status) for status in statuses],
        "answers": deployments.answers_of(row),
    }


def _show_status(status: StepStatus) -> dict[str, Any]:
    return {
        "id": status.step.id,
        "title": str(Text(status.step.title)),
        "complete": status.status == "complete",
        "applies": status.status != "not_applicable",
        "status": status.status,
        "reason": str(status.reason),
    }


def show_step(deployment: Deployment, step: str) -> dict[str, Any]:
    row = deployment.steps.filter(step=step).first()
    return {
        "step": step,
        "complete": step in deployment_progress.completed_steps(deployment),
        "answers": (row and row.data) or {},
        "draft": row and row.draft,
    }


def show_task(row: Task, *, with_result: bool = True) -> dict[str, Any]:
    """Without its result a row of `list_tasks`, which knows as `has_result` whether there is one."""
    error = row.error
    return {
        "id": row.pk,
        "deployment": row.deployment_id,
        "kind": row.kind,
        "state": row.state,
        "progress": row.progress,
        "phase": str(row.phase),
        "attempt": row.attempt,
        "queued_at": row.queued_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "requested_by": row.requested_by.username,
        "request_id": row.request_id,
        "result": row.result if with_result else None,
        "result_omitted": not with_result and row.has_result,  # type: ignore[attr-defined]  # annotated
        "error": {
            "code": error["code"],
            "message": str(Text.from_json(error["message"])),
            "remedy": str(Text.from_json(error["remedy"])),
        }
        if error
        else None,
    }


def show_event(row: TaskEvent) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": row.at,
        "level": row.level,
        "phase": str(row.phase),
        "message": str(row.message),
        "data": row.data,
    }


def show_check(row: CheckResult, *, waived: Container[str], old: Container[str]) -> dict[str, Any]:
    return {
        "requirement_id": row.requirement_id,
        "title": str(row.title),
        "category": row.category,
        "severity": row.severity,
        "owner": row.owner,
        "status": row.status,
        "summary": str(row.summary),
        "observed": str(row.observed),
        "expected": str(row.expected),
        "remedy": str(row.remedy),
        "details": [str(Text.from_json(detail)) for detail in row.details],
        "observed_from": row.observed_from,
        "observed_at": row.observed_at,
        "seconds": row.seconds,
        "task": row.task_id,
        "waived": row.requirement_id in waived,
        "old": row.requirement_id in old,
    }
