"""What a reviewer sees first: what waits, what failed, what ends soon, whether the background works, what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from wizard.models import (
    Approval,
    Deployment,
    DeploymentState,
    Operator,
    Pulse,
    Task,
    TaskState,
    Waiver,
)
from wizard.models.check import waiver_day
from wizard.models.task import ACTIVE_STATES
from wizard.services import audit_trail, deployments, ends_soon, pulses, tasks
from wizard.services.permissions import require
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text, verbatim

# Of each kind; the rest is a link away.
SHOWN: Final = 8
FAILED_WITHIN: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingApproval:
    id: UUID
    deployment: str
    deployment_id: UUID
    asked_by: str
    asked_at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingWaiver:
    id: int
    requirement_id: str
    deployment: str
    deployment_id: UUID
    asked_by: str
    asked_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTask:
    id: UUID
    kind: str
    title: Text
    deployment: str
    deployment_id: UUID
    message: Text
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundPart:
    part: str
    label: str
    name: str
    version: str
    seen_at: datetime
    silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """`oldest_at` is when the task that waits longest was asked for; None where none waits."""

    waiting: int
    running: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    state: str
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    id: int
    at: datetime
    who: str
    sentence: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Lists hold the first SHOWN; the numbers beside them count all."""

    approvals: tuple[WaitingApproval, ...]
    approvals_waiting: int
    waivers: tuple[WaitingWaiver, ...]
    waivers_waiting: int
    failed: tuple[FailedTask, ...]
    failed_count: int
    endings: tuple[ends_soon.Ending, ...]
    endings_count: int
    parts: tuple[BackgroundPart, ...]
    queue: Queue
    states: tuple[StateCount, ...]
    happenings: tuple[Happening, ...]


def overview(*, actor: Operator) -> Overview:
    """Of all that `actor` may see, in a number of queries that does not depend on how much there is. Raises NotAllowed."""
    require(actor, "overview.see")
    now = timezone.now()
    seen = deployments.visible_deployments(actor).order_by()
    approvals, approvals_waiting = _approvals(seen)
    waivers, waivers_waiting = _waivers(seen)
    failed, failed_count = _failed(actor, now)
    endings = ends_soon.ends_soon(actor=actor)
    return Overview(
        approvals=approvals,
        approvals_waiting=approvals_waiting,
        waivers=waivers,
        waivers_waiting=waivers_waiting,
        failed=failed,
        failed_count=failed_count,
        endings=endings[:SHOWN],
        endings_count=len(endings),
        parts=_parts(now),
        queue=_queue(),
        states=_states(seen),
        happenings=_happenings(actor),
    )


def is_silent(row: Pulse, now: datetime) -> bool:
    """Whether a part was not heard of for longer than it would be if it were well."""
    patience = pulses.WORKER_SILENT_S if row.part == Pulse.Part.WORKER else pulses.scheduler_silent_s()
    return now - row.seen_at > timedelta(seconds=patience)


# --- inside -----------------------------------------------------------------------------------------------------------


def _approvals(seen: QuerySet[Deployment]) -> tuple[tuple[WaitingApproval, ...], int]:
    waiting = Approval.objects.filter(state=Approval.State.WAITING, deployment__in=seen.values("pk"))
    rows = waiting.select_related("deployment", "asked_by").order_by("asked_at")
    return tuple(
        WaitingApproval(
            id=row.pk,
            deployment=row.deployment.name,
            deployment_id=row.deployment_id,
            asked_by=row.asked_by.get_username(),
            asked_at=row.asked_at,
            note=row.note,
        )
        for row in rows[:SHOWN]
    ), waiting.count()


def _waivers(seen: QuerySet[Deployment]) -> tuple[tuple[WaitingWaiver, ...], int]:
    waiting = Waiver.objects.filter(
        approved_at=None, until__gte=waiver_day(), deployment__in=seen.values("pk")
    )
    rows = waiting.select_related("deployment", "asked_by").order_by("asked_at")
    return tuple(
        WaitingWaiver(
            id=row.pk,
            requirement_id=row.requirement_id,
            deployment=row.deployment.name,
            deployment_id=row.deployment_id,
            asked_by=row.asked_by.get_username(),
            asked_at=row.asked_at,
            reason=row.reason,
        )
        for row in rows[:SHOWN]
    ), waiting.count()


def _failed(actor: Operator, now: datetime) -> tuple[tuple[FailedTask, ...], int]:
    failed = tasks.visible_tasks(actor).filter(state=TaskState.FAILED, finished_at__gt=now - FAILED_WITHIN)
    rows = failed.defer("inputs", "result", "leftovers").order_by("-finished_at")
    return tuple(
        FailedTask(
            id=row.pk,
            kind=row.kind,
            # One that an older version knew is called by its code.
            title=KINDS[row.kind].title if row.kind in KINDS else verbatim(row.kind),
            deployment=row.deployment.name,
            deployment_id=row.deployment_id,
            message=Text.from_json((row.error or {}).get("message")),
            at=row.finished_at or row.queued_at,
        )
        for row in rows[:SHOWN]
    ), failed.count()


def _parts(now: datetime) -> tuple[BackgroundPart, ...]:
    return tuple(
        BackgroundPart(
            part=row.part,
            label=row.get_part_display(),
            name=row.name,
            version=row.version,
            seen_at=row.seen_at,
            silent=is_silent(row, now),
        )
        for row in Pulse.objects.all()
    )


def _queue() -> Queue:
    # Of everybody's: how long the queue is does not depend on who looks.
    found = Task.objects.filter(state__in=ACTIVE_STATES).aggregate(
        waiting=Count("pk", filter=Q(state=TaskState.QUEUED)),
        running=Count("pk", filter=Q(state=TaskState.RUNNING)),
        oldest_at=Min("queued_at", filter=Q(state=TaskState.QUEUED)),
    )
    return Queue(**found)


def _states(seen: QuerySet[Deployment]) -> tuple[StateCount, ...]:
    counts = dict(
        seen.select_related(None)
        .values_list("state")
        .annotate(number=Count("pk"))
        .values_list("state", "number")
    )
    return tuple(
        StateCount(state=state.value, label=str(state.label), count=counts.get(state.value, 0))
        for state in DeploymentState
    )


def _happenings(actor: Operator) -> tuple[Happening, ...]:
    rows = audit_trail.visible_entries(actor)
    return tuple(
        Happening(
            id=row.pk,
            at=row.at,
            who=row.actor.get_username() if row.actor else "",
            sentence=row.sentence,
        )
        for row in rows.order_by("-pk")[:SHOWN]
    )
