"""Starting, stopping and following tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from wizard.config.celery import app
from wizard.journey.errors import FieldError
from wizard.models import Deployment, Operator, Task, TaskEvent, TaskState
from wizard.models.task import ACTIVE_STATES
from wizard.services import audit, deployments, tracing
from wizard.services.errors import Conflict, Invalid, NotReady
from wizard.services.permissions import require
from wizard.services.storable import storable
from wizard.services.tasks.kinds import KINDS
from wizard.services.visibility import rows_for
from wizard.services.webhooks import outbox
from wizard.text import Text, _

log = structlog.get_logger(__name__)


def visible_tasks(actor: Operator) -> QuerySet[Task]:
    """The tasks that this person may see, newest first."""
    return rows_for(actor, Task.objects.select_related("deployment", "requested_by"))


def events_after(task: Task, seq: int) -> QuerySet[TaskEvent]:
    return task.events.filter(seq__gt=seq)


def launch(
    kind_id: str, *, deployment: Deployment, actor: Operator, inputs: Mapping[str, Any] | None = None
) -> Task:
    """Write the task's row, and tell the workers once it is committed.

    Raises Invalid for an unknown kind, NotReady with what is missing, Conflict `task_running` where one is under way.
    """
    require(actor, "task.launch", deployment)
    kind = KINDS.get(kind_id)
    if kind is None:
        known = ", ".join(sorted(KINDS))
        problem = Text(
            _("“%(kind)s” is not a kind of task; choose one of: %(known)s."), kind=kind_id, known=known
        )
        raise Invalid([FieldError(path="kind", message=problem, code="unknown_kind")])
    try:
        with transaction.atomic():
            # What is ready now must still be so when the row is written.
            deployments.hold_for(actor, "task.launch", deployment)
            prepared = kind.prepare(deployment, storable(dict(inputs or {})))
            if prepared.missing:
                raise NotReady(
                    Text(_("%(title)s cannot start yet."), title=kind.title), missing=prepared.missing
                )
            task = Task.objects.create(
                deployment=deployment,
                kind=kind.id,
                changing=kind.changing,
                inputs=prepared.inputs,
                requested_by=actor,
                request_id=tracing.current() or tracing.new_id(),
                phase=Text(_("Waiting for a worker")),
            )
            if prepared.begun is not None:
                prepared.begun(task)
            audit.record(
                "task.requested",
                subject=task,
                actor=actor,
                sentence=Text(
                    _("%(who)s started “%(title)s” for %(deployment)s."),
                    who=actor.username,
                    title=kind.title,
                    deployment=deployment.name,
                ),
            )
            outbox.of_task(task, "task.queued")
            transaction.on_commit(lambda: publish(task.pk))
    except IntegrityError:
        running = deployment.tasks.filter(state__in=ACTIVE_STATES).order_by("-changing", "queued_at").first()
        if running is None:
            raise
        raise Conflict(
            Text(_("“%(title)s” is under way for this deployment."), title=KINDS[running.kind].title),
            remedy=Text(_("Wait until it has ended, or cancel it.")),
            code="task_running",
        ) from None
    return task


def publish(task_id: UUID) -> None:
    """Send the id to the broker. A broker that is down costs time only: reconcile sends it again."""
    try:
        app.send_task("wizard.tasks.execute", [str(task_id)], retry=False)
    except Exception as error:  # noqa: BLE001 - each transport raises its own; the row is safe in any case
        log.warning("task.publish_failed", task=str(task_id), error=str(error))
        return
    Task.objects.filter(pk=task_id).update(published_at=timezone.now())


def cancel(task: Task, *, actor: Operator) -> None:
    """Ask a task to stop: at once where it still waits, at its next step where it runs. Raises Conflict `finished`."""
    require(actor, "task.cancel", task.deployment)
    with transaction.atomic():
        stopped = Task.objects.filter(pk=task.pk, state=TaskState.QUEUED).update(
            state=TaskState.CANCELLED, cancel_requested=True, finished_at=timezone.now()
        )
        asked = Task.objects.filter(pk=task.pk, state=TaskState.RUNNING).update(cancel_requested=True)
        if stopped:
            outbox.of_task(task, state=TaskState.CANCELLED)
        if not stopped and not asked:
            raise Conflict(Text(_("This task has ended already.")), code="finished")
        audit.record(
            "task.cancel_requested",
            subject=task,
            actor=actor,
            sentence=Text(
                _("%(who)s asked to stop “%(title)s” for %(deployment)s."),
                who=actor.username,
                title=KINDS[task.kind].title,
                deployment=task.deployment.name,
            ),
        )
    task.refresh_from_db()


def retry(task: Task, *, actor: Operator) -> Task:
    """Start the same work again as a new task. Raises Conflict `not_finished` while the old one is active."""
    require(actor, "task.retry", task.deployment)
    if task.active:
        raise Conflict(
            Text(_("This task is still under way.")),
            remedy=Text(_("Wait until it has ended, or cancel it.")),
            code="not_finished",
        )
    return launch(task.kind, deployment=task.deployment, actor=actor, inputs=task.inputs)
