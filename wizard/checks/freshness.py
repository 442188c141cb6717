"""When facts are too old to be relied on without a word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

OLD_AFTER: Final = timedelta(days=1)


def is_old(at: datetime, now: datetime) -> bool:
    """Whether what was seen `at` is more than a day old. Both times know their zone.

    A time in the future is not old: the clock of the machine that looked runs ahead, which has a check of its own.
    """
    return now - at > OLD_AFTER
