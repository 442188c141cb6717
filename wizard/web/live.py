"""A task as its page follows it: what changed since the last look, and whether to look again."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from wizard.models import Task, TaskState
from wizard.services import pulses, tasks
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text, _
from wizard.web import steps

# Pages where a task may be followed beside those of the steps.
CHECKS = "checks"
# The same for the page of what the vault sees.
OBSERVATIONS = "observations"
HAND_OVER = "hand_over"
# Moves of machines, and the page of the component that a task is about.
MOVES = "machine_moves"
COMPONENT = "component"

# The place on a page of a step where the last work that was asked for there is followed, and then what came of it. Who
# reads by keyboard or by ear is led there instead of to the top of the page. Forms there name their address: a browser takes
# the place along from a form that names none, through a redirect, to the page that comes next.
OUTCOME = "outcome"
_WITH_OUTCOME = ("vcenter", "evidence", "template", "placement")

# A message may take some seconds to a worker; after these somebody should look whether one runs.
PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a page has shown already. Travels in the address of its next look, so that no event is lost or doubled."""

    seq: int = 0
    row: int = 0
    phase: int = 0

    @classmethod
    def of(cls, task: Task) -> Seen:
        row = (
            f"{task.state} {task.progress} {task.cancel_requested} {task.last_seq} {waits_long(task)} {is_left_alone(task)} "
            f"{task.phase.to_json()}"
        )
        # Said aloud when it changes: not for figures, which change every second, such as those of an upload.
        return cls(
            seq=task.last_seq, row=_checksum(row), phase=_checksum(f"{task.state} {task.phase.template}")
        )

    @classmethod
    def parse(cls, written: str) -> Seen:
        """Nothing, for what a person edited in the address."""
        parts = written.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 12 for part in parts):
            return cls()
        seq, row, phase = (int(part) for part in parts)
        return cls(seq=seq, row=row, phase=phase)

    def __str__(self) -> str:
        return f"{self.seq}.{self.row}.{self.phase}"


def follow(task: Task, *, at: str | None = None, since: Seen | None = None) -> dict[str, Any]:
    """The context of `web/_live.html`. `at` names the page on which the task is followed, None its own page."""
    # Read before the events: a line that is written in between is shown twice over never, late at most.
    seen = Seen.of(task)
    before = since or Seen()
    events = list(tasks.events_after(task, before.seq).filter(seq__lte=seen.seq))
    query = {"seen": str(seen), **({"at": at} if at else {})}
    return {
        "task": task,
        "title": title_of(task),
        "events": events,
        "at": at,
        "poll_url": f"{reverse('task_progress', args=[task.pk])}?{urlencode(query)}",
        "waits_long": waits_long(task),
        "left_alone": is_left_alone(task),
        "announce": since is not None and before.phase != seen.phase,
        "error_message": Text.from_json(task.error["message"]) if task.error else None,
        "error_remedy": Text.from_json(task.error["remedy"]) if task.error else None,
        "spoken": f"{title_of(task)}: {task.phase if task.active else task.get_state_display()}",
    }


def page_of(task: Task, at: str) -> str:
    """Where the page that `at` names goes when the task has ended. Raises NotFound for a page that is none.

    What was found out or went wrong is read on that very page; from work that is done it goes on.
    """
    if at == COMPONENT and "addition" in task.inputs:
        return reverse(at, args=[task.deployment_id, task.inputs["addition"]])
    if at in (CHECKS, HAND_OVER, MOVES, OBSERVATIONS):
        return reverse(at, args=[task.deployment_id])
    step_id = steps.find(task.deployment, at).id
    if not moves_on(task, at):
        url = reverse("step", args=[task.deployment_id, step_id])
        # With a query that no page had before: to a place of the page that it shows a browser goes without asking anew.
        return f"{url}?{urlencode({'after': task.pk})}#{OUTCOME}" if step_id in _WITH_OUTCOME else url
    return (
        reverse("topology", args=[task.deployment_id])
        if step_id == "record"
        else steps.after(task.deployment)
    )


def shown_at(request: HttpRequest) -> HttpResponse:
    """Back to the page, at the work that was just started there."""
    return redirect(f"{request.get_full_path()}#{OUTCOME}")


def moves_on(task: Task, at: str) -> bool:
    """Whether there is nothing left to do on the page that `at` names."""
    # What changed nothing is looked at on the page where it was asked for, such as the plan of an import.
    return (
        task.state == TaskState.SUCCEEDED
        and task.changing
        and task.kind != "remove_vcenter"
        and at in ("deploy", "register", "record")
    )


def last_words(task: Task) -> str:
    """What the log ends with: how the task went, in a sentence."""
    last = task.events.order_by("-seq").first()
    return str(last.message) if last else str(title_of(task))


def failure_of(task: Task | None) -> dict[str, Any] | None:
    """The context of `web/_failure.html`; None for a task that is under way or went well."""
    if task is None or task.state not in (TaskState.FAILED, TaskState.CANCELLED):
        return None
    error = task.error or {}
    return {
        "task": task,
        "text": Text.from_json(error.get("message")) or Text(_("It was cancelled.")),
        "remedy": Text.from_json(error.get("remedy")),
    }


def title_of(task: Task) -> Text:
    return KINDS[task.kind].title


def waits_long(task: Task) -> bool:
    """Whether it is time to ask if a worker is there at all."""
    return task.state == TaskState.QUEUED and timezone.now() - task.queued_at > PATIENCE


def is_left_alone(task: Task) -> bool:
    """Whether its worker fell silent, and no other one is there to take it up."""
    if task.state != TaskState.RUNNING or task.lease_until is None:
        return False
    return timezone.now() - task.lease_until > PATIENCE and not pulses.any_worker()


def _checksum(text: str) -> int:
    return zlib.crc32(text.encode())
