"""How long, and for whom, something remote may still take: a deadline and the wish to stop, asked in one place."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from wizard.hosts.errors import Dropped, RemoteFault, Stopped, TimedOut
from wizard.text import Text, _
from wizard.wire import calls

# Between the end of somebody's patience and breaking off there is time for a last polite word to the host.
GRACE_S = 1.5
# What blocks in the kernel comes back this often for a look at the guard.
SLICE_S = 0.25

Result = TypeVar("Result")


def never() -> bool:
    """The `should_stop` of somebody who waits for the end."""
    return False


class Guard:
    """Watches over everything that one session does. Belongs to one thread.

    `stall_s` seconds without a single byte count as a host that hangs, whatever the deadline says.
    """

    def __init__(self, part: str, address: str, *, stall_s: float) -> None:
        """`part` is what the log calls the far end: winrm or ssh."""
        self.part = part
        self.address = address
        self.stall_s = stall_s
        self.step = "tcp"
        self.received = 0  # bytes from the host, over all connections
        self._until = time.monotonic() + stall_s
        self._should_stop: Callable[[], bool] = never
        self._stop_seen: float | None = None
        # What the caller's function raised, so that nobody takes it for an error of the host.
        self.callers_own: Exception | None = None

    @contextlib.contextmanager
    def during(
        self, step: str, seconds: float | None, should_stop: Callable[[], bool] = never
    ) -> Iterator[None]:
        """Within the block, `ask` and `check` know of a deadline of so many seconds (None: there is none).

        The log tells of it as one call, whatever is said to the host meanwhile; a step within the same step is a part of it.
        """
        before = self.step, self._until, self._should_stop, self._stop_seen
        self.step, self._should_stop, self._stop_seen = step, should_stop, None
        self._until = float("inf") if seconds is None else time.monotonic() + seconds
        call = contextlib.nullcontext() if step == before[0] else calls.told(self.part, self.address, step)
        try:
            with call:
                yield
        finally:
            self.step, self._until, self._should_stop, self._stop_seen = before

    @property
    def left(self) -> float:
        """Seconds until the deadline; never 0 or less, as a socket takes 0 for "do not block"."""
        return max(self._until - time.monotonic(), 0.001)

    def pause(self) -> float:
        """Seconds until the next look. Raises what `check` raises."""
        self.check()
        return min(SLICE_S, self.left)

    @property
    def stopping(self) -> bool:
        """Whether the caller wants to stop; remembers since when."""
        try:
            if self._stop_seen is None and self._should_stop():
                self._stop_seen = time.monotonic()
        except Exception as error:
            self.callers_own = error
            raise
        return self._stop_seen is not None

    def ask(self) -> None:
        """For who can still tell the host to end: raises Stopped or TimedOut as soon as it is time."""
        if self.stopping:
            raise self.stopped()
        if time.monotonic() >= self._until:
            raise self.late()

    def check(self) -> None:
        """For who can only break off: raises the same a moment later."""
        if self.stopping and time.monotonic() >= (self._stop_seen or 0.0) + GRACE_S:
            raise self.stopped()
        if time.monotonic() >= self._until + GRACE_S:
            raise self.late()

    def patiently(self, move: Callable[[], Result]) -> Result:
        """Call something that raises TimeoutError after SLICE_S again and again until it is through.

        Raises what `check` raises, TimedOut when nothing moves for too long, and OSError as it comes.
        """
        give_up = time.monotonic() + self.stall_s
        while True:
            self.check()
            try:
                return move()
            except TimeoutError:
                if time.monotonic() >= give_up:
                    raise self.stalled() from None

    def stopped(self) -> Stopped:
        return Stopped(
            Text(_("The work on %(address)s was stopped as asked."), address=self.address),
            address=self.address,
            step=self.step,
        )

    def late(self) -> TimedOut:
        return TimedOut(
            Text(
                _("%(address)s did not finish in the time that was given (%(step)s)."),
                address=self.address,
                step=self.step,
            ),
            address=self.address,
            step=self.step,
        )

    def dropped(self, reason: str) -> Dropped:
        return Dropped(
            Text(
                _("The connection to %(address)s broke during %(step)s (%(reason)s)."),
                address=self.address,
                step=self.step,
                reason=reason,
            ),
            address=self.address,
            step=self.step,
        )

    def refused(self, reason: str, *, remedy: Text | None = None) -> RemoteFault:
        return RemoteFault(
            Text(
                _("%(address)s refused %(step)s: %(reason)s"),
                address=self.address,
                step=self.step,
                reason=reason,
            ),
            remedy=remedy,
            address=self.address,
            step=self.step,
        )

    def stalled(self) -> TimedOut:
        return TimedOut(
            Text(
                _("%(address)s fell silent: not a byte for %(seconds)s seconds (%(step)s)."),
                address=self.address,
                seconds=f"{self.stall_s:g}",
                step=self.step,
            ),
            address=self.address,
            step=self.step,
        )
