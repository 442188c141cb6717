"""Changes that the vault accepts and works on: the job's name is taken from the answer, and nothing polls in the background."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from wizard.azure.connection import Arm
from wizard.azure.errors import ServiceFailed
from wizard.azure.job_view import Job
from wizard.azure.status_failures import not_json
from wizard.azure.translation import translated
from wizard.text import Text, _

JOB_HEADERS = ("Azure-AsyncOperation", "Location")


def begin(arm: Arm, step: str, call: Callable[..., Any], /, *arguments: Any) -> Job | None:
    """Make one `begin_...` call of the SDK; the job that it began, or None where it was done at once.

    It is made once only: a request that was answered with a failure may have begun its job all the same.
    """
    answers: list[Any] = []
    with translated(arm, step):
        call(
            *arguments,
            polling=False,
            retry_total=0,
            raw_response_hook=lambda response: answers.append(response.http_response),
        )
        answer = answers[-1]
        if answer.status_code == 202:
            return Job(id=_job_id(arm, step, answer.headers))
        body = str(answer.text() or "")
    if body.strip() and not _is_document(body):
        raise not_json(body, arm.address, step)
    return None


def begin_job(arm: Arm, step: str, call: Callable[..., Any], /, *arguments: Any) -> Job:
    """The same for actions that are always a job. Raises ServiceFailed where there is none."""
    job = begin(arm, step, call, *arguments)
    if job is None:
        raise _without_job(arm, step)
    return job


def _job_id(arm: Arm, step: str, headers: Any) -> str:
    for name in JOB_HEADERS:
        last = urlsplit(headers.get(name) or "").path.rstrip("/").rsplit("/", 1)[-1]
        if re.fullmatch(r"[A-Za-z0-9._-]{1,128}", last):
            return last
    raise _without_job(arm, step)


def _without_job(arm: Arm, step: str) -> ServiceFailed:
    return ServiceFailed(
        Text(_("Azure took the order, but did not name the job that carries it out.")),
        remedy=Text(_("Look in the vault under “Site Recovery jobs” before doing it again.")),
        address=arm.address,
        step=step,
    )


def _is_document(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
