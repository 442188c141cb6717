"""Loads of a machine against the service's thresholds (asr-facts 9.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from wizard.text import Text, _, verbatim
from wizard.topology.health_state import NOT_TOLD, OLD_REPORT, HealthState, Metric, State, state_of
from wizard.topology.observed import ObservedComponent
from wizard.topology.observed.words import meaning

CPU_WARNING_ABOVE_PERCENT: Final = 80
CPU_CRITICAL_ABOVE_PERCENT: Final = 95
MEMORY_WARNING_ABOVE_PERCENT: Final = 80
MEMORY_CRITICAL_ABOVE_PERCENT: Final = 95
CACHE_WARNING_BELOW_PERCENT: Final = 30
CACHE_CRITICAL_BELOW_PERCENT: Final = 25
BACKLOG_WARNING_AFTER: Final = timedelta(minutes=30)
BACKLOG_CRITICAL_AFTER: Final = timedelta(minutes=45)


def _percent(number: float) -> Text:
    return Text(_("%(number)s %%"), number=f"{number:.1f}".removesuffix(".0"))


def _above(
    component: ObservedComponent,
    metric: Metric,
    value: float | None,
    limits: tuple[int, int],
    remedy: Text,
) -> HealthState:
    warning, critical = limits
    threshold = Text(
        _("warning above %(warning)s %%, critical above %(critical)s %%"), warning=warning, critical=critical
    )
    if value is None:
        return state_of(component, metric, "unknown", NOT_TOLD, threshold, OLD_REPORT)
    state: State = "critical" if value > critical else "warning" if value > warning else "ok"
    return state_of(component, metric, state, _percent(value), threshold, remedy)


def cpu(component: ObservedComponent) -> HealthState:
    limits = (CPU_WARNING_ABOVE_PERCENT, CPU_CRITICAL_ABOVE_PERCENT)
    remedy = Text(_("Give the machine more processors, or move machines to another process server."))
    return _above(component, "cpu", component.metrics.cpu_percent, limits, remedy)


def memory(component: ObservedComponent) -> HealthState:
    limits = (MEMORY_WARNING_ABOVE_PERCENT, MEMORY_CRITICAL_ABOVE_PERCENT)
    remedy = Text(_("Give the machine more memory, or move machines to another process server."))
    return _above(component, "memory", component.metrics.memory_used_percent, limits, remedy)


def cache(component: ObservedComponent) -> HealthState:
    value = component.metrics.space_free_percent
    threshold = Text(
        _("warning below %(warning)s %%, critical below %(critical)s %%"),
        warning=CACHE_WARNING_BELOW_PERCENT,
        critical=CACHE_CRITICAL_BELOW_PERCENT,
    )
    if value is None:
        return state_of(component, "cache_space", "unknown", NOT_TOLD, threshold, OLD_REPORT)
    state: State = (
        "critical"
        if value < CACHE_CRITICAL_BELOW_PERCENT
        else "warning"
        if value < CACHE_WARNING_BELOW_PERCENT
        else "ok"
    )
    free = component.metrics.space_available_bytes
    shown = _percent(value)
    if free is not None:
        shown = Text(_("%(percent)s (%(size)s GB)"), percent=shown, size=f"{free / 1024**3:.1f}")
    remedy = Text(_("Enlarge the cache disk, or move machines to another process server."))
    return state_of(component, "cache_space", state, shown, threshold, remedy)


def backlog(component: ObservedComponent) -> HealthState:
    """How long the data that waits takes at the present rate; where nothing moves, the service's own word counts."""
    threshold = Text(
        _("warning above %(warning)s min, critical above %(critical)s min"),
        warning=int(BACKLOG_WARNING_AFTER.total_seconds() // 60),
        critical=int(BACKLOG_CRITICAL_AFTER.total_seconds() // 60),
    )
    remedy = Text(_("Check the bandwidth to Azure and the Recovery Services agent, or move machines away."))
    pending, rate = component.metrics.upload_pending_bytes, component.metrics.throughput_bytes_per_s
    word = component.metrics.words.get("throughputStatus", "")
    if pending is None:
        return state_of(
            component,
            "backlog",
            meaning(word),
            verbatim(word) if word else NOT_TOLD,
            threshold,
            remedy if word else OLD_REPORT,
        )
    size = Text(_("%(size)s GB"), size=f"{pending / 1024**3:.2f}")
    if pending == 0:
        return state_of(component, "backlog", "ok", size, threshold, remedy)
    if not rate:
        value = Text(_("%(size)s waiting, nothing uploaded at the moment"), size=size)
        told = meaning(word)
        return state_of(component, "backlog", told, value, threshold, remedy)
    needed = pending / rate / 60
    state: State = (
        "critical"
        if needed > BACKLOG_CRITICAL_AFTER.total_seconds() / 60
        else "warning"
        if needed > BACKLOG_WARNING_AFTER.total_seconds() / 60
        else "ok"
    )
    value = Text(_("%(size)s, %(minutes)s min at the present rate"), size=size, minutes=f"{needed:.0f}")
    return state_of(component, "backlog", state, value, threshold, remedy)
