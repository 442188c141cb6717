from __future__ import annotations

from datetime import date

import pytest

from wizard.planning.retirement import classic_on


@pytest.mark.parametrize(
    ("day", "retired", "over"),
    [
        (date(2023, 3, 14), False, 0),
        (date(2023, 3, 15), False, 1),
        (date(2025, 6, 1), False, 2),
        (date(2026, 1, 31), False, 3),
        (date(2026, 3, 29), False, 3),
        (date(2026, 3, 30), True, 4),
        (date(2030, 1, 1), True, 4),
    ],
)
def test_milestones_are_over_from_their_own_day_on(day: date, retired: bool, over: int) -> None:
    state = classic_on(day)
    assert state.retired is retired
    assert [stone.over for stone in state.milestones] == [True] * over + [False] * (4 - over)


def test_the_headline_speaks_of_the_past_once_it_is_past() -> None:
    assert str(classic_on(date(2026, 3, 1)).headline) == (
        "Microsoft retires the classic architecture on 30 March 2026."
    )
    assert str(classic_on(date(2026, 4, 1)).headline) == (
        "Microsoft retired the classic architecture in March 2026. It is no longer supported."
    )


def test_the_banner_names_the_alternative_and_links_to_the_official_pages() -> None:
    stored = classic_on(date(2026, 4, 1)).to_json()
    assert stored["alternative"] == {"text": "For everything new use the modernized replication appliance."}
    assert [link["url"].rpartition("/")[0] for link in stored["links"]] == [
        "https://learn.microsoft.com/azure/site-recovery"
    ] * 3
    assert stored["milestones"][3]["on"] == "2026-03-30"
    assert stored["still_needed_by"]
