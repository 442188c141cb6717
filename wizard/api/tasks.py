"""Work in the background: started, followed, stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router

from wizard.api import schemas
from wizard.api.auth import caller
from wizard.api.pages import DEFAULT_LIMIT, MAX_LIMIT, page
from wizard.api.problems import ERRORS, Busy
from wizard.models import Task
from wizard.services import deployments, tasks
from wizard.services.errors import NotFound
from wizard.text import Text, _

router = Router(tags=["tasks"])

MAX_WAIT_SECONDS = 60
POLL_SECONDS = 0.5
# A waiting caller holds a thread of the web server: most of the threads stay for the pages.
_waiting = threading.BoundedSemaphore(6)

WAIT = Query(0, ge=0, le=MAX_WAIT_SECONDS, description="Wait up to so many seconds for news.")


@router.post(
    "/deployments/{uuid:deployment_id}/tasks/",
    response={202: schemas.TaskOut, **ERRORS},
    summary="Start work",
)
def start_task(
    request: HttpRequest, response: HttpResponse, deployment_id: UUID, payload: schemas.TaskIn
) -> tuple[int, dict[str, Any]]:
    actor = caller(request, "operate")
    deployment = deployments.get(deployment_id, actor=actor)
    task = tasks.launch(payload.kind, deployment=deployment, actor=actor, inputs=payload.inputs)
    return _accepted(response, task)


@router.get("/tasks/", response={200: schemas.TaskPage, **ERRORS}, summary="List tasks")
def list_tasks(
    request: HttpRequest,
    deployment: UUID | None = None,
    kind: str | None = None,
    state: str | None = None,
    ordering: str = "-queued_at",
    limit: int = Query(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT),
    cursor: str | None = None,
) -> dict[str, Any]:
    rows = tasks.visible_tasks(caller(request))
    if deployment:
        rows = rows.filter(deployment_id=deployment)
    if kind:
        rows = rows.filter(kind=kind)
    if state:
        rows = rows.filter(state=state)
    return page(
        rows, ordering=ordering, allowed=("queued_at",), limit=limit, cursor=cursor, show=schemas.show_task
    )


@router.get("/tasks/{uuid:task_id}/", response={200: schemas.TaskOut, **ERRORS}, summary="One task")
def get_task(request: HttpRequest, task_id: UUID, wait: int = WAIT) -> dict[str, Any]:
    """With `wait` the answer comes when the task ends, or the seconds are over."""
    task = _get(request, task_id)
    if wait and task.active:
        _wait(wait, lambda: not Task.objects.get(pk=task.pk).active)
        task = _get(request, task_id)
    return schemas.show_task(task)


@router.get("/tasks/{uuid:task_id}/events/", response={200: schemas.Events, **ERRORS}, summary="A task's log")
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
        _wait(wait, lambda: rows.all().exists() or not Task.objects.get(pk=task.pk).active)
    return {"items": [schemas.show_event(row) for row in rows.all()]}


@router.post(
    "/tasks/{uuid:task_id}/cancel/", response={202: schemas.TaskOut, **ERRORS}, summary="Ask a task to stop"
)
def cancel_task(request: HttpRequest, response: HttpResponse, task_id: UUID) -> tuple[int, dict[str, Any]]:
    actor = caller(request, "operate")
    task = _get(request, task_id)
    tasks.cancel(task, actor=actor)
    return _accepted(response, task)


@router.post(
    "/tasks/{uuid:task_id}/retry/",
    response={202: schemas.TaskOut, **ERRORS},
    summary="Start the same work again",
)
def retry_task(request: HttpRequest, response: HttpResponse, task_id: UUID) -> tuple[int, dict[str, Any]]:
    actor = caller(request, "operate")
    return _accepted(response, tasks.retry(_get(request, task_id), actor=actor))


def _get(request: HttpRequest, task_id: UUID) -> Task:
    task = tasks.visible_tasks(caller(request)).filter(pk=task_id).first()
    if task is None:
        raise NotFound(Text(_("There is no such task.")))
    return task


def _accepted(response: HttpResponse, task: Task) -> tuple[int, dict[str, Any]]:
    response["Location"] = reverse("api:get_task", args=[task.pk])
    return 202, schemas.show_task(task)


def _wait(seconds: int, over: Callable[[], bool]) -> None:
    if not _waiting.acquire(blocking=False):
        raise Busy
    try:
        end = time.monotonic() + seconds
        while not over() and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
    finally:
        _waiting.release()
