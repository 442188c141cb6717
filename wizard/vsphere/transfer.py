"""How far a transfer is, how fast it is, and how long it will still take."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from wizard.vsphere.pace import INTERVAL_S

# A line's speed of the last seconds says more about the next ones than that since the beginning.
SMOOTHING_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Bytes, bytes per second, seconds; `seconds_left` is None while nothing is known or nothing moves."""

    sent: int
    total: int
    bytes_per_second: float
    seconds_left: float | None

    @property
    def percent(self) -> int:
        return self.sent * 100 // self.total if self.total else 100


class Meter:
    """Counts the bytes of several uploads, each from a thread of its own.

    `tell` is for one thread alone: it measures the speed and passes everything on, at most five times a second.
    """

    def __init__(
        self,
        on_transfer: Callable[[Transfer], None],
        *,
        total: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_transfer = on_transfer
        self._total = total
        self._clock = clock
        self._lock = threading.Lock()
        self._sent = 0
        self._moved = 0
        self._speed = 0.0
        self._measured_at = clock()
        self._measured = 0
        self._next = 0.0

    @property
    def percent(self) -> int:
        return self._sent * 100 // self._total if self._total else 100

    def advance(self, count: int) -> None:
        with self._lock:
            self._sent += count
            self._moved += count

    def take_back(self, count: int) -> None:
        """These bytes have to be sent again; they did move, so the speed stays."""
        with self._lock:
            self._sent -= count

    def tell(self, *, at_once: bool = False) -> None:
        now = self._clock()
        if now < self._next and not at_once:
            return
        self._next = now + INTERVAL_S
        self._measure(now)
        left = self._total - self._sent
        self._on_transfer(
            Transfer(
                sent=self._sent,
                total=self._total,
                bytes_per_second=self._speed,
                seconds_left=left / self._speed if self._speed >= 1.0 else (0.0 if not left else None),
            )
        )

    def _measure(self, now: float) -> None:
        seconds = now - self._measured_at
        if seconds <= 0:
            return
        current = (self._moved - self._measured) / seconds
        # The first measurement stands alone; later ones count for as much as the time that they cover.
        weight = 1.0 if not self._measured else 1.0 - math.exp(-seconds / SMOOTHING_S)
        self._speed += weight * (current - self._speed)
        self._measured_at, self._measured = now, self._moved
