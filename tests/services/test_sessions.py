from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.services import sessions

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LIMITS = sessions.Limits(idle=timedelta(minutes=60), absolute=timedelta(hours=12))


@pytest.fixture
def session() -> dict[str, Any]:
    begun: dict[str, Any] = {}
    sessions.begin(begun, NOW, address="192.0.2.7", agent="A browser")
    return begun


def test_a_sign_in_is_a_proof_for_ten_minutes(session: dict[str, Any]) -> None:
    assert sessions.recently_proved(session, NOW)
    assert sessions.recently_proved(session, NOW + timedelta(minutes=10))
    assert not sessions.recently_proved(session, NOW + timedelta(minutes=10, seconds=1))
    assert not sessions.recently_proved(session, NOW + timedelta(minutes=5), minutes=4)


def test_a_proof_counts_from_when_it_was_given(session: dict[str, Any]) -> None:
    later = NOW + timedelta(hours=2)
    assert not sessions.recently_proved(session, later)
    sessions.prove(session, later)
    assert sessions.recently_proved(session, later + timedelta(minutes=9))


def test_a_proof_of_the_time_to_come_is_none(session: dict[str, Any]) -> None:
    assert not sessions.recently_proved(session, NOW - timedelta(minutes=1))


def test_without_a_sign_in_nothing_is_proved() -> None:
    session: dict[str, Any] = {}
    sessions.prove(session, NOW)
    assert session == {}
    assert not sessions.recently_proved(session, NOW)


def test_a_session_ends_after_an_idle_hour_and_not_before(session: dict[str, Any]) -> None:
    assert sessions.ended(session, NOW + timedelta(minutes=59), LIMITS) is None
    assert sessions.ended(session, NOW + timedelta(minutes=60), LIMITS) == "idle"


def test_activity_moves_the_idle_end_but_not_the_absolute_one(session: dict[str, Any]) -> None:
    now = NOW
    while now < NOW + timedelta(hours=12) - timedelta(minutes=30):
        now += timedelta(minutes=30)
        assert sessions.ended(session, now, LIMITS) is None
        assert sessions.touch(session, now, LIMITS)
    assert sessions.ended(session, NOW + timedelta(hours=12), LIMITS) == "too_old"


def test_activity_is_written_once_a_minute(session: dict[str, Any]) -> None:
    before = dict(session)
    assert not sessions.touch(session, NOW + timedelta(seconds=59), LIMITS)
    assert session == before
    assert sessions.touch(session, NOW + timedelta(seconds=60), LIMITS)
    assert session != before


def test_who_is_busy_all_the_time_is_not_idle_however_short_the_limit(session: dict[str, Any]) -> None:
    short = sessions.Limits(idle=timedelta(minutes=1), absolute=timedelta(hours=12))
    now = NOW
    for _ in range(100):
        now += timedelta(seconds=7)
        assert sessions.ended(session, now, short) is None
        sessions.touch(session, now, short)
    assert sessions.ended(session, now + timedelta(minutes=1), short) == "idle"


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.floats(), st.none(), st.integers()), max_size=6))
def test_marks_that_are_not_ours_end_the_session(found: dict[str, Any]) -> None:
    session = {"sign_in": found}
    assert sessions.ended(session, NOW, LIMITS) == "too_old"
    assert not sessions.recently_proved(session, NOW)


def test_a_browser_that_says_a_lot_of_itself_is_cut_short() -> None:
    session: dict[str, Any] = {}
    sessions.begin(session, NOW, agent="x" * 10_000)
    marks = sessions.marks(session)
    assert marks is not None
    assert len(marks.agent) == 300
