"""Looking up from long work: often enough to be alive, seldom enough to be cheap."""

from __future__ import annotations

import time
from collections.abc import Callable

from wizard.vsphere.errors import Stopped

INTERVAL_S = 0.2


class Pace:
    """Counts bytes and passes the count on at most five times a second."""

    def __init__(self, on_progress: Callable[[int, int], None], *, total: int) -> None:
        self._on_progress = on_progress
        self.total = total
        self.done = 0
        self._next = 0.0

    @property
    def percent(self) -> int:
        return self.done * 100 // self.total if self.total else 100

    def advance(self, count: int) -> None:
        self.done += count
        if time.monotonic() >= self._next:
            self._tell()

    def finish(self) -> None:
        """Pass on the last count, whenever the one before was."""
        self._tell()

    def _tell(self) -> None:
        self._next = time.monotonic() + INTERVAL_S
        self._on_progress(self.done, self.total)


class Brake:
    """Asks `should_stop`, which may look into a database, at most five times a second; raises Stopped."""

    def __init__(self, should_stop: Callable[[], bool]) -> None:
        self._should_stop = should_stop
        self._next = 0.0

    def check(self) -> None:
        if time.monotonic() < self._next:
            return
        if self._should_stop():
            raise Stopped
        self._next = time.monotonic() + INTERVAL_S
