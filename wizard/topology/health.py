"""How the components of a vault do, measured against the service's own thresholds (asr-facts 9.1).

The thresholds hold over 15 minutes at the service; a look sees one moment, so a state here may be ahead of the portal's.
What the vault does not tell is unknown, and unknown is never healthy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, Self

from wizard.text import Text, _, verbatim
from wizard.topology.observed import Observed, ObservedComponent
from wizard.topology.observed.dates import moment
from wizard.topology.observed.words import HEARTBEAT_LOST_AFTER, meaning, worst
from wizard.topology.roles import APPLIANCE_PARTS, MASTER_TARGETS, PROCESS_SERVERS

Metric = Literal[
    "cpu", "memory", "cache_space", "heartbeat", "certificate", "version", "services", "backlog", "reported"
]
State = Literal["ok", "warning", "critical", "unknown"]

CPU_WARNING_ABOVE_PERCENT: Final = 80
CPU_CRITICAL_ABOVE_PERCENT: Final = 95
MEMORY_WARNING_ABOVE_PERCENT: Final = 80
MEMORY_CRITICAL_ABOVE_PERCENT: Final = 95
CACHE_WARNING_BELOW_PERCENT: Final = 30
CACHE_CRITICAL_BELOW_PERCENT: Final = 25
BACKLOG_WARNING_AFTER: Final = timedelta(minutes=30)
BACKLOG_CRITICAL_AFTER: Final = timedelta(minutes=45)
# vCenter Servers are discovered every 15 minutes (asr-facts 8): two times missed is worth a look.
DISCOVERY_WARNING_AFTER: Final = timedelta(minutes=30)
# Notices of the service begin two months ahead (asr-facts 1.2); the second number is ours (arm-site-recovery 3).
CERTIFICATE_WARNING_DAYS: Final = 60
CERTIFICATE_CRITICAL_DAYS: Final = 15

_LOADED: Final = ("cs", *PROCESS_SERVERS, "appliance_ps")
_BEATING: Final = ("cs", *PROCESS_SERVERS, *MASTER_TARGETS, *APPLIANCE_PARTS, "vcenter")
_CERTIFIED: Final = ("cs", *PROCESS_SERVERS)
_VERSIONED: Final = ("cs", *PROCESS_SERVERS, *MASTER_TARGETS)
_SERVING: Final = ("cs", *PROCESS_SERVERS)
_REPORTING: Final = ("cs", *PROCESS_SERVERS, "appliance", *APPLIANCE_PARTS)
_VERSION_STATES: Final[Mapping[str, State]] = {
    "supported": "ok",
    "updaterequired": "warning",
    "deprecated": "warning",
    "securityupdaterequired": "critical",
    "notsupported": "critical",
}
_NOT_TOLD: Final = Text(_("not told"))
_OLD_REPORT: Final = Text(_("Refresh the server in the vault; older versions do not report it at all."))


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthState:
    """One measure of one component. `value` and `threshold` are for readers, with units; `name` is the component's."""

    key: str
    component: str
    name: str
    metric: Metric
    state: State
    value: Text
    threshold: Text
    remedy: Text

    @property
    def title(self) -> Text:
        return METRIC_TITLES[self.metric]

    @property
    def sentence(self) -> Text:
        return Text(
            _("%(name)s: %(metric)s: %(value)s (%(threshold)s)."),
            name=self.name,
            metric=self.title,
            value=self.value,
            threshold=self.threshold,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "component": self.component,
            "name": self.name,
            "metric": self.metric,
            "state": self.state,
            "value": self.value.to_json(),
            "threshold": self.threshold.to_json(),
            "remedy": self.remedy.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        texts = {name: Text.from_json(stored[name]) for name in ("value", "threshold", "remedy")}
        return cls(**{**stored, **texts})


METRIC_TITLES: Final[Mapping[Metric, Text]] = {
    "cpu": Text(_("CPU")),
    "memory": Text(_("Memory")),
    "cache_space": Text(_("Free cache space")),
    "heartbeat": Text(_("Heartbeat")),
    "certificate": Text(_("Certificate")),
    "version": Text(_("Version")),
    "services": Text(_("Services")),
    "backlog": Text(_("Upload backlog")),
    "reported": Text(_("Reported health")),
}


def judge(observed: Observed, now: datetime) -> tuple[HealthState, ...]:
    """Every measure that the kind of each component has, in the order of components, seen at `now` (with time zone)."""
    if now.tzinfo is None:
        now = now.replace(tzinfo=UTC)
    return tuple(state for component in observed.components for state in _states(component, now))


def overall(states: tuple[HealthState, ...]) -> State:
    """The worst alert wins; unknown is worse than healthy and better than a warning."""
    return worst(state.state for state in states)


def _states(component: ObservedComponent, now: datetime) -> Iterator[HealthState]:
    kind = component.kind
    if kind in _LOADED:
        yield _cpu(component)
        yield _memory(component)
        yield _cache(component)
    if kind in _BEATING:
        yield _heartbeat(component, now)
    if kind in _CERTIFIED:
        yield _certificate(component, now)
    if kind in _VERSIONED:
        yield _version(component, now)
    if kind in _SERVING:
        yield _services(component)
    if kind in (*PROCESS_SERVERS, "appliance_ps"):
        yield _backlog(component)
    if kind in _REPORTING:
        yield _reported(component)


def _state(
    component: ObservedComponent, metric: Metric, state: State, value: Text, threshold: Text, remedy: Text
) -> HealthState:
    return HealthState(
        key=f"{component.key}|{metric}",
        component=component.key,
        name=component.name or component.address or component.key,
        metric=metric,
        state=state,
        value=value,
        threshold=threshold,
        remedy=remedy,
    )


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
        return _state(component, metric, "unknown", _NOT_TOLD, threshold, _OLD_REPORT)
    state: State = "critical" if value > critical else "warning" if value > warning else "ok"
    return _state(component, metric, state, _percent(value), threshold, remedy)


def _cpu(component: ObservedComponent) -> HealthState:
    limits = (CPU_WARNING_ABOVE_PERCENT, CPU_CRITICAL_ABOVE_PERCENT)
    remedy = Text(_("Give the machine more processors, or move machines to another process server."))
    return _above(component, "cpu", component.metrics.cpu_percent, limits, remedy)


def _memory(component: ObservedComponent) -> HealthState:
    limits = (MEMORY_WARNING_ABOVE_PERCENT, MEMORY_CRITICAL_ABOVE_PERCENT)
    remedy = Text(_("Give the machine more memory, or move machines to another process server."))
    return _above(component, "memory", component.metrics.memory_used_percent, limits, remedy)


def _cache(component: ObservedComponent) -> HealthState:
    value = component.metrics.space_free_percent
    threshold = Text(
        _("warning below %(warning)s %%, critical below %(critical)s %%"),
        warning=CACHE_WARNING_BELOW_PERCENT,
        critical=CACHE_CRITICAL_BELOW_PERCENT,
    )
    if value is None:
        return _state(component, "cache_space", "unknown", _NOT_TOLD, threshold, _OLD_REPORT)
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
        shown = Text(_("%(percent)s (%(size)s GiB)"), percent=shown, size=f"{free / 1024**3:.1f}")
    remedy = Text(_("Enlarge the cache disk, or move machines to another process server."))
    return _state(component, "cache_space", state, shown, threshold, remedy)


def ago(span: timedelta) -> Text:
    """How long ago, in the largest unit that says something; the future counts as now."""
    minutes = max(0, int(span.total_seconds() // 60))
    if minutes < 120:
        return Text(_("%(count)s min ago"), count=minutes)
    if minutes < 48 * 60:
        return Text(_("%(count)s h ago"), count=minutes // 60)
    return Text(_("%(count)s days ago"), count=minutes // (24 * 60))


def _heartbeat(component: ObservedComponent, now: datetime) -> HealthState:
    """Without a heartbeat for 15 minutes a server is lost; a vCenter Server is only asked that often."""
    asked = component.kind == "vcenter"
    limit = DISCOVERY_WARNING_AFTER if asked else HEARTBEAT_LOST_AFTER
    minutes = int(limit.total_seconds() // 60)
    threshold = (
        Text(_("warning after %(minutes)s min"), minutes=minutes)
        if asked
        else Text(_("critical after %(minutes)s min"), minutes=minutes)
    )
    if component.heartbeat is None:
        remedy = Text(_("Refresh the server in the vault, and check that the component runs."))
        return _state(component, "heartbeat", "unknown", _NOT_TOLD, threshold, remedy)
    late = now - component.heartbeat > limit
    state: State = ("warning" if asked else "critical") if late else "ok"
    remedy = (
        Text(
            _("Check address, account and proxy settings of the vCenter Server on the configuration server.")
        )
        if asked
        else Text(
            _(
                "Check that the machine runs, reaches its configuration server and Azure on port 443, and has the right time."
            )
        )
    )
    return _state(component, "heartbeat", state, ago(now - component.heartbeat), threshold, remedy)


def _certificate(component: ObservedComponent, now: datetime) -> HealthState:
    """Days are counted from the date: the number that the vault tells is as of its last report."""
    threshold = Text(
        _("warning from %(warning)s days, critical from %(critical)s days before the end"),
        warning=CERTIFICATE_WARNING_DAYS,
        critical=CERTIFICATE_CRITICAL_DAYS,
    )
    if component.certificate_ends is None:
        return _state(component, "certificate", "unknown", _NOT_TOLD, threshold, _OLD_REPORT)
    left = component.certificate_ends - now
    state: State = (
        "critical"
        if left <= timedelta(days=CERTIFICATE_CRITICAL_DAYS)
        else "warning"
        if left <= timedelta(days=CERTIFICATE_WARNING_DAYS)
        else "ok"
    )
    value = (
        Text(_("ended on %(date)s"), date=component.certificate_ends.date().isoformat())
        if component.certificate_ends <= now
        else Text(
            _("%(days)s days left, until %(date)s"),
            days=left.days,
            date=component.certificate_ends.date().isoformat(),
        )
    )
    remedy = Text(
        _(
            "Renew the certificate in the vault; after it has ended, run RenewCerts on the configuration server."
        )
    )
    return _state(component, "certificate", state, value, threshold, remedy)


def _version(component: ObservedComponent, now: datetime) -> HealthState:
    threshold = Text(_("expected “Supported”"))
    remedy = Text(_("Upgrade the configuration server first, then process servers and master targets."))
    state: State = _VERSION_STATES.get(component.version_status.casefold(), "unknown")
    ends = moment(component.facts.get("agent_expires"))
    shown = component.version_status or _NOT_TOLD
    if ends is not None and ends <= now:
        state, shown = "critical", Text(_("its support ended on %(date)s"), date=ends.date().isoformat())
    value = Text(_("%(version)s, %(status)s"), version=component.version or "–", status=shown)
    return _state(component, "version", state, value, threshold, remedy)


def _services(component: ObservedComponent) -> HealthState:
    threshold = Text(_("expected “Running”"))
    told = dict(component.services)
    connection = str(component.facts.get("provider_connection", ""))
    if not told:
        return _state(component, "services", "unknown", _NOT_TOLD, threshold, _OLD_REPORT)
    stopped = [word for word in told.values() if word.casefold() != "running"]
    disconnected = bool(connection) and connection.casefold() != "connected"
    value = verbatim(", ".join(sorted(told.values())))
    if disconnected:
        value = Text(_("%(services)s; provider: %(connection)s"), services=value, connection=connection)
    remedy = Text(
        _("Start the services of Site Recovery on the machine; they start by themselves after a restart.")
    )
    state: State = "warning" if stopped or disconnected else "ok"
    return _state(component, "services", state, value, threshold, remedy)


def _backlog(component: ObservedComponent) -> HealthState:
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
        return _state(
            component,
            "backlog",
            meaning(word),
            verbatim(word) if word else _NOT_TOLD,
            threshold,
            remedy if word else _OLD_REPORT,
        )
    size = Text(_("%(size)s MiB"), size=f"{pending / 1024**2:.1f}")
    if pending == 0:
        return _state(component, "backlog", "ok", size, threshold, remedy)
    if not rate:
        value = Text(_("%(size)s waiting, nothing uploaded at the moment"), size=size)
        told = meaning(word)
        return _state(component, "backlog", told, value, threshold, remedy)
    needed = pending / rate / 60
    state: State = (
        "critical"
        if needed > BACKLOG_CRITICAL_AFTER.total_seconds() / 60
        else "warning"
        if needed > BACKLOG_WARNING_AFTER.total_seconds() / 60
        else "ok"
    )
    value = Text(_("%(size)s, %(minutes)s min at the present rate"), size=size, minutes=f"{needed:.0f}")
    return _state(component, "backlog", state, value, threshold, remedy)


def _reported(component: ObservedComponent) -> HealthState:
    threshold = Text(_("expected healthy"))
    words = {
        "ok": Text(_("healthy")),
        "warning": Text(_("warning")),
        "critical": Text(_("critical")),
        "unknown": _NOT_TOLD,
    }
    value = words[component.reported]
    codes = sorted({error.code for error in component.errors if error.code})
    if codes:
        value = Text(_("%(state)s (errors %(codes)s)"), state=value, codes=codes)
    recommended = next((error.recommendation for error in component.errors if error.recommendation), "")
    remedy = (
        verbatim(recommended) if recommended else Text(_("Look at the errors of the component in the vault."))
    )
    return _state(component, "reported", component.reported, value, threshold, remedy)
