"""A database server that is restarted beneath a task costs a missed beat, not the task."""

from __future__ import annotations

import time

import pytest
from django.db import connection

from tests.builders import make_deployment
from tests.waiting import PATIENCE_S
from wizard.models import Operator, Task
from wizard.services import tasks
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.runner import claim


def end_other_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_the_lease_is_renewed_again_after_the_connection_was_cut(
    operator: Operator, settings: object
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could be restarted.")
    settings.TASK_LEASE_SECONDS = 1  # type: ignore[attr-defined]
    task = tasks.launch("test_count", deployment=make_deployment(operator), actor=operator)
    claimed = claim(task.pk, "worker-1")
    assert claimed is not None
    with Progress(claimed):
        time.sleep(0.3)
        assert end_other_connections() > 0
        cut_at = Task.objects.get(pk=task.pk).lease_until
        assert cut_at is not None
        until = time.monotonic() + PATIENCE_S
        while (renewed := Task.objects.get(pk=task.pk).lease_until) == cut_at and time.monotonic() < until:
            time.sleep(0.05)
    assert renewed is not None
    assert renewed > cut_at
