"""One log line for each call to a far end: which part, where, which step, how long, how it went."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

OK = "ok"


@contextmanager
def told(part: str, address: str, step: str) -> Iterator[None]:
    """Tell of the call that is made inside. What it raises is named by its type alone: its words may repeat what was sent."""
    since = time.monotonic()
    try:
        yield
    except BaseException as error:
        tell(part, address, step, since=since, outcome=type(error).__name__)
        raise
    tell(part, address, step, since=since)


def tell(part: str, address: str, step: str, *, since: float, outcome: str = OK) -> None:
    """`since` is when it began, by `time.monotonic`. What went well interests few; what did not is told with INFO."""
    level = logging.DEBUG if outcome == OK else logging.INFO
    if log.isEnabledFor(level):
        ms = round(1000 * (time.monotonic() - since), 1)
        log.log(
            level,
            "remote.call",
            extra={"part": part, "address": address, "step": step, "ms": ms, "outcome": outcome},
        )
