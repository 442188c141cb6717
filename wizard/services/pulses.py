"""Who works in the background, and when each was last heard of: rows that every process can read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from wizard.models import Pulse
from wizard.wire import trace

log = structlog.get_logger(__name__)

EVERY_S: Final = 15.0
# Three beats may be lost to a busy machine; a scheduler is heard of each time that it has tasks looked after.
WORKER_SILENT_S: Final = 50.0
# What was not heard of for so long is not waited for any more.
FORGOTTEN_AFTER: Final = timedelta(days=1)
SCHEDULER_NAME: Final = "beat"


def note(part: str, name: str, *, started_at: datetime | None = None) -> None:
    """Heard of just now. One statement where the row is there; `started_at` says when it began."""
    now = timezone.now()
    heard = {"seen_at": now, "version": settings.VERSION}
    if started_at is not None:
        heard["started_at"] = started_at
    if not Pulse.objects.filter(part=part, name=name).update(**heard):
        Pulse.objects.update_or_create(
            part=part, name=name, defaults=heard, create_defaults={"started_at": now, **heard}
        )


def forget(part: str, name: str, *, started_at: datetime) -> None:
    """It has ended in order. Not the row of one that took its name meanwhile."""
    Pulse.objects.filter(part=part, name=name, started_at=started_at).delete()


def note_scheduler() -> None:
    """The schedule has sent something that a worker carries out now; rows of what is long gone are dropped with it."""
    note(Pulse.Part.SCHEDULER, SCHEDULER_NAME)
    Pulse.objects.filter(seen_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()


def any_worker() -> bool:
    """Whether one was heard of lately."""
    since = timezone.now() - timedelta(seconds=WORKER_SILENT_S)
    return Pulse.objects.filter(part=Pulse.Part.WORKER, seen_at__gt=since).exists()


def scheduler_silent_s() -> float:
    """After how many seconds without a word the scheduler is taken for stopped."""
    return max(60.0, 6.0 * settings.TASK_RECONCILE_SECONDS)


class Heartbeat:
    """A worker's own pulse, from a thread of its process: the pool may be busy for hours, or consist of children."""

    def __init__(self, name: str) -> None:
        self.name = name[:255]
        self.started_at = timezone.now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, within_s: float = 5.0) -> None:
        """Take the row away, unless the database does not let it within a few seconds: then it ages."""
        self._stop.set()
        self._thread.join(within_s)

    def _beat(self) -> None:
        with trace.following(trace.new_id()):
            while True:
                self._try(lambda: note(Pulse.Part.WORKER, self.name, started_at=self.started_at))
                if self._stop.wait(EVERY_S):
                    break
            self._try(lambda: forget(Pulse.Part.WORKER, self.name, started_at=self.started_at))

    def _try(self, work: Callable[[], None]) -> None:
        try:
            try:
                work()
            finally:
                # A connection of its own four times a minute is cheap, and none is there for a pool that forks to inherit.
                connection.close()
        except (DatabaseError, InterfaceError, OSError) as error:
            # Closing what is broken raises, too; a beat is lost then, and not all that would follow.
            log.warning("pulse.missed", worker=self.name, error=type(error).__name__)
