"""What an observed component holds: its errors, its measures, its volumes and datastores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from wizard.topology.observed.packing import read_moment


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthError:
    """An error in the service's words (arm-site-recovery 2.2, HealthError). `inner` is one level deep in practice."""

    code: str = ""
    summary: str = ""
    message: str = ""
    causes: str = ""
    recommendation: str = ""
    level: str = ""
    category: str = ""
    source: str = ""
    type: str = ""
    created_at: datetime | None = None
    entity_id: str = ""
    error_id: str = ""
    resolvability: str = ""
    provider_message: str = ""
    inner: tuple[HealthError, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        read = {
            "created_at": read_moment(stored["created_at"]),
            "inner": tuple(cls.from_json(error) for error in stored["inner"]),
        }
        return cls(**{**stored, **read})


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Loads of one machine. `words` are the service's own judgements by wire name, such as `cpuLoadStatus: Green`."""

    cpu_percent: float | None = None
    memory_used_percent: float | None = None
    memory_total_bytes: int | None = None
    memory_available_bytes: int | None = None
    space_free_percent: float | None = None
    space_total_bytes: int | None = None
    space_available_bytes: int | None = None
    upload_pending_bytes: int | None = None
    throughput_bytes_per_s: float | None = None
    system_load: float | None = None
    web_load: float | None = None
    database_load: float | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionVolume:
    """A volume of a master target for recovery points. `threshold_percent` is when the service warns."""

    name: str
    capacity_bytes: int | None = None
    free_bytes: int | None = None
    threshold_percent: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Datastore:
    """A datastore that a master target can write to."""

    name: str
    uuid: str = ""
    type: str = ""
    capacity_bytes: int | None = None
    free_bytes: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAsAccount:
    """An account that the configuration server keeps: its number and its name, never the credentials."""

    id: str
    name: str
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A version of the Mobility service that a process server has ready for one operating system."""

    version: str
    os_type: str = ""
    reboot_status: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
