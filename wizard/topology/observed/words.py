"""The service's words for states, as colours. A word that nobody knows is unknown and never healthy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from wizard.topology.observed.model import Health

HEARTBEAT_LOST_AFTER: Final = timedelta(minutes=15)  # asr-facts 9.1, error 806

_RANKS: Final[dict[Health, int]] = {"ok": 0, "unknown": 1, "warning": 2, "critical": 3}
# Classic components say colours, modernized ones say states; `Normal` and `Error` are the fabric's and the item's.
_MEANINGS: Final[dict[str, Health]] = {
    "normal": "ok",
    "healthy": "ok",
    "green": "ok",
    "warning": "warning",
    "yellow": "warning",
    "critical": "critical",
    "red": "critical",
    "error": "critical",
}


def meaning(word: str) -> Health:
    """`None` is how a fabric says that its health is not watched: unknown, as every other word."""
    return _MEANINGS.get(word.strip().lower(), "unknown")


def worst(states: Iterable[Health]) -> Health:
    """Unknown is worse than healthy and better than a warning; nothing at all is unknown."""
    return max(states, key=_RANKS.__getitem__, default="unknown")


def reported(health: str, words: Iterable[str]) -> Health:
    """The health that is told, if it is one; else the worst of the other words (arm-site-recovery 3, "Health to colour")."""
    told = meaning(health)
    return told if told != "unknown" else worst(meaning(word) for word in words)


def by_errors(state: Health, levels: Iterable[str]) -> Health:
    """A health that nobody told, by the levels of the errors that were: something is wrong, whatever they are called."""
    found = [meaning(level) for level in levels]
    return worst(["warning", *found]) if found and state == "unknown" else state


def coloured(state: Health, heartbeat: datetime | None, now: datetime) -> Health:
    """Critical where the last heartbeat is older than 15 minutes, whatever was reported then."""
    if heartbeat is not None and now - heartbeat > HEARTBEAT_LOST_AFTER:
        return "critical"
    return state
