"""How the components of a vault do, measured against the service's own thresholds (asr-facts 9.1).

The thresholds hold over 15 minutes at the service; a look sees one moment, so a state here may be ahead of the portal's.
What the vault does not tell is unknown, and unknown is never healthy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from wizard.text import Text, _, verbatim
from wizard.topology import health_loads
from wizard.topology.health_state import NOT_TOLD, OLD_REPORT, HealthState, State, state_of
from wizard.topology.observed import Observed, ObservedComponent
from wizard.topology.observed.dates import moment
from wizard.topology.observed.vcenters import DISCOVERY_LATE_AFTER
from wizard.topology.observed.words import HEARTBEAT_LOST_AFTER, worst
from wizard.topology.roles import APPLIANCE_PARTS, MASTER_TARGETS, PROCESS_SERVERS

__all__ = ["HealthState", "ago", "judge", "overall"]

# Notices of the service begin two months ahead (asr-facts 1.2); the second number is ours (arm-site-recovery 3).
CERTIFICATE_WARNING_DAYS: Final = 60
CERTIFICATE_CRITICAL_DAYS: Final = 15

_LOADED: Final = ("cs", *PROCESS_SERVERS, "appliance_ps")
_BEATING: Final = ("cs", *PROCESS_SERVERS, *MASTER_TARGETS, *APPLIANCE_PARTS, "vcenter")
_CERTIFIED: Final = ("cs", *PROCESS_SERVERS)
_VERSIONED: Final = ("cs", *PROCESS_SERVERS, *MASTER_TARGETS)
_SERVING: Final = ("cs", *PROCESS_SERVERS)
_REPORTING: Final = ("cs", *PROCESS_SERVERS, "appliance", *APPLIANCE_PARTS)
# Of these the service may say nothing for good reasons: no right to read, the details kept elsewhere, errors alone.
_REPORTING_IF_TOLD: Final = ("vault", "vcenter", *MASTER_TARGETS)
_VERSION_STATES: Final[Mapping[str, State]] = {
    "supported": "ok",
    "updaterequired": "warning",
    "deprecated": "warning",
    "securityupdaterequired": "critical",
    "notsupported": "critical",
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
        yield health_loads.cpu(component)
        yield health_loads.memory(component)
        yield health_loads.cache(component)
    # Of a vCenter Server that is kept outside the vault no contact is ever told.
    if kind in _BEATING and (kind != "vcenter" or component.address):
        yield _heartbeat(component, now)
    if kind in _CERTIFIED:
        yield _certificate(component, now)
    if kind in _VERSIONED:
        yield _version(component, now)
    if kind in _SERVING:
        yield _services(component)
    if kind in (*PROCESS_SERVERS, "appliance_ps"):
        yield health_loads.backlog(component)
    if kind in _REPORTING or (kind in _REPORTING_IF_TOLD and component.reported != "unknown"):
        yield _reported(component)


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
    limit = DISCOVERY_LATE_AFTER if asked else HEARTBEAT_LOST_AFTER
    minutes = int(limit.total_seconds() // 60)
    threshold = (
        Text(_("warning after %(minutes)s min"), minutes=minutes)
        if asked
        else Text(_("critical after %(minutes)s min"), minutes=minutes)
    )
    if component.heartbeat is None:
        remedy = Text(_("Refresh the server in the vault, and check that the component runs."))
        return state_of(component, "heartbeat", "unknown", NOT_TOLD, threshold, remedy)
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
    return state_of(component, "heartbeat", state, ago(now - component.heartbeat), threshold, remedy)


def _certificate(component: ObservedComponent, now: datetime) -> HealthState:
    """Days are counted from the date: the number that the vault tells is as of its last report."""
    threshold = Text(
        _("warning from %(warning)s days, critical from %(critical)s days before the end"),
        warning=CERTIFICATE_WARNING_DAYS,
        critical=CERTIFICATE_CRITICAL_DAYS,
    )
    if component.certificate_ends is None:
        return state_of(component, "certificate", "unknown", NOT_TOLD, threshold, OLD_REPORT)
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
        else Text.counted(
            "%(days)s day left, until %(date)s",
            "%(days)s days left, until %(date)s",
            "days",
            days=left.days,
            date=component.certificate_ends.date().isoformat(),
        )
    )
    remedy = Text(
        _(
            "Renew the certificate in the vault; after it has ended, run RenewCerts on the configuration server."
        )
    )
    return state_of(component, "certificate", state, value, threshold, remedy)


def _version(component: ObservedComponent, now: datetime) -> HealthState:
    threshold = Text(_("expected “Supported”"))
    remedy = Text(_("Upgrade the configuration server first, then process servers and master targets."))
    state: State = _VERSION_STATES.get(component.version_status.casefold(), "unknown")
    ends = moment(component.facts.get("agent_expires"))
    shown = component.version_status or NOT_TOLD
    if ends is not None and ends <= now:
        state, shown = "critical", Text(_("its support ended on %(date)s"), date=ends.date().isoformat())
    value = Text(_("%(version)s, %(status)s"), version=component.version or "–", status=shown)
    return state_of(component, "version", state, value, threshold, remedy)


def _services(component: ObservedComponent) -> HealthState:
    threshold = Text(_("expected “Running”"))
    told = dict(component.services)
    connection = str(component.facts.get("provider_connection", ""))
    if not told:
        return state_of(component, "services", "unknown", NOT_TOLD, threshold, OLD_REPORT)
    stopped = [word for word in told.values() if word.casefold() != "running"]
    disconnected = bool(connection) and connection.casefold() != "connected"
    value = verbatim(", ".join(sorted(told.values())))
    if disconnected:
        value = Text(_("%(services)s; provider: %(connection)s"), services=value, connection=connection)
    remedy = Text(
        _("Start the services of Site Recovery on the machine; they start by themselves after a restart.")
    )
    state: State = "warning" if stopped or disconnected else "ok"
    return state_of(component, "services", state, value, threshold, remedy)


def _reported(component: ObservedComponent) -> HealthState:
    threshold = Text(_("expected healthy"))
    words = {
        "ok": Text(_("healthy")),
        "warning": Text(_("warning")),
        "critical": Text(_("critical")),
        "unknown": NOT_TOLD,
    }
    value = words[component.reported]
    codes = sorted({error.code for error in component.errors if error.code})
    if codes:
        value = Text(_("%(state)s (errors %(codes)s)"), state=value, codes=codes)
    recommended = next((error.recommendation for error in component.errors if error.recommendation), "")
    remedy = (
        verbatim(recommended) if recommended else Text(_("Look at the errors of the component in the vault."))
    )
    return state_of(component, "reported", component.reported, value, threshold, remedy)
