"""Jobs: begun by a request, over after a while of the emulator's time, and only then does anything change."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from wizard.lab.arm.answers import Answer, Json, Refused, error_body, not_found
from wizard.lab.arm.clock import ZERO, stamp
from wizard.lab.arm.paging import listed
from wizard.lab.arm.routing import VAULT, Request, Routes

if TYPE_CHECKING:
    from wizard.lab.arm.state import Vault

routes = Routes()
State = Literal["NotStarted", "InProgress", "Cancelling", "Succeeded", "Failed", "Cancelled"]
# The generic status of Resource Manager has words of its own: one l in Canceled.
_STATUSES = {"Succeeded": "Succeeded", "Failed": "Failed", "Cancelled": "Canceled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job failed, as the service and as the server on premises say it."""

    code: str
    message: str
    causes: str = ""
    recommendation: str = ""
    provider_code: int | None = None
    provider_message: str = ""

    def error_details(self, activity: str) -> Json:
        provider = None
        if self.provider_code is not None:
            provider = {
                "errorCode": self.provider_code,
                "errorMessage": self.provider_message or self.message,
                "errorId": str(self.provider_code),
                "possibleCauses": self.causes,
                "recommendedAction": self.recommendation,
            }
        service = {
            "code": self.code,
            "message": self.message,
            "possibleCauses": self.causes,
            "recommendedAction": self.recommendation,
            "activityId": activity,
        }
        return {"serviceErrorDetails": service, "providerErrorDetails": provider, "errorLevel": "Error"}


def nothing() -> None:
    """What a job changes that changes nothing."""


@dataclass(slots=True, kw_only=True)
class Job:
    """`ends_at` in year 9999 is one that never ends."""

    scenario: str
    friendly_name: str
    target_type: str
    target_id: str
    target_name: str
    fabric: str
    # Below what its Location lies.
    location: str
    started: datetime
    ends_at: datetime
    effect: Callable[[], None] = nothing
    # What happens where it fails or is cancelled.
    give_up: Callable[[], None] = nothing
    # What the Location answers in the end; None for 204.
    result: Callable[[], Json | None] = lambda: None
    failure: Failure | None = None
    # How long what it did stays out of sight.
    hidden_for: timedelta | None = None
    # The job's own task stays behind.
    task_lags: bool = False
    # Not one of the vault's jobs, only an operation that can be followed.
    is_listed: bool = True
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    activity: str = field(default_factory=lambda: str(uuid.uuid4()))
    cancelled_at: datetime | None = None
    settled: bool = False
    # Until then it has not even started.
    begins_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.begins_at = self.started + (self.ends_at - self.started) / 10

    def state(self, now: datetime) -> State:
        if now >= self.ends_at:
            return "Cancelled" if self.cancelled_at else "Failed" if self.failure else "Succeeded"
        if self.cancelled_at:
            return "Cancelling"
        return "InProgress" if now >= self.begins_at else "NotStarted"

    def settle(self, now: datetime) -> bool:
        """Whether its effect is due, said once."""
        if self.settled or now < self.ends_at:
            return False
        self.settled = True
        if self.state(now) == "Succeeded":
            return True
        self.give_up()
        return False

    def document(self, vault: Vault, now: datetime) -> Json:
        state = self.state(now)
        over = state in _STATUSES
        errors = []
        if state == "Failed" and self.failure:
            details = self.failure.error_details(self.activity)
            errors = [{**details, "creationTime": stamp(self.ends_at), "taskId": self._task}]
        properties: Json = {
            "activityId": self.activity,
            "scenarioName": self.scenario,
            "friendlyName": self.friendly_name,
            "state": state,
            "stateDescription": "Completed" if state == "Succeeded" else state,
            "tasks": [self._task_document(state, errors)],
            "errors": errors,
            "startTime": stamp(self.started),
            "allowedActions": [] if over or self.cancelled_at else ["Cancel"],
            "targetObjectId": self.target_id,
            "targetObjectName": self.target_name,
            "targetInstanceType": self.target_type,
            "customDetails": {
                "instanceType": "AsrJobDetails",
                "affectedObjectDetails": {"primaryFabricName": self.fabric, "primaryFabricId": ""},
            },
        }
        if over:
            properties["endTime"] = stamp(self.ends_at)
        return {
            "id": f"{vault.site_recovery_id}/replicationJobs/{self.id}",
            "name": self.id,
            "type": "Microsoft.RecoveryServices/vaults/replicationJobs",
            "properties": properties,
        }

    @property
    def _task(self) -> str:
        return f"{self.scenario}Task"

    def _task_document(self, state: State, errors: list[Json]) -> Json:
        over = state in _STATUSES and not self.task_lags
        if self.task_lags and state in _STATUSES:
            state = "InProgress"
        return {
            "taskId": self._task,
            "name": self._task,
            "friendlyName": self.friendly_name,
            "state": state,
            "stateDescription": "Completed" if state == "Succeeded" else state,
            "startTime": stamp(self.started),
            "endTime": stamp(self.ends_at) if over else ZERO,
            "allowedActions": None,
            "taskType": "TaskDetails",
            "customDetails": None,
            "groupTaskCustomDetails": None,
            "errors": errors,
        }


def begin(request: Request, job: Job) -> Answer:
    """202 with both headers and an empty body. Faults of jobs that were ordered befall this one."""
    request.world.faults.befall(request, job)
    request.vault.jobs[job.id] = job
    return accepted(request, job)


def accepted(request: Request, job: Job) -> Answer:
    base, version = request.base, f"?api-version={request.query['api-version']}"
    return Answer(
        status=202,
        headers={
            "Location": f"{base}{job.location}/operationresults/{job.id}{version}",
            "Azure-AsyncOperation": (
                f"{base}{request.vault.site_recovery_id}/replicationOperationStatus/{job.id}{version}"
            ),
            "Retry-After": str(request.world.retry_after_s),
        },
    )


def find_job(request: Request) -> Job:
    try:
        return request.vault.jobs[request.params["job"].lower()]
    except KeyError:
        raise not_found("job", request.params["job"]) from None


@routes.on("GET", VAULT + "/replicationJobs", "vaults/replicationJobs/read")
def list_jobs(request: Request) -> Answer:
    vault, now = request.vault, request.world.clock.now()
    jobs = sorted(vault.jobs.values(), key=lambda job: job.started, reverse=True)
    return listed(request, [job.document(vault, now) for job in jobs if job.is_listed])


@routes.on("GET", VAULT + "/replicationJobs/{job}", "vaults/replicationJobs/read")
def get_job(request: Request) -> Answer:
    return Answer(body=find_job(request).document(request.vault, request.world.clock.now()))


@routes.on("POST", VAULT + "/replicationJobs/{job}/cancel", "vaults/replicationJobs/cancel/action")
def cancel(request: Request) -> Answer:
    vault, world, job = request.vault, request.world, find_job(request)
    now = world.clock.now()
    if job.state(now) not in ("NotStarted", "InProgress"):
        raise Refused(
            409,
            "JobNotCancellable",
            f"The job '{job.id}' is in state {job.state(now)} and cannot be cancelled.",
            details={"possibleCauses": "The job has ended already."},
        )
    job.cancelled_at = now
    job.ends_at = now + timedelta(seconds=world.job_seconds)
    following = Job(
        scenario="CancelJob",
        friendly_name="Cancel job",
        target_type="Job",
        target_id=job.id,
        target_name=job.friendly_name,
        fabric=job.fabric,
        location=f"{vault.site_recovery_id}/replicationJobs/{job.id}",
        started=now,
        ends_at=job.ends_at,
        result=lambda: job.document(vault, world.clock.now()),
        is_listed=False,
    )
    vault.jobs[following.id] = following
    return accepted(request, following)


@routes.on("GET", VAULT + "/replicationOperationStatus/{job}", "vaults/replicationOperationStatus/read")
def operation_status(request: Request) -> Answer:
    job, now = find_job(request), request.world.clock.now()
    state = job.state(now)
    error = None
    if state == "Failed" and job.failure:
        error = error_body(job.failure.code, job.failure.message, _details(job.failure, job.activity))[
            "error"
        ]
    over = state in _STATUSES
    body: Json = {
        "error": error,
        "id": None,
        "name": job.id,
        "properties": None,
        "status": _STATUSES.get(state, "InProgress"),
        "startTime": stamp(job.started),
        "endTime": stamp(job.ends_at) if over else ZERO,
        "percentComplete": None,
    }
    headers = {} if over else {"Retry-After": str(request.world.retry_after_s)}
    return Answer(body=body, headers=headers)


@routes.on("GET", VAULT + "(?:/[^/]+)*/operationresults/{job}", "vaults/operationresults/read")
def operation_result(request: Request) -> Answer:
    job = find_job(request)
    state = job.state(request.world.clock.now())
    if state not in _STATUSES:
        return accepted(request, job)
    if state == "Failed" and job.failure:
        raise Refused(400, job.failure.code, job.failure.message, details=_details(job.failure, job.activity))
    body = job.result() if state == "Succeeded" else None
    return Answer(status=204) if body is None else Answer(body=body)


def _details(failure: Failure, activity: str) -> dict[str, str]:
    return {
        "possibleCauses": failure.causes,
        "recommendedAction": failure.recommendation,
        "activityId": activity,
    }
