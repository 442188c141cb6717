from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from wizard.topology.observed import dates, numbers
from wizard.topology.observed.documents import canonical, cleansed
from wizard.topology.observed.keys import Keys, fabric_in, last_part, same, short
from wizard.topology.observed.record import Record
from wizard.topology.observed.words import coloured, meaning, reported, worst

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2024-01-02T03:04:05.1234567Z", datetime(2024, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2024-01-02T03:04:05", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2024-01-02T03:04:05+02:00", datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC)),
        (" 2024-01-02T03:04:05Z ", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (datetime(2024, 1, 2, tzinfo=timezone(timedelta(hours=1))), datetime(2024, 1, 1, 23, tzinfo=UTC)),
        ("9999-12-31T23:59:59.9999999", None),
        ("9999-12-31T23:59:59.9999999-08:00", None),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("1753-01-01T00:00:00Z", None),
        ("", None),
        (None, None),
        ("soon", None),
        (12, None),
    ],
)
def test_moments_are_in_utc_and_extremes_are_none(told: object, expected: datetime | None) -> None:
    assert dates.moment(told) == expected


def test_only_extremes_and_nothing_mean_that_there_is_no_date() -> None:
    for told in (None, "", "0001-01-01T00:00:00", "1753-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999"):
        assert dates.means_no_date(told)
    for told in ("2024-01-02T03:04:05Z", "soon", 5):
        assert not dates.means_no_date(told)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("12", 12), (12, 12), (" 12 ", 12), ("12.0", 12), (12.0, 12), ("9007199254740993", 9007199254740993),
        (9007199254740993, 9007199254740993), ("12.5", None), (True, None), (-1, None), ("-1", None), ("", None),
        (None, None), ("NaN", None), (float("inf"), None), ("1" * 30, None), (2**63, None), ("٣", None), ([], None),
    ],
)  # fmt: skip
def test_counts_come_as_numbers_or_as_text(told: object, expected: int | None) -> None:
    assert numbers.whole(told) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [("21%", 21.0), ("21 %", 21.0), ("21.5", 21.5), (21.5, 21.5), ("%", None), ("21%%", None), (None, None)],
)
def test_percentages_come_with_their_sign_or_without(told: object, expected: float | None) -> None:
    assert numbers.percent(told) == expected


def test_capacities_in_gb_become_bytes_and_rates_in_mb_too() -> None:
    assert numbers.gigabytes("1023.75") == 1099243192320
    assert numbers.gigabytes("much") is None
    assert numbers.megabytes(2) == 2 * 1024**2


def test_a_share_is_not_made_of_numbers_that_cannot_be() -> None:
    assert numbers.share(450, 600) == 75.0
    assert numbers.share(601, 600) is None
    assert numbers.share(1, 0) is None
    assert numbers.share(None, 600) is None


def test_a_record_keeps_what_nobody_read_or_could_read() -> None:
    record = Record(
        {"name": "a", "count": "many", "gone": None, "new": {"x": 1}, "inner": {"version": "1", "more": 2},
         "ends": "0001-01-01T00:00:00", "began": "soon"}
    )  # fmt: skip
    assert (record.text("name"), record.whole("count"), record.text("gone")) == ("a", None, "")
    assert record.nested("inner").text("version") == "1"
    assert (record.moment("ends"), record.moment("began")) == (None, None)
    assert record.rest() == {"began": "soon", "count": "many", "inner": {"more": 2}, "new": {"x": 1}}


def test_a_second_name_of_a_field_that_says_something_else_is_kept() -> None:
    same_twice, different = Record({"id": "1", "hostId": "1"}), Record({"id": "1", "hostId": "2"})
    assert same_twice.text("id", "hostId") == different.text("id", "hostId") == "1"
    assert same_twice.rest() == {}
    assert different.rest() == {"hostId": "2"}


def test_a_list_that_holds_more_than_records_is_kept_whole() -> None:
    record = Record({"servers": [{"id": 1}, "stray"], "names": ["a", 3], "odd": ["a", {}]})
    assert len(record.records("servers")) == 1
    assert record.texts("names") == ("a", "3")
    assert record.texts("odd") == ("a",)
    assert record.rest() == {"servers": [{"id": 1}, "stray"], "odd": ["a", {}]}


def test_documents_of_any_kind_become_what_every_store_can_hold() -> None:
    deep: Any = "bottom"
    for _level in range(5000):
        deep = [deep]
    found = cleansed(
        {
            "vault": {"name": "a\x00b\ud800", "n": float("nan"), "big": 10**5000, 5: object(), "deep": deep},
            "fabrics": ["none", {"b": 1}, {"a": 1}],
            "providers": {"f": [1, {"x": 1}], "g": "no"},
            "read_at": NOW,
        }
    )
    assert found["vault"]["name"] == "a\ufffdb?"
    assert found["vault"]["n"] is None
    assert found["vault"]["big"] == hex(10**5000)
    assert found["vault"]["5"] == "<object>"
    assert found["fabrics"] == [{"a": 1}, {"b": 1}]
    assert found["providers"] == {"f": [{"x": 1}], "g": []}
    assert found["read_at"] == "2026-11-22T12:00:00+00:00"
    assert canonical(found) == canonical(cleansed(found))
    assert cleansed(None)["vault"] == cleansed([1])["vault"] == {}


def test_keys_are_handed_out_once() -> None:
    keys = Keys()
    assert [keys.claim("host:A", "f"), keys.claim("host:A", "f"), keys.claim("host:A", "f")] == [
        "host:A",
        "host:A@f",
        "host:A@f~2",
    ]


def test_ids_and_names_are_compared_as_people_mean_them() -> None:
    assert fabric_in("/a/ReplicationFabrics/F1/b") == "F1"
    assert fabric_in("/a") == ""
    assert last_part("/a/b/") == "b"
    assert same("A", "a")
    assert not same("", "")
    assert short("LYON-CS01.corp.example.") == "lyon-cs01"
    assert short("10.20.0.11") == "10.20.0.11"
    assert short("fe80::1") == "fe80::1"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Normal", "ok"), ("Green", "ok"), ("Healthy", "ok"), ("Yellow", "warning"), ("Warning", "warning"),
        ("Red", "critical"), ("CRITICAL", "critical"), ("None", "unknown"), ("Unknown", "unknown"), ("", "unknown"),
        ("Purple", "unknown"),
    ],
)  # fmt: skip
def test_a_word_that_nobody_knows_is_never_healthy(word: str, expected: str) -> None:
    assert meaning(word) == expected


def test_health_is_what_is_told_else_the_worst_word() -> None:
    assert reported("Normal", ["Red"]) == "ok"
    assert reported("", ["Green", "Yellow"]) == "warning"
    assert reported("None", ["Green", "Purple"]) == "unknown"
    assert reported("", []) == "unknown"
    assert worst([]) == "unknown"


def test_a_lost_heartbeat_is_critical_whatever_was_told_before() -> None:
    assert coloured("ok", NOW - timedelta(minutes=15), NOW) == "ok"
    assert coloured("ok", NOW - timedelta(minutes=15, seconds=1), NOW) == "critical"
    assert coloured("unknown", None, NOW) == "unknown"
