"""An account at the provider that is somebody's here: connected, taken away, and asked again for a proof."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.builders import make_operator
from tests.web.oidc_provider import Provider
from tests.web.pages import read
from tests.web.test_sign_in_second_factor import code_of
from tests.web.test_sign_in_with import back_from, refused
from wizard.models import Operator
from wizard.services import identities, second_factors

PASSWORD = "correct horse battery"


def test_somebody_with_a_password_connects_the_account_and_disconnects_it(
    working: Client, provider: Provider, operator: Operator
) -> None:
    assert "Connect Contoso" in read(working.get("/account/")).words
    assert back_from(working, provider, purpose="connect")["Location"] == "/account/"
    assert back_from(Client(), provider)["Location"] == "/"
    assert "Disconnect Contoso" in read(working.get("/account/")).words
    working.post("/account/provider/remove/")
    refused(back_from(Client(), provider))


def test_an_account_belongs_to_one_person(working: Client, provider: Provider, operator: Operator) -> None:
    back_from(working, provider, purpose="connect")
    other = Client()
    other.force_login(make_operator("olga", Operator.Role.OPERATOR))
    assert "belongs to somebody else here" in refused(back_from(other, provider, purpose="connect"))


def test_the_only_way_in_is_not_removed(stranger: Client, provider: Provider, known: Operator) -> None:
    back_from(stranger, provider)
    back_from(stranger, provider, purpose="again")
    answer = stranger.post("/account/provider/remove/", follow=True)
    assert "Without a password this is your only way in." in read(answer).words
    assert back_from(Client(), provider)["Location"] == "/"


def test_a_fresh_sign_in_there_confirms_that_it_is_you(
    stranger: Client, provider: Provider, known: Operator
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        back_from(stranger, provider)
        clock.shift(timedelta(minutes=11))
        page = read(stranger.get("/sign-in/again/?next=/account/tokens/"))
        assert "Sign in at Contoso again" in page.words
        answer = back_from(stranger, provider, purpose="again", next="/account/tokens/")
        assert answer["Location"] == "/account/tokens/"
        assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "0")
        made = stranger.post("/account/tokens/", {"name": "n", "scope": "read", "expires_days": "1"})
        assert made.status_code == 201


@pytest.mark.parametrize("auth_time", [None, 1, "now"])
def test_an_old_sign_in_there_confirms_nothing(
    stranger: Client, provider: Provider, known: Operator, auth_time: Any
) -> None:
    back_from(stranger, provider)
    provider.forge = {"auth_time": auth_time}
    words = refused(back_from(stranger, provider, purpose="again", next="/account/tokens/"))
    assert "did not ask you to sign in again" in words


@pytest.mark.parametrize("auth_time", [None, 1, 1e300])
def test_coming_in_once_more_is_no_proof_where_the_provider_asked_nothing(
    stranger: Client, provider: Provider, known: Operator, auth_time: Any
) -> None:
    """Who is signed in there comes in by one button, so a screen that was left alone must not be enough for a token."""
    provider.forge = {"auth_time": auth_time}
    with time_machine.travel(timezone.now(), tick=False) as clock:
        back_from(stranger, provider)
        clock.shift(timedelta(minutes=11))
        assert back_from(stranger, provider)["Location"] == "/"
        assert "prompt" not in provider.asked[-1]
        answer = stranger.post("/account/tokens/", {"name": "n", "scope": "read", "expires_days": "1"})
    if auth_time == 1e300:
        # The provider says that it asked just now; its clock is ahead.
        assert answer.status_code == 201
    else:
        assert answer["Location"].startswith("/sign-in/again/")
        assert not known.api_tokens.exists()


def test_who_owes_a_second_factor_after_the_password_owes_none_after_the_provider(
    provider: Provider, operator: Operator, settings: Any
) -> None:
    settings.MFA_REQUIRED_FOR = frozenset({"operator"})
    identities.link(operator, provider.person)
    client = Client()
    client.post("/sign-in/", {"username": operator.username, "password": PASSWORD})
    assert client.get("/tasks/")["Location"] == "/account/second-factor/"
    back_from(client, provider)
    assert client.get("/tasks/").status_code == 200
    # By the password it is owed again.
    client.post("/sign-out/")
    client.post("/sign-in/", {"username": operator.username, "password": PASSWORD})
    assert client.get("/tasks/")["Location"] == "/account/second-factor/"


def test_a_code_after_the_provider_is_a_proof(stranger: Client, provider: Provider, known: Operator) -> None:
    secret = second_factors.new_app_secret()
    second_factors.add_app(known, secret, code_of(secret, timezone.now()))
    later = timezone.now() + timedelta(minutes=11)
    with time_machine.travel(later, tick=False):
        new = Client()
        assert back_from(new, provider)["Location"] == "/sign-in/code/"
        assert new.post("/sign-in/code/", {"code": code_of(secret, later)})["Location"] == "/"
        made = new.post("/account/tokens/", {"name": "n", "scope": "read", "expires_days": "1"})
    assert made.status_code == 201


@pytest.mark.parametrize("purpose", ["", "Again", "anything"])
def test_a_purpose_that_nobody_offers_confirms_nothing(
    stranger: Client, provider: Provider, known: Operator, purpose: str
) -> None:
    back_from(stranger, provider)
    asked = len(provider.asked)
    assert stranger.post("/sign-in/with/", {"purpose": purpose}).status_code == 400
    assert len(provider.asked) == asked


def test_somebody_else_there_confirms_nothing(stranger: Client, provider: Provider, known: Operator) -> None:
    back_from(stranger, provider)
    other = Operator(username="olga", role=Operator.Role.ADMIN)
    other.set_unusable_password()
    other.save()
    provider.person = {"sub": "u-2", "preferred_username": "olga"}
    words = refused(back_from(stranger, provider, purpose="again"))
    assert "you signed in as somebody else" in words
