from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning.process_server_advice import Alert, Load, advise
from wizard.text import Text


@pytest.mark.parametrize(
    ("machines", "change", "scaleouts", "further", "reasons"),
    [
        (200, 2048, 0, 0, []),
        (201, 100, 0, 1, ["machines"]),
        (100, 2048.5, 0, 1, ["change"]),
        (426, 100, 0, 2, ["machines"]),
        (425, 100, 1, 0, []),
        (426, 4097, 1, 1, ["machines", "change"]),
        (10, 3 * 2048 + 1, 0, 3, ["change"]),
    ],
)
def test_a_process_server_is_advised_beyond_two_hundred_machines_or_two_terabytes(
    machines: int, change: float, scaleouts: int, further: int, reasons: list[str]
) -> None:
    advice = advise(Load(machines=machines, daily_change_gb=change, scaleouts=scaleouts))
    assert advice.further == further
    assert [reason.id for reason in advice.reasons] == reasons
    assert all(reason.source.startswith("https://learn.microsoft.com/") for reason in advice.reasons)


def test_an_alert_that_stays_asks_for_one_and_names_its_server() -> None:
    alert = Alert(server="ps01", what=Text("CPU at 97 %%"))
    advice = advise(Load(machines=10, daily_change_gb=10, alerts=[alert]))
    assert advice.further == 1
    assert [reason.id for reason in advice.reasons] == ["alerts"]
    assert "ps01" in str(advice.reasons[0].text)
    assert "moved" in str(advice.notes[0])


def test_what_nobody_knows_is_named_and_not_taken_for_zero() -> None:
    advice = advise(Load(machines=None, daily_change_gb=None))
    assert not advice.needed
    assert len(advice.open) == 2


def test_beyond_what_one_configuration_server_directs_a_further_one_is_named() -> None:
    at_most, beyond = (advise(Load(machines=count, daily_change_gb=1)) for count in (550, 551))
    assert not at_most.notes
    assert "further configuration server" in str(beyond.notes[0])


def test_advice_is_plain_json() -> None:
    advice = advise(Load(machines=500, daily_change_gb=None))
    assert json.loads(json.dumps(advice.to_json()))["further"] == 2


@given(
    st.integers(0, 5000),
    st.integers(0, 5000),
    st.floats(0, 100_000),
    st.floats(0, 100_000),
    st.integers(0, 20),
)
def test_more_load_never_asks_for_fewer_servers(
    machines: int, more_machines: int, change: float, more_change: float, scaleouts: int
) -> None:
    less = advise(Load(machines=machines, daily_change_gb=change, scaleouts=scaleouts))
    more = advise(
        Load(
            machines=machines + more_machines,
            daily_change_gb=change + more_change,
            scaleouts=scaleouts,
        )
    )
    assert more.further >= less.further
    # With as many added, nothing is left to advise.
    done = advise(Load(machines=machines, daily_change_gb=change, scaleouts=scaleouts + less.further))
    assert not done.needed
