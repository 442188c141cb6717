from __future__ import annotations

import re

from wizard.checks import catalogue, conflicts
from wizard.checks.catalogue import PROFILES, load


def test_every_conflict_of_the_facts_is_there_with_what_is_made_of_it():
    assert list(conflicts.all_conflicts()) == [f"C{number}" for number in range(1, 15)]
    for conflict in conflicts.all_conflicts().values():
        assert conflict.versions
        assert str(conflict.handling).endswith("."), conflict.id
        for version in conflict.versions:
            assert re.fullmatch(r"20[0-9]{2}(-[01][0-9])?", version.date), conflict.id
            assert version.document.endswith(".md"), conflict.id


def test_both_numbers_of_a_conflict_are_told_with_their_dates():
    clock = conflicts.find("C2")
    assert clock is not None
    assert [(version.date, str(version.says)) for version in clock.versions] == [
        ("2019-07", "Registration fails above 5 minutes."),
        ("2018", "Error ACS50008 names 15 minutes."),
    ]


def test_an_unknown_conflict_is_none():
    assert conflicts.find("C99") is None


def test_every_conflict_that_a_requirement_names_exists():
    named = {row.conflict for profile in PROFILES for row in load(profile) if row.conflict}
    assert named
    assert named <= conflicts.all_conflicts().keys()


def test_translators_get_the_sentences_of_the_conflicts():
    given = set(catalogue.sentences())
    for conflict in conflicts.all_conflicts().values():
        assert {text.template for text in conflict.texts()} <= given
