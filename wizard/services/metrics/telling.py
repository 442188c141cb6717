"""What is told to others and written down: deliveries of webhooks, and the chain of the audit trail."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from wizard.models import AuditEntry, AuditHead, WebhookDelivery


def families() -> Iterator[Metric]:
    yield from _deliveries()
    yield from _audit()


def _deliveries() -> Iterator[Metric]:
    pending = Q(state=WebhookDelivery.State.PENDING)
    rows = WebhookDelivery.objects.values_list("state").annotate(
        count=Count("pk"), oldest=Min("created_at", filter=pending)
    )
    found = {state: (count, oldest) for state, count, oldest in rows}
    deliveries = GaugeMetricFamily(
        "foothold_webhook_deliveries",
        "Deliveries to webhooks that are kept, by how they went.",
        labels=["state"],
    )
    for state in WebhookDelivery.State.values:
        deliveries.add_metric([state], found.get(state, (0, None))[0])
    yield deliveries
    oldest = found.get(WebhookDelivery.State.PENDING, (0, None))[1]
    yield GaugeMetricFamily(
        "foothold_webhook_oldest_seconds",
        "How long the delivery that waits longest has waited; 0 where none waits.",
        value=max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0,
    )


def _audit() -> Iterator[Metric]:
    numbers = AuditEntry.objects.aggregate(
        entries=Count("pk"), unsealed=Count("pk", filter=Q(seal=None)), oldest=Min("at", filter=Q(seal=None))
    )
    place = AuditHead.objects.values_list("place", flat=True).first()
    yield CounterMetricFamily(
        "foothold_audit_entries", "Entries of the audit trail.", value=numbers["entries"]
    )
    yield CounterMetricFamily("foothold_audit_place", "The last place in the chain.", value=place or 0)
    yield GaugeMetricFamily(
        "foothold_audit_unsealed", "Entries that are not in the chain yet.", value=numbers["unsealed"]
    )
    oldest = numbers["oldest"]
    yield GaugeMetricFamily(
        "foothold_audit_unsealed_oldest_seconds",
        "How long the oldest entry outside the chain is there; 0 where all are in it.",
        value=max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0,
    )
