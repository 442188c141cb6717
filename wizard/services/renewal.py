"""A right that ends by itself where nobody renews it, renewed for as long as the work under it goes on.

However long a far end takes, the right stays with whoever waits for it; with the process that had it, the renewing ends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import structlog
from django.db import connection

from wizard.services.errors import UserError
from wizard.wire import trace

log = structlog.get_logger(__name__)

# A machine that is busy, or a database that is away for a moment, may cost some beats before the right is lost.
BEATS: Final = 10


@contextmanager
def renewed(renew: Callable[[], None], *, lease: timedelta, what: str) -> Iterator[None]:
    """Have a thread call `renew` ten times in each `lease` until the work inside has ended.

    A UserError from `renew` says that the right is another's by now: the thread ends, and the work finds that out with what it
    writes next. Anything else costs one beat. `what` stands in the log. Not inside a transaction: the thread has a connection
    of its own, and is waited for in the end.
    """
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(lease.total_seconds() / BEATS):
            try:
                renew()
            except UserError:
                return
            except Exception as error:  # noqa: BLE001 - a database or a cache that is away must not end the work
                log.warning("renewal.missed", what=what, error=type(error).__name__)
            finally:
                # One that was cut stays so, and a rare beat is no reason to keep one open.
                connection.close()

    thread = threading.Thread(target=trace.carried(beat), name=f"renewal of {what}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
