from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning.quoting import amount, shown


@given(st.text())
def test_what_is_shown_is_one_printable_line_of_bounded_length(typed: str) -> None:
    line = shown(typed)
    assert len(line) <= 60
    assert line.isprintable()


def test_a_long_value_ends_in_an_ellipsis() -> None:
    assert shown("x" * 61) == "x" * 59 + "…"
    assert shown("x" * 60) == "x" * 60


@pytest.mark.parametrize(
    ("number", "words"),
    [(700, "700"), (700.0, "700"), (0.25, "0.2"), (1234567.0, "1234567"), (1000.5, "1000.5")],
)
def test_an_amount_has_no_needless_decimals_and_no_exponent(number: float, words: str) -> None:
    assert amount(number) == words
