"""Waiting for another process or thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

# For what will come, on a machine that is busy with everything else: what goes well waits for none of it.
PATIENCE_S = 240.0

# Whoever sat out a deadline of a minute took longer, and nothing else takes as long, however busy the machine is.
AT_ONCE_S = 30.0


def wait_until(condition: Callable[[], Any], pause_s: float = 0.05) -> Any:
    """The first true answer of `condition`; fails when there is none in time."""
    end = time.monotonic() + PATIENCE_S
    while not (answer := condition()):
        assert time.monotonic() < end, f"nothing came of it within {PATIENCE_S:g} seconds"
        time.sleep(pause_s)
    return answer
