"""What a use case holds while it works: it says how far it is, and learns whether it may go on."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F
from django.utils import timezone

from wizard.models import Task, TaskEvent, TaskState
from wizard.services.webhooks import outbox
from wizard.text import Text
from wizard.wire import trace

log = structlog.get_logger(__name__)

# Pages look about once a second; writing more often than this only wears the database.
WRITE_EVERY_SECONDS = 0.4


class Cancelled(Exception):
    """Somebody asked the task to stop."""


class LostClaim(Exception):
    """The row belongs to another attempt by now; this one must not write any more."""


class Progress:
    """Reports into the task's row, always under the number of the attempt it belongs to.

    A thread renews the lease and reads the wish to cancel, so that a long call to a remote part loses neither.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self._attempt = task.attempt
        self._written_at = 0.0
        self._percent = 0
        # The state in which this attempt left the row; empty until then.
        self.ended = ""
        self._stop = threading.Event()
        self._cancel = threading.Event()
        self._lost = threading.Event()
        if task.cancel_requested:
            # Asked for while the worker before was dying.
            self._cancel.set()
        self._pulse = threading.Thread(target=trace.carried(self._beat), name=f"pulse-{task.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._pulse.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._pulse.join()

    # --- what a use case calls ---------------------------------------------------------------------------------------

    def phase(self, text: Text, percent: int | None = None) -> None:
        """Begin a part of the work: shown above the bar, and a line in the log."""
        self.check()
        if percent is not None:
            # Work that is part of other work counts from its own beginning.
            self._percent = max(self._percent, percent)
        self.task.phase = text
        self._write(phase=text)
        self.event(text)

    def percent(self, value: float, *, phase: Text | None = None) -> None:
        """How far the whole task is, 0 to 100. Never goes back; written at most a few times a second.

        `phase` takes the place above the bar; unlike the beginning of a phase it is no line in the log.
        """
        self.check()
        whole = max(self._percent, min(100, int(value)))
        changes: dict[str, Any] = {"phase": phase} if phase is not None and phase != self.task.phase else {}
        if whole != self._percent or changes:
            self._percent = whole
            if time.monotonic() - self._written_at >= WRITE_EVERY_SECONDS:
                if phase is not None:
                    self.task.phase = phase
                self._write(**changes)

    def info(self, message: Text, **data: Any) -> None:
        self.check()
        self.event(message, data=data)

    def warning(self, message: Text, **data: Any) -> None:
        self.check()
        self.event(message, level=TaskEvent.Level.WARNING, data=data)

    def leave(self, **leftovers: Any) -> None:
        """Note what must be tidied up should this attempt die; None takes a note away."""
        merged = {**self.task.leftovers, **leftovers}
        self.task.leftovers = {name: value for name, value in merged.items() if value is not None}
        self._write(leftovers=self.task.leftovers)

    def should_stop(self) -> bool:
        return self._cancel.is_set() or self._lost.is_set()

    def check(self) -> None:
        """Raises Cancelled or LostClaim where the work must not go on."""
        if self._lost.is_set():
            raise LostClaim
        if self._cancel.is_set():
            raise Cancelled

    # --- the row -----------------------------------------------------------------------------------------------------

    def event(
        self, message: Text, *, level: str = TaskEvent.Level.INFO, data: dict[str, Any] | None = None
    ) -> None:
        """Add a numbered line. The row's lock keeps the numbers without gap, in the order of their commits."""
        with transaction.atomic():
            self._write(last_seq=F("last_seq") + 1)
            seq = Task.objects.values_list("last_seq", flat=True).get(pk=self.task.pk)
            TaskEvent.objects.create(
                task=self.task, seq=seq, level=level, phase=self.task.phase, message=message, data=data or {}
            )

    def finish(self, state: TaskState, **changes: Any) -> None:
        """The last write of this attempt; to be called inside the transaction of what the task achieved."""
        self._write(state=state, finished_at=timezone.now(), lease_until=None, **changes)
        outbox.of_task(self.task, state=state, error=changes.get("error"))
        self.ended = str(state)

    def _write(self, **changes: Any) -> None:
        mine = Task.objects.filter(pk=self.task.pk, attempt=self._attempt, state=TaskState.RUNNING)
        # Every write takes the percentage along, so that a stream of events does not hold it back.
        if not mine.update(**{"progress": self._percent, **changes}):
            self._lost.set()
            raise LostClaim
        self._written_at = time.monotonic()

    def _beat(self) -> None:
        lease = timedelta(seconds=settings.TASK_LEASE_SECONDS)
        try:
            while not self._stop.wait(settings.TASK_LEASE_SECONDS / 10):
                try:
                    mine = Task.objects.filter(
                        pk=self.task.pk, attempt=self._attempt, state=TaskState.RUNNING
                    )
                    if not mine.update(lease_until=timezone.now() + lease):
                        self._lost.set()
                        return
                    if mine.filter(cancel_requested=True).exists():
                        self._cancel.set()
                except (DatabaseError, InterfaceError) as error:
                    # A database that is away for a moment must not end the work; the lease bears some missed beats.
                    # The next beat goes by a new connection, as one that was cut stays so.
                    log.warning("task.heartbeat_missed", task=str(self.task.pk), error=str(error))
                    connection.close()
        finally:
            connection.close()
