"""How often a program may call: counted in the cache, which all processes share where it is Redis.

A window slides: what the one before it counted still counts for the part of it that is less than a window ago. A call that is
refused is not counted, so that whoever waits as long as they are told gets through.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import structlog
from django.conf import settings
from django.core.cache import cache

log = structlog.get_logger(__name__)

# Different tokens that are none, from one address in a minute. A program with one old token counts once.
_GUESSES: Final = 30
# Who called with a good token so lately is no guesser, whoever else is behind the same address.
_REMEMBERED_SECONDS: Final = 24 * 60 * 60
# After the cache failed it is left alone for so long: a call must not wait for it each time.
_REST_SECONDS: Final = 5.0
# What is lost in fractions of calls.
_HAIR: Final = 1e-6
_rests_until = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """At most `most` calls in any `seconds`."""

    name: str
    most: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How one policy stands: how many calls are left, and after how many seconds all of them are there again."""

    policy: Policy
    left: int
    reset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`wait` is 0 for a call that may be made, else the seconds after which the next one may."""

    quotas: tuple[Quota, ...] = ()
    wait: int = 0


def policies() -> tuple[Policy, ...]:
    """As the settings have them at this moment; a 0 there stands for no limit."""
    wanted = (
        Policy(name="minute", most=settings.API_RATE_PER_MINUTE, seconds=60),
        Policy(name="second", most=settings.API_RATE_PER_SECOND, seconds=1),
    )
    return tuple(policy for policy in wanted if policy.most)


def count(who: str) -> Standing:
    """Count one call of `who` (a part of a key of the cache: no spaces), unless it is one too many. Without a cache everybody may call."""
    return _count(who, policies())


def wait_after_guesses(address: str, digest: str) -> int:
    """Seconds for which no token from there is looked at, as so many different wrong ones came; 0 as a rule, and for a token
    (by its `digest`) that was good lately: else one guesser keeps out all programs behind the same proxy."""
    wait = _look(f"guesses:{address}", Policy(name="guesses", most=_GUESSES, seconds=60))
    return 0 if wait and _was_good(digest) else wait


def note_good_token(digest: str) -> None:
    """`digest` stands for the token; whether it still is good is asked anew for each call."""
    try:
        if _works():
            cache.add(f"good-token:{digest}", 1, _REMEMBERED_SECONDS)
    except Exception as error:  # noqa: BLE001 - each cache raises its own
        _give_up(error)


def note_wrong_token(address: str, digest: str) -> None:
    """`digest` stands for the token that was none; the same one again is no further guess."""
    policy = Policy(name="guesses", most=_GUESSES, seconds=60)
    try:
        if _works() and cache.add(f"wrong-token:{address}:{digest}", 1, policy.seconds):
            _count(f"guesses:{address}", (policy,))
    except Exception as error:  # noqa: BLE001 - each cache raises its own
        _give_up(error)


# --- inside -----------------------------------------------------------------------------------------------------------


def _count(who: str, wanted: Sequence[Policy]) -> Standing:
    if not wanted or not _works():
        return Standing()
    now = time.time()
    try:
        counts = [_Window(who, policy, now).add() for policy in wanted]
        wait = max(window.wait for window in counts)
        if wait:
            for window in counts:
                window.take_back()
    except Exception as error:  # noqa: BLE001 - each cache raises its own
        _give_up(error)
        return Standing()
    return Standing(quotas=tuple(window.quota for window in counts), wait=wait)


def _look(who: str, policy: Policy) -> int:
    if not _works():
        return 0
    try:
        return _Window(who, policy, time.time()).look().wait
    except Exception as error:  # noqa: BLE001 - each cache raises its own
        _give_up(error)
        return 0


def _was_good(digest: str) -> bool:
    if not _works():
        return True
    try:
        return cache.get(f"good-token:{digest}") is not None
    except Exception as error:  # noqa: BLE001 - each cache raises its own
        _give_up(error)
        return True


class _Window:
    """What one caller has used of one policy at one moment."""

    def __init__(self, who: str, policy: Policy, now: float) -> None:
        self.policy = policy
        number, self._gone = divmod(now, policy.seconds)
        self._key = f"rate:{policy.name}:{who}:{int(number)}"
        self._key_before = f"rate:{policy.name}:{who}:{int(number) - 1}"
        self._before = 0
        self._here = 0

    def add(self) -> _Window:
        self._before = int(cache.get(self._key_before, 0))
        if not cache.add(self._key, 1, 2 * self.policy.seconds + 1):
            self._here = cache.incr(self._key)
        else:
            self._here = 1
        return self

    def look(self) -> _Window:
        """As if one call were added."""
        self._before = int(cache.get(self._key_before, 0))
        self._here = int(cache.get(self._key, 0)) + 1
        return self

    def take_back(self) -> None:
        cache.decr(self._key)
        self._here -= 1

    @property
    def _used(self) -> float:
        return self._before * (1 - self._gone / self.policy.seconds) + self._here

    @property
    def wait(self) -> int:
        """Whole seconds until this call would not be one too many; 0 where it is not."""
        most, seconds = self.policy.most, self.policy.seconds
        if self._used <= most + _HAIR:
            return 0
        if self._here <= most:
            # Enough of the window before must have slid out of sight.
            wait = seconds * (1 - (most - self._here) / self._before) - self._gone
        else:
            wait = seconds - self._gone + seconds * (1 - (most - 1) / (self._here - 1))
        return max(1, ceil(wait - _HAIR))

    @property
    def quota(self) -> Quota:
        left = max(0, int(self.policy.most - self._used))
        return Quota(policy=self.policy, left=left, reset=ceil(2 * self.policy.seconds - self._gone))


def _works() -> bool:
    return time.monotonic() >= _rests_until


def _give_up(error: Exception) -> None:
    global _rests_until
    _rests_until = time.monotonic() + _REST_SECONDS
    log.warning("rate_limits.no_cache", error=type(error).__name__)
