"""What looks after things in the background, and how old what it found is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from wizard.models import DeploymentState, Notice, Pulse, VaultObservation, VaultWatch, VCenter
from wizard.models.vault import Severity

_PARTS: Final = (Pulse.Part.WORKER, Pulse.Part.SCHEDULER)


def families() -> Iterator[Metric]:
    yield from _pulses()
    registered = VCenter.deployments.through.objects.exclude(deployment__state=DeploymentState.DECOMMISSIONED)
    vcenters = VCenter.objects.filter(pk__in=registered.values("vcenter"))
    watches = VaultWatch.objects.exclude(deployment__state=DeploymentState.DECOMMISSIONED)
    yield from _refreshes("vcenter", "Registered vCenters", vcenters)
    yield from _refreshes("vault", "Vaults that are looked at", watches)
    yield _health()
    notices = GaugeMetricFamily(
        "foothold_vault_notices", "Notices of vaults that have not ended.", labels=["severity"]
    )
    found = dict(Notice.objects.filter(ended_at=None).values_list("severity").annotate(count=Count("pk")))
    for severity in Severity.values:
        notices.add_metric([severity], found.get(severity, 0))
    yield notices


def _pulses() -> Iterator[Metric]:
    now = timezone.now()
    seen = GaugeMetricFamily(
        "foothold_heartbeat_age_seconds",
        "Since a worker or the scheduler was last heard of. One that ended in order is absent, a dead one for a day not.",
        labels=["part", "name"],
    )
    heard = GaugeMetricFamily(
        "foothold_parts", "Workers and schedulers that were heard of within the last day.", labels=["part"]
    )
    rows = list(Pulse.objects.order_by("part", "name").values_list("part", "name", "seen_at"))
    for part, name, at in rows:
        seen.add_metric([part, name], _age(at, now))
    for part in _PARTS:
        heard.add_metric([part], sum(row[0] == part for row in rows))
    yield from (seen, heard)


def _refreshes(what: str, title: str, rows: QuerySet[Any]) -> Iterator[Metric]:
    """Oldest and number alone: names of vCenters and vaults are nobody's business who may read these numbers."""
    now = timezone.now()
    known = list(rows.values_list("refreshed_at", "refresh_failed_at"))
    ages = [_age(refreshed, now) for refreshed, _failed in known if refreshed is not None]
    yield GaugeMetricFamily(f"foothold_{what}s", f"{title}.", value=len(known))
    yield GaugeMetricFamily(
        f"foothold_{what}_refresh_oldest_seconds",
        f"{title}: since the one that was refreshed longest ago; 0 where none was.",
        value=max(ages, default=0),
    )
    yield GaugeMetricFamily(
        f"foothold_{what}s_unread", f"{title}: never refreshed yet.", value=len(known) - len(ages)
    )
    yield GaugeMetricFamily(
        f"foothold_{what}s_failing",
        f"{title}: the last refresh failed.",
        value=sum(failed is not None for _refreshed, failed in known),
    )


def _health() -> Metric:
    last = Window(RowNumber(), partition_by=F("deployment_id"), order_by=F("number").desc())
    stands = ~Q(deployment__state=DeploymentState.DECOMMISSIONED)
    newest = VaultObservation.objects.filter(stands).annotate(turn=last).filter(turn=1).order_by()
    worst: Sequence[str] = list(newest.values_list("severity", flat=True))
    health = GaugeMetricFamily(
        "foothold_vault_health", "Deployments by the worst state that their vault shows.", labels=["severity"]
    )
    for severity in Severity.values:
        health.add_metric([severity], worst.count(severity))
    return health


def _age(at: datetime, now: datetime) -> float:
    return max(0.0, round((now - at).total_seconds(), 3))
