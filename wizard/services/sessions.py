"""What a browser's session remembers of its sign-in: since when, how long idle, and when its person last proved who they are.

Pure functions on the session's mapping; who holds the session and where it is kept is no matter here.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

Ending = Literal["idle", "too_old"]

# How long a proof counts: long enough for what one came to do, too short for a screen that was left alone.
FRESH_MINUTES: Final = 10
# A request only rewrites the session when its note of the last activity is older than this, or than a tenth of the idle limit.
TOUCH_EVERY: Final = timedelta(minutes=1)

_MARKS: Final = "sign_in"
_LONGEST_AGENT: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a session ends by itself: after so long without activity, and after so long in any case."""

    idle: timedelta
    absolute: timedelta

    @property
    def touch_every(self) -> timedelta:
        """Short beside the idle limit: else who is busy all the time would be idle at its end."""
        return min(TOUCH_EVERY, self.idle / 10)

    @property
    def idle_minutes(self) -> int:
        return round(self.idle.total_seconds() / 60)

    @property
    def absolute_hours(self) -> int:
        return round(self.absolute.total_seconds() / 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """When somebody signed in, was last active and last proved who they are; from where, and with which browser."""

    started: datetime
    active: datetime
    proved: datetime
    address: str
    agent: str


def begin(session: MutableMapping[str, Any], now: datetime, *, address: str = "", agent: str = "") -> None:
    """Somebody has just signed in, which is a proof, too."""
    at = now.timestamp()
    session[_MARKS] = {
        "started": at,
        "active": at,
        "proved": at,
        "address": address,
        "agent": agent[:_LONGEST_AGENT],
    }


def marks(session: Mapping[str, Any]) -> Marks | None:
    """None where nobody signed in, or where the marks are not those of this program."""
    found: Any = session.get(_MARKS)
    try:
        return Marks(
            started=_time(found["started"]),
            active=_time(found["active"]),
            proved=_time(found["proved"]),
            address=str(found["address"]),
            agent=str(found["agent"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def ended(session: Mapping[str, Any], now: datetime, limits: Limits) -> Ending | None:
    """Why the session is over; None while it goes on. One without marks has no known beginning and is too old."""
    found = marks(session)
    if found is None or now - found.started >= limits.absolute:
        return "too_old"
    return "idle" if now - found.active >= limits.idle else None


def touch(session: MutableMapping[str, Any], now: datetime, limits: Limits) -> bool:
    """Note that the person is active, at most once a minute as a rule; whether it was written."""
    found = marks(session)
    if found is None or now - found.active < limits.touch_every:
        return False
    _mark(session, "active", now)
    return True


def prove(session: MutableMapping[str, Any], now: datetime) -> None:
    """The person has just proved again who they are. Nothing, for a session in which nobody signed in."""
    if marks(session) is not None:
        _mark(session, "proved", now)


def recently_proved(session: Mapping[str, Any], now: datetime, *, minutes: int = FRESH_MINUTES) -> bool:
    """Whether the last proof is at most `minutes` old."""
    found = marks(session)
    # A proof from the time to come is a clock that was set back, not a proof.
    return found is not None and timedelta(0) <= now - found.proved <= timedelta(minutes=minutes)


def _mark(session: MutableMapping[str, Any], name: str, now: datetime) -> None:
    # Assigned anew: the session only sees changes of its own entries.
    session[_MARKS] = {**session[_MARKS], name: now.timestamp()}


def _time(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
