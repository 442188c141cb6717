"""How often somebody may call: a window that slides, the same for all processes that share the cache."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache

from wizard.services import rate_limits

NOW = 6000.0  # the beginning of a minute


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rate_limits, "_rests_until", 0.0)
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Clock:
        now = NOW

    monkeypatch.setattr(time, "time", lambda: Clock.now)
    # What a cache forgets by its own clock is not what is looked at here.
    return Clock


@pytest.fixture
def ten_a_minute(settings: Any) -> None:
    settings.API_RATE_PER_MINUTE, settings.API_RATE_PER_SECOND = 10, 0


def waits(times: int, who: str = "token:1") -> list[int]:
    return [rate_limits.count(who).wait for _ in range(times)]


@pytest.mark.usefixtures("ten_a_minute")
def test_so_many_may_come_in_a_minute_and_no_more(clock: Any) -> None:
    assert waits(10) == [0] * 10
    assert waits(2) == [66, 66]
    assert waits(1, "token:2") == [0]


@pytest.mark.usefixtures("ten_a_minute")
def test_who_waits_as_long_as_they_are_told_gets_through(clock: Any) -> None:
    waits(10)
    for _ in range(25):
        (wait,) = waits(1)
        if wait:
            clock.now += wait - 1
            assert waits(1) != [0], "not a second too late"
            clock.now += 1
            assert waits(1) == [0]


@pytest.mark.usefixtures("ten_a_minute")
def test_the_minute_slides(clock: Any) -> None:
    clock.now = NOW + 59
    waits(10)
    clock.now = NOW + 61
    assert waits(1) != [0], "else twenty could come in two seconds"
    clock.now = NOW + 90
    assert waits(6) == [0] * 5 + [6]
    clock.now = NOW + 180
    assert waits(10) == [0] * 10


@pytest.mark.usefixtures("ten_a_minute")
def test_who_is_refused_is_not_counted(clock: Any) -> None:
    assert 0 not in waits(200)[10:]
    clock.now += 66
    assert waits(1) == [0]


def test_a_burst_has_a_limit_of_its_own(clock: Any, settings: Any) -> None:
    settings.API_RATE_PER_MINUTE, settings.API_RATE_PER_SECOND = 100, 5
    assert waits(6) == [0] * 5 + [2]
    clock.now += 2
    assert waits(5) == [0] * 5
    left = {quota.policy.name: quota.left for quota in rate_limits.count("token:9").quotas}
    assert left == {"minute": 99, "second": 4}


def test_without_limits_nothing_is_counted(settings: Any) -> None:
    settings.API_RATE_PER_MINUTE = settings.API_RATE_PER_SECOND = 0
    assert rate_limits.count("token:1") == rate_limits.Standing()


def test_different_wrong_tokens_are_guesses_and_the_same_one_is_an_old_program(clock: Any) -> None:
    for _ in range(100):
        rate_limits.note_wrong_token("192.0.2.1", "always-the-same")
    assert rate_limits.wait_after_guesses("192.0.2.1", "x") == 0
    for number in range(29):
        assert rate_limits.wait_after_guesses("192.0.2.1", "x") == 0
        rate_limits.note_wrong_token("192.0.2.1", f"guess-{number}")
    assert rate_limits.wait_after_guesses("192.0.2.1", "x") > 0
    assert rate_limits.wait_after_guesses("192.0.2.2", "x") == 0


def test_a_cache_that_is_down_lets_everybody_call_and_is_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    broken = RedisCache(f"redis://127.0.0.1:{port}/0", {})
    monkeypatch.setattr(rate_limits, "cache", broken)
    assert rate_limits.count("token:1") == rate_limits.Standing()
    assert rate_limits._rests_until > time.monotonic()
    rate_limits.note_wrong_token("192.0.2.1", "x")
    assert rate_limits.wait_after_guesses("192.0.2.1", "x") == 0
