"""A job of the vault as plain data, in the words of the field (dossier 2.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wizard.azure.dates import read_date

DONE = ("succeeded", "failed", "cancelled", "canceled", "suspended")
WELL = "succeeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What the vault was asked to do and has accepted: the name under its jobs."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """One reason of a failure, in the service's own words; any of them may be empty."""

    code: str
    message: str
    causes: str
    recommendation: str

    @property
    def words(self) -> str:
        """What happened and why, in one line."""
        number = f"({self.code})" if self.code else ""
        return " ".join(part for part in (self.message, number, self.causes) if part)

    def to_json(self) -> dict[str, str]:
        """Shape: the fields under their own names."""
        return {
            "code": self.code,
            "message": self.message,
            "causes": self.causes,
            "recommendation": self.recommendation,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTask:
    """One step of a job. Its `state` may lag behind the job's."""

    name: str
    state: str
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job as it is now. `state` and `description` are the service's words (`InProgress`, `PartiallySucceeded`).

    `done` and `ok` follow from the job's own state, never from its tasks'. `target` is the name of what it works on.
    """

    id: str
    scenario: str
    state: str
    description: str
    tasks: tuple[JobTask, ...]
    errors: tuple[JobError, ...]
    started_at: datetime | None
    ended_at: datetime | None
    target: str
    done: bool
    ok: bool


def job_view(document: Mapping[str, Any]) -> JobView:
    """Read a job with its wire names, whatever is missing in it."""
    properties = _mapping(document.get("properties"))
    state = str(properties.get("state") or "")
    tasks = [_mapping(task) for task in _list(properties.get("tasks"))]
    errors = [
        *_list(properties.get("errors")),
        *(error for task in tasks for error in _list(task.get("errors"))),
    ]
    return JobView(
        id=str(document.get("name") or ""),
        scenario=str(properties.get("scenarioName") or ""),
        state=state,
        description=str(properties.get("stateDescription") or ""),
        tasks=tuple(_task(task) for task in tasks),
        errors=tuple(dict.fromkeys(_error(_mapping(error)) for error in errors)),
        started_at=read_date(properties.get("startTime")),
        ended_at=read_date(properties.get("endTime")),
        target=str(properties.get("targetObjectName") or properties.get("targetObjectId") or ""),
        done=state.lower() in DONE,
        ok=state.lower() == WELL,
    )


def _task(task: Mapping[str, Any]) -> JobTask:
    return JobTask(
        name=str(task.get("friendlyName") or task.get("name") or ""),
        state=str(task.get("state") or ""),
        started_at=read_date(task.get("startTime")),
        ended_at=read_date(task.get("endTime")),
    )


def _error(error: Mapping[str, Any]) -> JobError:
    """The service's details first, the provider's where the service has none."""
    service, provider = (
        _mapping(error.get("serviceErrorDetails")),
        _mapping(error.get("providerErrorDetails")),
    )

    def first(of_service: str, of_provider: str) -> str:
        found = service.get(of_service)
        if found in (None, ""):
            found = provider.get(of_provider)
        return "" if found is None else str(found)

    return JobError(
        code=first("code", "errorCode"),
        message=first("message", "errorMessage"),
        causes=first("possibleCauses", "possibleCauses"),
        recommendation=first("recommendedAction", "recommendedAction"),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
