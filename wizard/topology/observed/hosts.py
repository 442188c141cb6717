"""Servers of a classic fabric: process servers and master targets, one component for each id.

Facts of a process server: `host_id`, `agent_expires`, `statistics_at`, `mars_communication`, `mars_registration`.
Facts of a master target: `disk_count`, `agent_expires`, `mars_version`, `mars_expires`, `mars_status`. What is a moment
is text in ISO 8601.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from wizard.topology.graph import Value
from wizard.topology.observed.errors import health_errors
from wizard.topology.observed.measures import metrics
from wizard.topology.observed.model import ObservedComponent
from wizard.topology.observed.parts import Datastore, RetentionVolume, Update
from wizard.topology.observed.record import Record
from wizard.topology.observed.words import by_errors, coloured, reported

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What an agent says of its version, in the flat fields or in the nested ones."""

    version: str
    status: str
    expires: datetime | None


def version_of(record: Record) -> Version:
    nested = record.nested("agentVersionDetails")
    return Version(
        version=_either(record.text("agentVersion"), nested, "version", Record.text),
        status=_either(record.text("versionStatus"), nested, "status", Record.text),
        expires=_either(record.moment("agentExpiryDate"), nested, "expiryDate", Record.moment),
    )


def _either(flat: T, nested: Record, name: str, read: Callable[[Record, str], T]) -> T:
    """The flat field wins; a nested one that says something else stays unread, and so is kept."""
    other = read(Record({name: nested.peek(name)}), name)
    if flat and other and flat != other:
        return flat
    inner = read(nested, name)
    return flat or inner


def known(facts: dict[str, Value | datetime]) -> dict[str, Value]:
    """Facts that there are, moments as text."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in facts.items()
        if value is not None and value != ""
    }


def process_server(record: Record, fabric: str, now: datetime) -> ObservedComponent:
    """A process server without key and kind of its own: those follow from its fabric."""
    version, heartbeat, measured = version_of(record), record.moment("lastHeartbeat"), metrics(record)
    state = reported(record.text("health"), measured.words.values())
    facts: dict[str, Value | datetime] = {
        "host_id": record.text("hostId"),
        "agent_expires": version.expires,
        "statistics_at": record.moment("psStatsRefreshTime"),
        "mars_communication": record.text("marsCommunicationStatus"),
        "mars_registration": record.text("marsRegistrationStatus"),
        "certificate_days_reported": record.whole("sslCertExpiryRemainingDays"),
    }
    status = record.text("psServiceStatus")
    return ObservedComponent(
        key="",
        kind="ps_scaleout",
        id=record.text("id") or str(facts["host_id"] or ""),
        name=record.text("friendlyName"),
        address=record.text("ipAddress"),
        fabric=fabric,
        version=version.version,
        version_status=version.status,
        heartbeat=heartbeat,
        health=coloured(state, heartbeat, now),
        reported=state,
        errors=health_errors(record, "healthErrors"),
        certificate_ends=record.moment("sslCertExpiryDate"),
        os_type=record.text("osType"),
        os_version=record.text("osVersion"),
        machines=record.whole("machineCount"),
        pairs=record.whole("replicationPairCount"),
        metrics=measured,
        services={"psServiceStatus": status} if status else {},
        updates=tuple(_update(update) for update in record.records("mobilityServiceUpdates")),
        facts=known(facts),
        extra=record.rest(),
    )


def master_target(record: Record, fabric: str, now: datetime) -> ObservedComponent:
    """A master target; its health is not reported, so that its errors and its heartbeat colour it."""
    version, heartbeat = version_of(record), record.moment("lastHeartbeat")
    errors = health_errors(record, "healthErrors", "validationErrors")
    mars = record.nested("marsAgentVersionDetails")
    facts: dict[str, Value | datetime] = {
        "disk_count": record.whole("diskCount"),
        "agent_expires": version.expires,
        "mars_version": _either(record.text("marsAgentVersion"), mars, "version", Record.text),
        "mars_expires": _either(record.moment("marsAgentExpiryDate"), mars, "expiryDate", Record.moment),
        "mars_status": mars.text("status"),
    }
    state = by_errors(reported(record.text("health"), ()), (error.level for error in errors))
    return ObservedComponent(
        key="",
        kind="mt_windows",
        id=record.text("id"),
        name=record.text("name"),
        address=record.text("ipAddress"),
        fabric=fabric,
        version=version.version,
        version_status=version.status,
        heartbeat=heartbeat,
        health=coloured(state, heartbeat, now),
        reported=state,
        errors=errors,
        os_type=record.text("osType"),
        os_version=record.text("osVersion"),
        retention_volumes=tuple(_volume(volume) for volume in record.records("retentionVolumes")),
        datastores=datastores(record, "dataStores"),
        facts=known(facts),
        extra=record.rest(),
    )


def datastores(record: Record, name: str) -> tuple[Datastore, ...]:
    """Classic master targets describe their datastores, re-protection servers only name them."""
    described = record.records(name)
    if described:
        return tuple(_datastore(store) for store in described)
    return tuple(Datastore(name=text) for text in record.texts(name))


def _datastore(record: Record) -> Datastore:
    """Capacity and free space come in GB as decimal text."""
    return Datastore(
        name=record.text("symbolicName"),
        uuid=record.text("uuid"),
        type=record.text("type"),
        capacity_bytes=record.gigabytes("capacity"),
        free_bytes=record.gigabytes("freeSpace"),
        extra=record.rest(),
    )


def _volume(record: Record) -> RetentionVolume:
    return RetentionVolume(
        name=record.text("volumeName"),
        capacity_bytes=record.whole("capacityInBytes"),
        free_bytes=record.whole("freeSpaceInBytes"),
        threshold_percent=record.percent("thresholdPercentage"),
        extra=record.rest(),
    )


def _update(record: Record) -> Update:
    return Update(
        version=record.text("version"),
        os_type=record.text("osType"),
        reboot_status=record.text("rebootStatus"),
        extra=record.rest(),
    )
