"""Jobs of a vault, followed in the log of a task; and what the documents say where one fails."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final, TypeVar

from wizard.azure import jobs
from wizard.azure.connection import Arm
from wizard.azure.errors import Busy, JobFailed
from wizard.azure.job_view import Job, JobView
from wizard.azure.vaults import VaultRef
from wizard.services import vault_servers
from wizard.services.errors import Conflict
from wizard.services.tasks.progress import Progress
from wizard.text import Text, _, verbatim

T = TypeVar("T")

# Jobs of vCenters last some minutes; looked at as often as a job is that is followed.
FREE_WITHIN_S: Final = 600.0
LOOK_AGAIN_S: Final = 10.0


def when_free(progress: Progress, order: Callable[[bool], T | None]) -> T | None:
    """What `order` returns, given again while another job is in its way: that of another task, or of a worker that died.

    It is called with True while there is time to wait, and returns None then (or raises Busy) to be called again.
    """
    pause, ends = vault_servers.pause(progress), time.monotonic() + FREE_WITHIN_S
    said = False
    while time.monotonic() < ends:
        try:
            found = order(True)
        except Busy as error:
            found = None
            if not said:
                progress.info(error.text)
                said = True
        if found is not None:
            return found
        pause(LOOK_AGAIN_S)
    return order(False)


def follow(progress: Progress, arm: Arm, ref: VaultRef, job: Job | None, *, start: int | None = None) -> None:
    """To its end; None is done already. Raises Conflict `vault_job_failed` with what the documents say about it."""
    if job is None:
        return
    try:
        follow_job(progress, arm, ref, job, start=start)
    except JobFailed as error:
        raise Conflict(error.text, remedy=remedy_of(error), code="vault_job_failed") from error


def follow_job(progress: Progress, arm: Arm, ref: VaultRef, job: Job, *, start: int | None) -> JobView:
    """To its end; each of its states is told once. Raises what `jobs.follow` raises."""
    said: set[str] = set()

    def tell(view: JobView) -> None:
        text = Text(
            _("The job “%(scenario)s” in the vault: %(state)s."), scenario=view.scenario, state=view.state
        )
        if view.state and view.state not in said:
            said.add(view.state)
            progress.info(text, job=job.id)
        if start is not None:
            # How far a job is, nobody tells; these last some minutes at most.
            progress.percent(min(90, start + 5 * len(said)))

    view = jobs.follow(
        arm, ref, job, on_view=tell, should_stop=progress.should_stop, wait=vault_servers.pause(progress)
    )
    for error in view.errors:
        progress.warning(
            verbatim(" ".join(part for part in (error.message, error.recommendation) if part)),
            code=error.code,
        )
    return view


_HINTS: Final = (
    (
        re.compile(r"\b95126\b|snapshot\.maxSnapshots", re.IGNORECASE),
        _(
            "A virtual machine has a setting snapshot.maxSnapshots that is no number: correct it in vCenter, or upgrade the configuration "
            "server to 9.20 or later. Then register again."
        ),
    ),
    (
        re.compile(r"\(503\)|unable to connect|server unavailable", re.IGNORECASE),
        _(
            "Something stands between the configuration server and vCenter, mostly a proxy: add vCenter's address to the bypass list of the "
            "SYSTEM account (then restart tmansvc) and of the Provider (DRCONFIGURATOR.EXE /configure /AddBypassUrls, then restart dra). "
            "Then register again."
        ),
    ),
    (
        re.compile(r"sign[ -]?in|log ?in|logon|credential|password|account", re.IGNORECASE),
        _(
            "Correct user name and password of this account on the configuration server (cspsconfigtool.exe, Manage Accounts), and give it "
            "the privileges of the vCenter step. Then register again."
        ),
    ),
)


def remedy_of(error: JobFailed) -> Text:
    """What the documents say about this failure (asr-facts 8), else what the job itself recommends."""
    told = " ".join(f"{one.code} {one.message} {one.causes}" for one in error.errors)
    return next((Text(hint) for pattern, hint in _HINTS if pattern.search(told)), error.remedy)
