"""The time of the emulator: it runs like any other, and can be sent ahead."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

# How the service writes that there is no date: each of these was seen in recorded traffic.
NEVER = "9999-12-31T23:59:59.9999999"
ZERO = "0001-01-01T00:00:00"
_DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
_EXTREMES = {
    "lastHeartbeat": ZERO,
    "lastHeartBeat": ZERO,
    "lastHeartbeatUtc": ZERO,
    "sslCertExpiryDate": NEVER,
    "expiryDate": "1753-01-01T00:00:00",
    "agentExpiryDate": "1753-01-01T00:00:00",
    "psStatsRefreshTime": ZERO,
}


class Clock:
    """Starts with the time of this machine. Thread-safe, as it only reads and adds."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._began = datetime.now(UTC)
        self._monotonic = time.monotonic()
        self._ahead = 0.0

    def now(self) -> datetime:
        return self._began + timedelta(seconds=time.monotonic() - self._monotonic + self._ahead)

    def advance(self, seconds: float) -> None:
        """Let that many seconds pass at once. Raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError("The emulator's clock goes forward only.")
        self._ahead += seconds


def stamp(moment: datetime) -> str:
    """As the service writes it: seven digits, and Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def without_zone(document: Any) -> Any:
    """The same with every date as some answers of the service carry it: without a time zone."""
    if isinstance(document, dict):
        return {key: without_zone(value) for key, value in document.items()}
    if isinstance(document, list):
        return [without_zone(value) for value in document]
    if isinstance(document, str) and _DATE.match(document):
        return document.removesuffix("Z")
    return document


def with_extremes(document: Any) -> Any:
    """The same with heartbeats in year 1, certificates that end in 9999 and versions that ended in 1753."""
    if isinstance(document, dict):
        return {
            key: _EXTREMES[key]
            if key in _EXTREMES and isinstance(value, str | None)
            else with_extremes(value)
            for key, value in document.items()
        }
    if isinstance(document, list):
        return [with_extremes(value) for value in document]
    return document
