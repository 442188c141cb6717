"""The numbers as Prometheus reads them: made of the database each time, so that whichever process is asked says the same."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from wizard.services.metrics import setting_up, tasks, telling, watching

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class _Database(Collector):
    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("foothold_build", "What runs here.", value={"version": settings.VERSION})
        yield from tasks.families()
        yield from setting_up.families()
        yield from watching.families()
        yield from telling.families()

    def describe(self) -> list[Metric]:
        # So that nothing is read before somebody asks.
        return [GaugeMetricFamily("foothold_build_info", "")]


def exposition() -> bytes:
    """The text format of Prometheus. Totals over everybody's deployments, whose names stand nowhere in it.

    A registry of its own for each answer: what a process counts of itself would differ from one worker of the web server
    to the next.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Database())
    return generate_latest(registry)
