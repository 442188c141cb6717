"""One question to many machines at once, and the collector that asks it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from wizard.checks.gathering import Collector
from wizard.wire import trace

HERE = "this server"

_AT_ONCE = 16
_SPARE_S = 2.0
"""What a collector may take on top of its probes: threads must be started and answers put together."""

T = TypeVar("T")
R = TypeVar("R")


def ask_all(ask: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """The answers in the order of `items`. `ask` must have a deadline of its own."""
    if not items:
        return []
    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(items))) as pool:
        return list(pool.map(lambda work: work(), [trace.carried(partial(ask, item)) for item in items]))


def rounds(items: Sequence[object]) -> int:
    """How many times over the time of one question may pass when all of `items` are asked."""
    return max(1, math.ceil(len(items) / _AT_ONCE))


def probe_collector(
    name: str, key: str, collect: Callable[[Mapping[str, Any]], Mapping[str, Any]], probe_s: float
) -> Collector:
    """A collector of one fact, observed from this server, whose probes take at most `probe_s` seconds."""
    return Collector(
        name=name, provides=(key,), collect=collect, deadline_s=probe_s + _SPARE_S, observed_from=HERE
    )
