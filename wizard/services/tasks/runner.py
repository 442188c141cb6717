"""Carrying out one task: claim its row, run the use case of its kind, write how it ended."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from wizard.azure.errors import AzureError
from wizard.azure.errors import Stopped as AzureStopped
from wizard.hosts.errors import HostError
from wizard.hosts.errors import Stopped as HostStopped
from wizard.models import Task, TaskEvent, TaskState
from wizard.services import tracing
from wizard.services.errors import UserError
from wizard.services.permissions import as_checked_at_launch
from wizard.services.tasks.kinds import KINDS
from wizard.services.tasks.progress import Cancelled, LostClaim, Progress
from wizard.services.tasks.work import Done, Kind
from wizard.services.webhooks import outbox
from wizard.text import Text, _
from wizard.vsphere.errors import Stopped, VSphereError

log = structlog.get_logger(__name__)

# A task that takes its worker down with it three times would do so for ever.
MAX_ATTEMPTS = 3


def execute(task_id: UUID, worker: str) -> None:
    """Run the task if it is free. A second message for the same task, or a late one, finds nothing to do."""
    task = claim(task_id, worker)
    if task is None:
        return
    kind = KINDS[task.kind]
    since = time.monotonic()
    with (
        # A row from before there were ids gets one now, so that this attempt at least can be followed.
        tracing.traced(task.request_id),
        structlog.contextvars.bound_contextvars(task=str(task.pk), kind=kind.id, attempt=task.attempt),
    ):
        waited = (timezone.now() - task.queued_at).total_seconds()
        log.info("task.started", deployment=str(task.deployment_id), queued_s=round(waited, 3))
        with Progress(task) as progress, as_checked_at_launch(task.requested_by, task.deployment):
            try:
                _run(task, kind, progress)
            except LostClaim:
                log.warning("task.lost", s=round(time.monotonic() - since, 3))
                return
        log.info("task.ended", state=progress.ended, s=round(time.monotonic() - since, 3))


@transaction.atomic
def claim(task_id: UUID, worker: str) -> Task | None:
    """Take the row, if it is queued or its worker was not heard of any more; one of many callers wins."""
    now = timezone.now()
    free = Q(state=TaskState.QUEUED) | Q(state=TaskState.RUNNING, lease_until__lt=now)
    won = Task.objects.filter(free, pk=task_id).update(
        state=TaskState.RUNNING,
        worker=worker,
        attempt=F("attempt") + 1,
        lease_until=now + timedelta(seconds=settings.TASK_LEASE_SECONDS),
        started_at=now,
    )
    if not won:
        return None
    task = Task.objects.select_related("deployment", "requested_by").get(pk=task_id)
    if task.attempt == 1:
        outbox.of_task(task, "task.started")
    return task


def _run(task: Task, kind: Kind, progress: Progress) -> None:
    try:
        if task.attempt > (MAX_ATTEMPTS if kind.repeatable else 1):
            _settle_lost(kind, progress)
            return
        if task.attempt > 1 and kind.tidy is not None:
            kind.tidy(progress)
        done = kind.run(progress)
        try:
            _succeed(done, progress)
        except LostClaim:
            raise
        except Exception:
            # What was made outside and cannot be written down here must not stay behind.
            if kind.tidy is not None:
                kind.tidy(progress)
            raise
    except (Cancelled, Stopped, HostStopped, AzureStopped):
        # A use case that was stopped has tidied up behind itself before the exception came here.
        with transaction.atomic():
            progress.event(Text(_("Cancelled as asked.")), level=TaskEvent.Level.WARNING)
            progress.finish(TaskState.CANCELLED, leftovers={})
    except (UserError, VSphereError, HostError, AzureError) as error:
        log.warning("task.failed", code=error.code, message=str(error), exc_info=error.__cause__)
        _fail(progress, error.code, error.text, error.remedy)
    except LostClaim:
        raise
    except Exception:
        incident = uuid4().hex[:8]
        log.exception("task.crashed", incident=incident)
        _fail(
            progress,
            "internal",
            Text(_("Something unexpected went wrong. Incident %(incident)s."), incident=incident),
            Text(_("Try again. If it happens again, look for this incident in the worker's log.")),
        )


def _succeed(done: Done, progress: Progress) -> None:
    with transaction.atomic():
        if done.commit is not None:
            done.commit()
        progress.event(done.summary)
        progress.finish(TaskState.SUCCEEDED, progress=100, result=done.result, leftovers={})


def _settle_lost(kind: Kind, progress: Progress) -> None:
    """The attempt before this one died. What it left behind goes; what it was asked for is for a person to ask again."""
    progress.event(
        Text(_("The worker stopped in the middle of the work. Tidying up what it left.")),
        level=TaskEvent.Level.WARNING,
    )
    if kind.tidy is not None:
        kind.tidy(progress)
    _fail(
        progress,
        "worker_lost",
        Text(_("The worker was stopped in the middle of the work. What it left behind was removed.")),
        Text(_("Start it again.")),
    )


def _fail(progress: Progress, code: str, message: Text, remedy: Text) -> None:
    with transaction.atomic():
        progress.event(message, level=TaskEvent.Level.ERROR)
        error = {"code": code, "message": message.to_json(), "remedy": remedy.to_json()}
        progress.finish(TaskState.FAILED, error=error, leftovers={})
