"""A task carried out for somebody who waits for it: started, followed to its end, its failure raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wizard.models import Deployment, Operator, Task, TaskState
from wizard.models.task import ACTIVE_STATES
from wizard.services.errors import Conflict, UserError
from wizard.services.tasks import launch
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text, _


class TaskFailed(UserError):
    """A task did not succeed; its own message and remedy are taken over."""

    code = "task_failed"


class WaitsForPerson(UserError):
    """The rest of the way leads over a person at a machine; `remedy` says what to do there."""

    code = "by_hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Who carries something out, and how they hear of it.

    `follow` shows a task until it ends and gives it back as it ended; `tell` says one sentence. `trust` holds the SHA-256
    fingerprints that this person has compared and confirms.
    """

    actor: Operator
    follow: Callable[[Task], Task]
    tell: Callable[[Text], None]
    trust: tuple[str, ...] = ()

    def run(self, kind: str, deployment: Deployment, inputs: dict[str, Any] | None = None) -> Task:
        """The task as it succeeded; one of its kind that is under way is followed instead. Raises TaskFailed."""
        try:
            task = launch(kind, deployment=deployment, actor=self.actor, inputs=inputs)
        except Conflict as error:
            running = deployment.tasks.filter(kind=kind, state__in=ACTIVE_STATES).first()
            if error.code != "task_running" or running is None:
                raise
            task = running
        task = self.follow(task)
        if task.state != TaskState.SUCCEEDED:
            failure = task.error or {}
            fallback = Text(_("“%(title)s” was cancelled."), title=KINDS[kind].title)
            raise TaskFailed(
                Text.from_json(failure.get("message")) or fallback,
                remedy=Text.from_json(failure.get("remedy")),
                code=failure.get("code") or "cancelled",
            )
        deployment.refresh_from_db()
        return task
