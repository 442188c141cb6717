"""Work in the background: started, followed, stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router, Status

from wizard.api import schemas
from wizard.api.auth import caller, still_good
from wizard.api.description import problems, sends
from wizard.api.pages import DEFAULT_LIMIT, MAX_LIMIT, page
from wizard.api.problems import Busy
from wizard.config import gunicorn
from wizard.models import Task, TaskState
from wizard.models.task import ACTIVE_STATES
from wizard.services import deployments, tasks
from wizard.services.errors import NotFound
from wizard.text import Text, _

router = Router(tags=["tasks"])

MAX_WAIT_SECONDS = 60
POLL_SECONDS = 0.5
# A waiting caller holds a thread of the web server: most of the threads stay for the pages.
MAX_WAITING = max(1, gunicorn.threads * 3 // 8)
_waiting = threading.BoundedSemaphore(MAX_WAITING)

# What can speak against a start, by kind; the descriptions of the kinds say what each needs.
LAUNCH_CODES: Final = (
    "account_of_other_team",
    "task_running",
    "not_ready",
    "already_deployed",
    "changed_meanwhile",
    "credential_bound",
    "credential_rejected",
    "decommissioned",
    "machines_unread",
    "moves_failed",
    "no_azure_account",
    "no_installer",
    "no_manual_path",
    "no_vault",
    "no_vault_credentials",
    "not_in_vault",
    "nothing_to_move",
    "plan_outdated",
    "basic_over_http",
    "removed",
    "secret_unreadable",
    "template_changed",
    "unknown_account",
    "unknown_credential",
    "unknown_process_server",
    "unknown_run_as_account",
)

WAIT = Query(0, ge=0, le=MAX_WAIT_SECONDS, description="Wait up to so many seconds for news.")


@router.post(
    "/deployments/{uuid:deployment_id}/tasks/",
    response={202: schemas.TaskOut, **problems(400, 404, 413, {409: LAUNCH_CODES})},
    summary="Start work",
    openapi_extra=sends(202, "Location"),
)
def start_task(
    request: HttpRequest, response: HttpResponse, deployment_id: UUID, payload: schemas.TaskIn
) -> Status[dict[str, Any]]:
    """Answers at once; a worker does the work, and the Location tells how far it is. One task that changes something runs at a
    time for each deployment, and one of each kind (409 `task_running`). Where something is missing, 409 `not_ready` names it in
    `remedy`. Needs the scope `operate`. The kinds, with what each needs and changes and whether it is safe to repeat:"""
    actor = caller(request, "operate")
    deployment = deployments.get(deployment_id, actor=actor)
    task = tasks.launch(payload.kind, deployment=deployment, actor=actor, inputs=payload.inputs)
    return _accepted(response, task)


@router.get("/tasks/", response={200: schemas.TaskPage, **problems()}, summary="List tasks")
def list_tasks(
    request: HttpRequest,
    deployment: UUID | None = None,
    kind: str | None = None,
    state: TaskState | None = None,
    ordering: str = Query("-queued_at", description="queued_at; a minus turns it round."),
    limit: int = Query(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many rows at most."),
    cursor: str | None = Query(None, description="The next_cursor of the page before."),
) -> dict[str, Any]:
    """All tasks, the newest first; their results are left out (`result_omitted`)."""
    # Results can have more than a megabyte: they are not even read here.
    has_result = ExpressionWrapper(Q(result__isnull=False), output_field=BooleanField())
    rows = tasks.visible_tasks(caller(request)).annotate(has_result=has_result)
    rows = rows.defer("result", "inputs", "leftovers")
    if deployment:
        rows = rows.filter(deployment_id=deployment)
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state=state)
    return page(
        rows,
        ordering=ordering,
        allowed=("queued_at",),
        limit=limit,
        cursor=cursor,
        show=lambda row: schemas.show_task(row, with_result=False),
    )


@router.get(
    "/tasks/{uuid:task_id}/",
    response={200: schemas.TaskOut, **problems(404, {503: ("too_many_waiting",)})},
    summary="One task",
)
def get_task(request: HttpRequest, task_id: UUID, wait: int = WAIT) -> dict[str, Any]:
    """With `wait` the answer comes when the task ends, or the seconds are over."""
    task = _get(request, task_id)
    if wait and task.active:
        _wait(wait, lambda: not _is_active(task))
        still_good(request)
        task = _get(request, task_id)
    return schemas.show_task(task)


@router.get(
    "/tasks/{uuid:task_id}/events/",
    response={200: schemas.Events, **problems(404, {503: ("too_many_waiting",)})},
    summary="A task's log",
)
def list_events(
    request: HttpRequest,
    task_id: UUID,
    after: int = Query(0, ge=0, le=2**31 - 1, description="The last number that you have."),
    wait: int = WAIT,
) -> dict[str, Any]:
    """Numbers have no gaps: ask for what is after the last one you have. With `wait` the answer comes with the next line,
    at the end of the task, or when the seconds are over."""
    task = _get(request, task_id)
    rows = tasks.events_after(task, after)
    if wait and task.active and not rows.exists():
        _wait(wait, lambda: rows.exists() or not _is_active(task))
        still_good(request)
        _get(request, task_id)
    return {"items": [schemas.show_event(row) for row in rows.all()]}


@router.post(
    "/tasks/{uuid:task_id}/cancel/",
    response={202: schemas.TaskOut, **problems(404, {409: ("finished",)})},
    summary="Ask a task to stop",
    openapi_extra=sends(202, "Location"),
)
def cancel_task(request: HttpRequest, response: HttpResponse, task_id: UUID) -> Status[dict[str, Any]]:
    """A task that waits stops at once, a running one at its next step, and takes back what it has half made. 409 `finished`
    where it has ended. Needs the scope `operate`."""
    actor = caller(request, "operate")
    task = _get(request, task_id)
    tasks.cancel(task, actor=actor)
    return _accepted(response, task)


@router.post(
    "/tasks/{uuid:task_id}/retry/",
    response={202: schemas.TaskOut, **problems(404, {409: ("not_finished", *LAUNCH_CODES)})},
    summary="Start the same work again",
    openapi_extra=sends(202, "Location"),
)
def retry_task(request: HttpRequest, response: HttpResponse, task_id: UUID) -> Status[dict[str, Any]]:
    """As a new task with the same inputs, whose address is the Location. 409 `not_finished` while the old one is under way.
    Needs the scope `operate`."""
    actor = caller(request, "operate")
    return _accepted(response, tasks.retry(_get(request, task_id), actor=actor))


def _get(request: HttpRequest, task_id: UUID) -> Task:
    task = tasks.visible_tasks(caller(request)).filter(pk=task_id).first()
    if task is None:
        raise NotFound(Text(_("There is no such task.")))
    return task


def _is_active(task: Task) -> bool:
    return Task.objects.filter(pk=task.pk, state__in=ACTIVE_STATES).exists()


def _accepted(response: HttpResponse, task: Task) -> Status[dict[str, Any]]:
    response["Location"] = reverse("api:get_task", args=[task.pk])
    return Status(202, schemas.show_task(task))


def _wait(seconds: int, over: Callable[[], bool]) -> None:
    if not _waiting.acquire(blocking=False):
        raise Busy
    try:
        end = time.monotonic() + seconds
        while not over() and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
    finally:
        _waiting.release()
