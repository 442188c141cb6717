"""“Confirm that it is you”: when it is asked, what counts, and where one comes back to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.web.pages import read
from wizard.models import ApiToken, Operator
from wizard.services import accounts

PASSWORD = "correct horse battery"
TOKEN = {"name": "nightly", "scope": "read", "expires_days": "30"}


@pytest.fixture
def stale(operator: Operator) -> Any:
    """Signed in eleven minutes ago."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = Client()
        client.post("/sign-in/", {"username": "oskar", "password": PASSWORD})
        clock.shift(timedelta(minutes=11))
        yield client


def test_a_fresh_sign_in_is_asked_nothing(working: Client) -> None:
    assert working.post("/account/tokens/", TOKEN).status_code == 201
    assert working.get("/sign-in/again/?next=/tasks/")["Location"] == "/tasks/"


def test_making_a_token_wants_a_proof_first(stale: Client) -> None:
    page = read(stale.get("/account/tokens/"))
    assert page.all("a", href="/sign-in/again/?next=%2Faccount%2Ftokens%2F")
    assert not page.all("input", name="expires_days")
    refused = stale.post("/account/tokens/", TOKEN, HTTP_REFERER="http://testserver/account/tokens/")
    assert refused["Location"] == "/sign-in/again/?next=%2Faccount%2Ftokens%2F"
    assert not ApiToken.objects.exists()
    asked = read(stale.get(refused["Location"]))
    assert "Nothing was done yet." in asked.words
    assert asked.all("input", name="next")[-1]["value"] == "/account/tokens/"

    key = stale.cookies["sessionid"].value
    wrong = stale.post("/sign-in/again/", {"password": "wrong", "next": "/account/tokens/"})
    assert wrong.status_code == 422
    assert "This is not your password." in read(wrong).words
    right = stale.post("/sign-in/again/", {"password": PASSWORD, "next": "/account/tokens/"})
    assert right["Location"] == "/account/tokens/"
    assert stale.cookies["sessionid"].value != key
    assert stale.post("/account/tokens/", TOKEN).status_code == 201


def test_the_password_of_somebody_else_proves_nothing(stale: Client, admin: Operator) -> None:
    admin.set_password("staple correct horse 9")
    admin.save()
    answer = stale.post("/sign-in/again/", {"password": "staple correct horse 9", "username": "ada"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://example.net/",
        "//example.net/",
        "/\\example.net/",
        "javascript:alert(1)",
        "http:///example.net",
    ],
)
def test_nobody_is_sent_to_another_site_afterwards(stale: Client, elsewhere: str) -> None:
    answer = stale.post("/sign-in/again/", {"password": PASSWORD, "next": elsewhere})
    assert answer["Location"] == "/"


def test_a_page_of_another_site_is_not_gone_back_to(stale: Client) -> None:
    refused = stale.post("/account/tokens/", TOKEN, HTTP_REFERER="https://example.net/account/tokens/")
    assert refused["Location"] == "/sign-in/again/?next=%2F"


def test_who_came_through_a_link_and_has_nothing_to_prove_with_is_led_to_choose_a_password(db: None) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = Client()
        client.post(f"/sign-in/once/{accounts.first_sign_in_token()}/")
        assert client.get("/sign-in/again/?next=/account/tokens/")["Location"] == "/account/tokens/"
        clock.shift(timedelta(minutes=11))
        page = read(client.get("/sign-in/again/?next=/account/tokens/"))
        assert page.all("a", href="/account/password/new/", class_="button")
        assert not page.all("input", name="password")
        new = {"new_password1": "staple correct horse 9", "new_password2": "staple correct horse 9"}
        client.post("/account/password/new/", new)
        assert client.post("/account/tokens/", TOKEN).status_code == 201


def test_a_button_of_a_fragment_leads_the_whole_page_to_the_proof(stale: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/account/tokens/"}
    answer = stale.post(
        "/account/tokens/", TOKEN, headers=headers, HTTP_REFERER="http://testserver/account/tokens/"
    )
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/sign-in/again/?next=%2Faccount%2Ftokens%2F"
