"""The catalogue as pages: every row is listed and explained, from every result one comes to its page."""

from __future__ import annotations

import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from tests.web.pages import read
from wizard.checks import catalogue
from wizard.services import explanations

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

PROFILES = [name for name, _title in explanations.profiles()]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_requirement_of_a_profile_is_listed_once(looking: Client, profile: str) -> None:
    page = read(looking.get(reverse("requirements", args=[profile])))

    links = [
        link["href"] for link in page.all("a") if re.search(r"/requirements/[^/]+/[^/]+/$", link["href"])
    ]
    assert len(links) == len(set(links)) == len(catalogue.load(profile))


@pytest.mark.parametrize("profile", PROFILES)
def test_what_to_do_is_said_for_every_way_of_a_requirement(looking: Client, profile: str) -> None:
    several = 0
    for row in explanations.listing(profile):
        variants = catalogue.load(profile).variants(row.id)
        if len({(variant.remedy, variant.command) for variant in variants}) > 1:
            several += 1
            page = read(looking.get(reverse("requirement", args=[profile, row.id])))
            for variant in variants:
                assert " ".join(str(variant.remedy).split()) in page.words, row.id
                assert (variant.command or "") in page.text, row.id
    assert several


@pytest.mark.parametrize("profile", PROFILES)
def test_every_requirement_has_a_page_that_explains_it(looking: Client, profile: str) -> None:
    for row in explanations.listing(profile):
        page = read(looking.get(reverse("requirement", args=[profile, row.id])))
        for text in (row.title, row.why, row.remedy, row.source, row.source_date):
            assert " ".join(str(text).split()) in page.words
        assert page.all("a", href=row.link)
        assert "%(" not in page.words


def test_a_contradiction_between_documents_is_shown_with_both_numbers(looking: Client) -> None:
    page = read(looking.get(reverse("requirement", args=["asr-modernized", "HW-13"])))

    assert "16 GB" in page.words
    assert "32 GB" in page.words
    assert "C3" in page.words


def test_the_list_is_narrowed_by_words_and_by_kind(looking: Client) -> None:
    page = read(looking.get(reverse("requirements", args=["asr-classic"]), {"q": "HW-01"}))
    assert "HW-01" in page.words
    assert "HW-02" not in page.words

    nothing = read(looking.get(reverse("requirements", args=["asr-classic"]), {"q": "no such words"}))
    assert "Nothing matches" in nothing.words


def test_an_unknown_profile_or_requirement_is_not_found(looking: Client) -> None:
    assert looking.get("/requirements/asr-nothing/").status_code == 404
    assert looking.get("/requirements/asr-classic/HW-99/").status_code == 404


def test_the_command_says_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("explain", "hw-13", profile="asr-modernized")

    said = " ".join(capsys.readouterr().out.split())
    found = explanations.explain("asr-modernized", "HW-13")
    for _label, words in found.pairs:
        assert " ".join(str(words).split()) in said
    assert found.conflict is not None
    assert str(found.conflict.handling) in said


def test_the_command_says_what_to_do_on_each_way(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("explain", "HW-04")
    said = " ".join(capsys.readouterr().out.split())
    remedies = {str(row.remedy) for row in catalogue.load("asr-classic").variants("HW-04")}
    assert len(remedies) > 1
    assert all(remedy in said for remedy in remedies)


def test_the_command_refuses_an_unknown_id() -> None:
    with pytest.raises(CommandError, match="HW-99"):
        call_command("explain", "HW-99")
