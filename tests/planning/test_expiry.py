from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning import expiry
from wizard.planning.expiry import ExpiryEntry, calendar_of

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_registration_key_ends_five_days_after_it_was_made() -> None:
    made = datetime(2026, 11, 20, 8, 30, 5, tzinfo=UTC)
    assert expiry.registration_key("vault-north", made).ends == datetime(2026, 11, 25, 8, 30, 5, tzinfo=UTC)


def test_the_evaluation_licence_is_180_days_or_what_the_machine_says() -> None:
    assert expiry.evaluation_from_deployment("cs01", NOW).ends == NOW + timedelta(days=180)
    fact = {"status": 1, "grace_minutes": 1440, "description": "Windows(R), TIMEBASED_EVAL channel"}
    entry = expiry.evaluation_from_fact("cs01", fact, NOW)
    assert entry is not None
    assert entry.ends == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "minutes", "description", "ends"),
    [
        (1, 0, "Windows(R), RETAIL channel", None),
        (1, 259200, "Windows(R), VOLUME_KMSCLIENT channel", None),
        (2, 60, "Windows(R), RETAIL channel", NOW + timedelta(hours=1)),
        (5, 0, "Windows(R), TIMEBASED_EVAL channel", NOW),
        (0, 0, "Windows(R), RETAIL channel", NOW),
    ],
)
def test_a_bought_licence_does_not_end_and_a_lost_one_has(
    status: int, minutes: int, description: str, ends: datetime | None
) -> None:
    fact = {"status": status, "grace_minutes": minutes, "description": description}
    entry = expiry.evaluation_from_fact("cs01", fact, NOW)
    assert (entry.ends if entry else None) == ends


# The calendar ends 9999-12-31; the last of these is its last hour, which is over further east.
@pytest.mark.parametrize("minutes", [10**14, 10**10, 4_193_449_140])
def test_grace_beyond_any_calendar_has_no_end(minutes: int) -> None:
    fact = {"status": 1, "grace_minutes": minutes, "description": "Windows(R), TIMEBASED_EVAL channel"}
    assert expiry.evaluation_from_fact("cs01", fact, NOW) is None


def test_the_web_certificate_lasts_three_years_even_from_a_leap_day() -> None:
    assert expiry.web_certificate_from_installation("cs01", date(2026, 5, 4)).ends == datetime(
        2029, 5, 4, tzinfo=UTC
    )
    assert expiry.web_certificate_from_installation("cs01", date(2024, 2, 29)).ends == datetime(
        2027, 2, 28, tzinfo=UTC
    )


def test_rows_are_sorted_by_their_end_and_told_apart() -> None:
    rows = calendar_of(
        [
            expiry.registration_key("later", NOW + timedelta(days=9, seconds=1)),
            expiry.api_token("ci", NOW + timedelta(days=14)),
            expiry.waiver("HW-01", date(2026, 11, 22)),
            expiry.registration_key("v", NOW - timedelta(days=5)),
        ],
        NOW,
    )
    assert [(row.entry.kind, row.status) for row in rows] == [
        ("registration_key", "ended"),
        ("waiver", "soon"),
        ("api_token", "soon"),
        ("registration_key", "later"),
    ]
    assert json.loads(json.dumps([row.to_json() for row in rows]))[2]["days_left"] == 14


def test_a_waiver_holds_through_its_last_day_in_the_zone_of_the_reader() -> None:
    stockholm = timezone(timedelta(hours=1))
    last_minute = datetime(2026, 11, 22, 23, 59, tzinfo=stockholm)
    entry = expiry.waiver("HW-01", date(2026, 11, 22))
    assert calendar_of([entry], last_minute)[0].status == "soon"
    assert calendar_of([entry], last_minute + timedelta(minutes=1))[0].status == "ended"


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        calendar_of([], NOW.replace(tzinfo=None))


moments = st.integers(-3_000_000, 5_000_000).map(lambda minutes: NOW + timedelta(minutes=minutes))
entries = st.one_of(
    moments.map(lambda at: expiry.api_token("t", at)),
    moments.map(lambda at: expiry.waiver("W-01", at.date())),
)


@given(st.lists(entries, max_size=8), moments)
def test_statuses_never_go_back_along_the_calendar(found: list[ExpiryEntry], now: datetime) -> None:
    rows = calendar_of(found, now)
    assert len(rows) == len(found)
    order = [("ended", "soon", "later").index(row.status) for row in rows]
    assert order == sorted(order)
    assert [row.left for row in rows] == sorted(row.left for row in rows)
