"""Sentences that count something: which of their two templates is read, and how they are stored."""

from __future__ import annotations

import pytest
from django.utils import translation

from wizard.console.reading import shown
from wizard.services.audit import harmless
from wizard.text import Text

# A pair that templates have, so that both catalogues know it.
HOURS = ("%(number)s hour", "%(number)s hours", "number")


def hours(number: object) -> Text:
    return Text.counted(*HOURS, number=number)


@pytest.mark.parametrize(
    ("language", "number", "words"),
    [
        ("en", 0, "0 hours"),
        ("en", 1, "1 hour"),
        ("en", 2, "2 hours"),
        ("fr", 0, "0 heure"),
        ("fr", 1, "1 heure"),
        ("fr", 2, "2 heures"),
        ("sv", 0, "0 timmar"),
        ("sv", 1, "1 timme"),
        ("sv", 2, "2 timmar"),
    ],
)
def test_a_counted_sentence_follows_its_number_in_every_language(
    language: str, number: int, words: str
) -> None:
    stored = Text.from_json(hours(number).to_json())
    with translation.override(language):
        assert str(stored) == str(hours(number)) == words


@pytest.mark.parametrize(
    ("names", "words"), [([], "left:  (many)"), (["a"], "left: a (one)"), (("a", "b"), "left: a, b (many)")]
)
def test_a_list_counts_by_its_length(names: object, words: str) -> None:
    counted = Text.counted("left: %(names)s (one)", "left: %(names)s (many)", "names", names=names)
    assert str(counted) == words
    assert str(Text.from_json(counted.to_json())) == words


def test_only_a_counted_sentence_is_stored_with_its_plural() -> None:
    assert hours(3).to_json() == {
        "text": "%(number)s hour",
        "values": {"number": 3},
        "plural": "%(number)s hours",
        "by": "number",
    }
    assert Text("%(number)s hours", number=3).to_json() == {
        "text": "%(number)s hours",
        "values": {"number": 3},
    }


def test_a_sentence_stored_before_there_were_plurals_is_still_read() -> None:
    assert str(Text.from_json({"text": "%(count)s rows", "values": {"count": 1}})) == "1 rows"


def test_what_was_stored_is_the_same_sentence_again() -> None:
    within = Text("%(what)s, then rest", what=hours(1))
    assert Text.from_json(within.to_json()) == within
    assert str(within) == "1 hour, then rest"
    assert hours(1) != Text("%(number)s hour", number=1)


def test_a_counted_sentence_names_the_value_it_counts_by() -> None:
    with pytest.raises(ValueError, match="counted by 'rows'"):
        Text.counted("%(count)s row", "%(count)s rows", "rows", count=1)


def test_other_values_keep_the_plural() -> None:
    assert str(hours(1).with_values(number=2)) == "2 hours"
    assert str(Text("%(a)s", a=1).with_values(a=2)) == "2"


def test_a_sentence_made_harmless_for_the_audit_trail_still_counts() -> None:
    row = Text.counted("%(who)s: %(rows)s row", "%(who)s: %(rows)s rows", "rows", who="a\x1bb", rows=2)
    said = str(harmless(row))
    assert said.endswith(": 2 rows")
    assert "\x1b" not in said


@pytest.mark.parametrize("kept", [hours(1), Text("1 hour")], ids=["counted", "plain"])
def test_the_console_shows_stored_sentences_as_words(kept: Text) -> None:
    said = str(shown({"phase": kept.to_json(), "rows": [kept.to_json()]}))
    assert said.count("1 hour") == 2
    assert "plural" not in said
    assert "text" not in said
