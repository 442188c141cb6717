"""What makes lost messages and killed workers harmless: look for tasks that nobody works on, and send them again."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from wizard.models import Task, TaskState
from wizard.services.tasks.launch import publish

log = structlog.get_logger(__name__)


def reconcile() -> int:
    """Send every queued task that nobody claimed, and every running one whose lease is over. Returns how many."""
    now = timezone.now()
    beat = timedelta(seconds=settings.TASK_RECONCILE_SECONDS)
    # A message may simply wait behind others: asking again too soon would only make the queue longer.
    patience = 3 * beat
    unclaimed = Q(state=TaskState.QUEUED) & (
        Q(published_at=None, queued_at__lt=now - beat) | Q(published_at__lt=now - patience)
    )
    abandoned = Q(state=TaskState.RUNNING, lease_until__lt=now) & (
        Q(published_at=None) | Q(published_at__lt=now - beat)
    )
    lost = list(Task.objects.filter(unclaimed | abandoned).values_list("pk", "state"))
    for task_id, state in lost:
        log.info("task.resent", task=str(task_id), state=state)
        publish(task_id)
    return len(lost)
