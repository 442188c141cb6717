"""Jobs of the vault: looked at until they end. The job's own state counts; its tasks' may lag (dossier, trap 9)."""

from __future__ import annotations

import time
from collections.abc import Callable

from wizard.azure.connection import Arm
from wizard.azure.errors import (
    AzureError,
    JobFailed,
    ServiceFailed,
    StillRunning,
    Stopped,
    Throttled,
    Unreachable,
)
from wizard.azure.job_view import Job, JobError, JobTask, JobView, job_view
from wizard.azure.long_running import begin
from wizard.azure.reading import document
from wizard.azure.translation import translated
from wizard.azure.vaults import VaultRef
from wizard.text import Text, _

__all__ = ["Job", "JobError", "JobTask", "JobView", "cancel", "follow", "read"]

# The polling plan of dossier 5.2. Many jobs end within seconds: the first looks come sooner, each after twice as long.
SOONEST_S, AT_FIRST_S, LATER_S, LATER_AFTER_S = 1.0, 10.0, 30.0, 120.0
DEADLINE_S = 3600.0
LOOK_UP_EVERY_S = 1.0  # how long nobody asks whether to stop
FAILURES_IN_A_ROW = 5  # a job outlives a short failure of the network; looking at it does, too


def read(arm: Arm, ref: VaultRef, job_id: str) -> JobView:
    """The job as it is now. Raises AzureError."""
    step = "get_job"
    with translated(arm, step):
        client = arm.site_recovery(ref.subscription)
        found = document(arm, step, client.replication_jobs.get(ref.resource_group, ref.vault, job_id))
    return job_view({"name": job_id, **found})


def follow(
    arm: Arm,
    ref: VaultRef,
    job: Job,
    *,
    on_view: Callable[[JobView], object] = lambda _view: None,
    should_stop: Callable[[], bool] = lambda: False,
    deadline_s: float = DEADLINE_S,
    wait: Callable[[float], None] | None = None,
) -> JobView:
    """Look at a job until it has succeeded, and tell `on_view` each time what was seen.

    After 1, 2, 4 and 8 seconds, then every 10, every 30 after two minutes; where Azure asks for a longer break, it gets
    that. `wait` lets seconds pass (by default as the connection does). A success may still have `errors` to show: its `description` is then
    not `Completed`. Raises JobFailed, StillRunning after `deadline_s`, Stopped when `should_stop` says yes (the job goes
    on in both cases), and AzureError where the job cannot be looked at several times in a row.
    """
    clock = _Clock(wait or arm.wait_s, should_stop)
    failures, next_s = 0, SOONEST_S
    while True:
        pause = next_s if clock.passed_s < LATER_AFTER_S else LATER_S
        next_s = min(2 * next_s, AT_FIRST_S)
        try:
            view = read(arm, ref, job.id)
        except (Unreachable, ServiceFailed, Throttled) as error:
            failures += 1
            if failures >= FAILURES_IN_A_ROW:
                raise
            pause = max(pause, getattr(error, "retry_after_s", None) or 0.0)
        else:
            failures = 0
            on_view(view)
            if view.ok:
                return view
            if view.done:
                raise JobFailed.of(view.errors, scenario=view.scenario, state=view.state, address=arm.address)
        if clock.passed_s + pause > deadline_s:
            raise _still_running(arm, job, deadline_s)
        clock.wait(pause)


def cancel(arm: Arm, ref: VaultRef, job: Job) -> None:
    """Ask the vault to give a job up; it ends by and by as `Cancelled`. Raises AzureError."""
    client = arm.site_recovery(ref.subscription).replication_jobs
    begin(arm, "cancel_job", client.begin_cancel, ref.resource_group, ref.vault, job.id)


class _Clock:
    """Seconds since it was made: those that really passed or those that were waited for, whichever are more."""

    def __init__(self, wait: Callable[[float], None], should_stop: Callable[[], bool]) -> None:
        self._wait = wait
        self._should_stop = should_stop
        self._began = time.monotonic()
        self._waited_s = 0.0

    @property
    def passed_s(self) -> float:
        return max(self._waited_s, time.monotonic() - self._began)

    def wait(self, seconds: float) -> None:
        """Raises Stopped as soon as the caller wants to stop."""
        left = seconds
        while left > 0:
            if self._should_stop():
                raise Stopped
            piece = min(left, LOOK_UP_EVERY_S)
            self._wait(piece)
            self._waited_s += piece
            left -= piece
        if self._should_stop():
            raise Stopped


def _still_running(arm: Arm, job: Job, deadline_s: float) -> AzureError:
    return StillRunning(
        Text(
            _("The job %(job)s in the vault has not ended within %(minutes)s minutes."),
            job=job.id,
            minutes=round(deadline_s / 60),
        ),
        address=arm.address,
        step="job",
    )
