"""French and Swedish are whole, and what is shipped compiled is what the sources say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from tests.tools import program
from wizard.text import Text

LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def source(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def gettext_tool(name: str, *arguments: str) -> str:
    done = subprocess.run([program(name, "gettext"), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_left_in_english(language: str) -> None:
    assert gettext_tool("msgattrib", "--untranslated", "--no-obsolete", str(source(language))) == ""
    assert gettext_tool("msgattrib", "--only-fuzzy", "--no-obsolete", str(source(language))) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_shipped_is_what_the_sources_say(language: str, tmp_path: Path) -> None:
    compiled = tmp_path / "django.mo"
    gettext_tool("msgfmt", "--check-format", "--check-domain", "-o", str(compiled), str(source(language)))
    assert compiled.read_bytes() == source(language).with_suffix(".mo").read_bytes()


def entries(language: str) -> list[str]:
    """As msgcat writes them, one string a line, comments left out."""
    told = gettext_tool("msgcat", "--no-wrap", "--no-location", str(source(language)))
    kept = [line for line in told.splitlines() if not line.startswith("#")]
    return "\n".join(kept).split("\n\n")


def places(words: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)", words))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_that_counts_has_one_form_for_one_and_one_for_more(language: str) -> None:
    pairs = [entry for entry in entries(language) if "\nmsgid_plural " in entry]
    assert len(pairs) > 80, "the sentences of Text.counted are collected, too"
    wrong = []
    for pair in pairs:
        forms = re.findall(r'^msgstr\[\d\] "(.*)"$', pair, re.MULTILINE)
        asked = pair.split("\nmsgstr[", maxsplit=1)[0]
        if len(forms) != 2 or not all(forms) or any(places(form) != places(asked) for form in forms):
            wrong.append(asked)
    assert wrong == []


@pytest.mark.parametrize(("language", "words"), [("fr", "Échec"), ("sv", "Misslyckades")])
def test_a_stored_sentence_is_read_in_the_readers_language(language: str, words: str) -> None:
    stored = Text.from_json(Text("Failed").to_json())
    with translation.override(language):
        assert str(stored) == words
