"""Tasks: how many, how they ended, how long they took, how long the next one waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Max, Min, Q, Sum
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from wizard.models import Task, TaskState
from wizard.models.task import ACTIVE_STATES

# Seconds: from a look at a certificate to the upload of a template over a slow line.
BUCKETS: Final = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600)


def families() -> Iterator[Metric]:
    yield from _active()
    yield from _ended()


def _active() -> Iterator[Metric]:
    now = timezone.now()
    rows = (
        Task.objects.filter(state__in=ACTIVE_STATES)
        .values("kind", "state")
        .annotate(
            count=Count("pk"), oldest=Min("queued_at"), stale=Count("pk", filter=Q(lease_until__lt=now))
        )
    )
    active = GaugeMetricFamily(
        "foothold_tasks_active", "Tasks that wait for a worker or are carried out.", labels=["kind", "state"]
    )
    oldest, lost = None, 0
    for row in rows.order_by("kind", "state"):
        active.add_metric([row["kind"], row["state"]], row["count"])
        lost += row["stale"]
        if row["state"] == TaskState.QUEUED:
            oldest = min(oldest or row["oldest"], row["oldest"])
    yield active
    yield GaugeMetricFamily(
        "foothold_queue_oldest_seconds",
        "How long the task that waits longest has waited; 0 where none waits.",
        value=max(0.0, (now - oldest).total_seconds()) if oldest else 0,
    )
    yield GaugeMetricFamily(
        "foothold_tasks_lost",
        "Running tasks whose worker was not heard of within its lease; they are taken up again.",
        value=lost,
    )


def _ended() -> Iterator[Metric]:
    ended = CounterMetricFamily(
        "foothold_tasks_ended",
        "Tasks that ended, by how. Tasks of a deployment that is deleted are taken out, which reads as a reset.",
        labels=["kind", "state"],
    )
    took = HistogramMetricFamily(
        "foothold_task_duration_seconds",
        "From the start of the last attempt to the end, of tasks that succeeded or failed.",
        labels=["kind"],
    )
    durations: dict[str, list[float]] = defaultdict(lambda: [0.0] * (len(BUCKETS) + 2))
    for kind, state, count, *numbers in _read():
        ended.add_metric([kind, state], count)
        if state != TaskState.CANCELLED:
            durations[kind] = [a + float(b or 0) for a, b in zip(durations[kind], numbers, strict=True)]
    for kind, (*within, every, total) in sorted(durations.items()):
        buckets = [(str(float(edge)), number) for edge, number in zip(BUCKETS, within, strict=True)]
        took.add_metric([kind], [*buckets, ("+Inf", every)], total)
    yield ended
    yield took
    events = Task.objects.aggregate(count=Sum("last_seq"), newest=Max("finished_at"))
    yield CounterMetricFamily(
        "foothold_task_events", "Lines in the logs of all tasks.", value=events["count"] or 0
    )
    newest = events["newest"]
    yield GaugeMetricFamily(
        "foothold_task_last_end_timestamp_seconds",
        "When a task ended last; 0 where none has.",
        value=newest.timestamp() if newest else 0,
    )


def _read() -> list[tuple[Any, ...]]:
    """(kind, state, tasks, of them within each bucket, of them with a duration, their seconds), in one pass over the rows.

    In SQL, as Django's own arithmetic of times calls back into Python for each row and bucket on SQLite.
    """
    seconds = (
        "(julianday(finished_at) - julianday(started_at)) * 86400.0"
        if connection.vendor == "sqlite"
        else "EXTRACT(EPOCH FROM finished_at - started_at)"
    )
    within = ", ".join(f"SUM(CASE WHEN s <= {edge} THEN 1 ELSE 0 END)" for edge in BUCKETS)
    states = ", ".join(["%s"] * 3)
    query = (
        f"SELECT kind, state, COUNT(*), {within}, COUNT(s), COALESCE(SUM(s), 0) FROM "  # noqa: S608 - constants alone
        f"(SELECT kind, state, {seconds} AS s FROM {Task._meta.db_table} WHERE state IN ({states})) AS ended "
        "GROUP BY kind, state ORDER BY kind, state"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
