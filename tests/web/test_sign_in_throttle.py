"""Guessing is slowed down: passwords, codes, one-time links and proofs, behind however many proxies."""

from __future__ import annotations

import json
import re
import secrets
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from axes.models import AccessAttempt
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests.web.pages import read
from tests.web.software_passkey import SoftwarePasskey
from wizard.models import Operator
from wizard.services import second_factors

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _throttled(settings: Any) -> None:
    settings.AXES_ENABLED = True


def guess(client: Client, password: str = "wrong", username: str = "oskar", **headers: str) -> HttpResponse:
    return client.post("/sign-in/", {"username": username, "password": password}, **headers)


def test_the_door_opens_again_when_its_page_said(operator: Operator) -> None:
    with time_machine.travel("2026-11-22T09:00:00Z", tick=False) as clock:
        answers = [guess(Client()) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
        assert answers[-1]["Retry-After"] == "900"
        clock.shift(timedelta(minutes=10))
        closed = guess(Client(), PASSWORD)
        assert closed.status_code == 429
        assert closed["Retry-After"] == "300"
        assert "2026-11-22 09:15" in read(closed).words
        clock.shift(timedelta(minutes=5, seconds=1))
        assert guess(Client(), PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("depth", "headers"),
    [
        # Without a proxy the header is the caller's own invention.
        (0, [{"REMOTE_ADDR": "192.0.2.9", "HTTP_X_FORWARDED_FOR": f"198.51.100.{n}"} for n in range(5)]),
        # With one, only the last entry is the proxy's.
        (1, [{"HTTP_X_FORWARDED_FOR": f"198.51.100.{n}, 192.0.2.9"} for n in range(5)]),
        # With two, the last but one.
        (2, [{"HTTP_X_FORWARDED_FOR": f"198.51.100.{n}, 192.0.2.9, 10.0.0.{n}"} for n in range(5)]),
        # Some write the port of the client, another one each time.
        (1, [{"HTTP_X_FORWARDED_FOR": f"192.0.2.9:5012{n}"} for n in range(5)]),
        # Less than the proxies write is not theirs.
        (2, [{"REMOTE_ADDR": "192.0.2.9", "HTTP_X_FORWARDED_FOR": f"198.51.100.{n}"} for n in range(5)]),
    ],
)
def test_an_address_that_the_caller_made_up_does_not_get_round_the_throttle(
    operator: Operator, settings: Any, depth: int, headers: list[dict[str, str]]
) -> None:
    settings.PROXY_DEPTH = depth
    answers = [guess(Client(), **header) for header in headers]
    assert answers[-1].status_code == 429
    assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == {"192.0.2.9"}


@pytest.mark.parametrize(("depth", "header"), [(1, "198.51.100.1"), (2, "198.51.100.1, 10.0.0.1")])
def test_behind_proxies_one_guesser_does_not_close_the_door_for_all(
    operator: Operator, settings: Any, depth: int, header: str
) -> None:
    settings.PROXY_DEPTH = depth
    for _ in range(5):
        guess(Client(), HTTP_X_FORWARDED_FOR=header)
    other = header.replace("198.51.100.1", "198.51.100.2")
    assert guess(Client(), PASSWORD, HTTP_X_FORWARDED_FOR=header).status_code == 429
    assert guess(Client(), PASSWORD, HTTP_X_FORWARDED_FOR=other).status_code == 302


def test_another_way_to_write_a_name_is_not_another_name(operator: Operator) -> None:
    for name in ("oskar", " oskar", "oskar ", "ｏskar", "oskar"):
        answer = guess(Client(), username=name)
    assert answer.status_code == 429


def test_another_browser_is_not_another_guesser(operator: Operator) -> None:
    for number in range(5):
        answer = guess(Client(HTTP_USER_AGENT=f"browser {number}"))
    assert answer.status_code == 429


def test_a_name_that_nobody_has_gets_the_same_answers(operator: Operator) -> None:
    def without_tokens(answer: HttpResponse) -> str:
        text = answer.content.decode().replace("nobody", "oskar")
        return re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")\w+', "", text)

    # The page says to the second when the door opens again, and two requests may see two seconds.
    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(5):
            known, unknown = guess(Client()), guess(Client(), username="nobody")
            assert known.status_code == unknown.status_code
            assert without_tokens(known) == without_tokens(unknown)
    assert known.status_code == 429


def test_a_right_password_forgets_the_wrong_ones(operator: Operator) -> None:
    for _ in range(2):
        for _ in range(4):
            assert guess(Client()).status_code == 200
        assert guess(Client(), PASSWORD).status_code == 302


def test_what_is_noted_of_a_wrong_attempt_holds_no_password(operator: Operator) -> None:
    guess(Client(), "a password that is nearly right")
    noted = AccessAttempt.objects.get()
    assert "nearly" not in f"{noted.post_data} {noted.get_data} {noted.path_info}"


def test_a_one_time_link_that_is_nearly_right_is_not_logged(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        assert Client().get("/sign-in/once/nearly-right/").status_code == 410
    told = [record.getMessage() for record in caplog.records if record.name.startswith("axes")]
    assert any("login failure" in line for line in told), told
    assert "nearly" not in " ".join(told)


def test_guessing_one_time_links_is_closed(db: None) -> None:
    for number in range(5):
        answer = Client().get(f"/sign-in/once/guess-{number}/")
    assert answer.status_code == 429
    assert Client().post("/sign-in/once/guess-9/").status_code == 429


def test_guessing_codes_is_closed_and_does_not_close_the_password(operator: Operator) -> None:
    second_factors.add_app(operator, *_app())
    client = Client()
    assert guess(client, PASSWORD)["Location"] == "/sign-in/code/"
    statuses = [client.post("/sign-in/code/", {"code": "000000"}).status_code for _ in range(5)]
    assert statuses == [422, 422, 422, 422, 429]
    assert client.get("/sign-in/code/").status_code == 429
    # Who knows the password may knock, and still stands before the second door.
    assert guess(Client(), PASSWORD)["Location"] == "/sign-in/code/"


def test_guessing_codes_from_many_addresses_is_closed_too(operator: Operator, settings: Any) -> None:
    settings.PROXY_DEPTH = 1
    second_factors.add_app(operator, *_app())
    for number in range(5):
        client = Client(HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
        guess(client, PASSWORD)
        for _ in range(4):
            answer = client.post("/sign-in/code/", {"code": "000000"})
    assert answer.status_code == 422
    fresh = Client(HTTP_X_FORWARDED_FOR="198.51.100.99")
    guess(fresh, PASSWORD)
    assert fresh.get("/sign-in/code/").status_code == 429


def test_who_has_a_passkey_is_not_kept_out_by_who_guesses_codes_elsewhere(
    operator: Operator, settings: Any
) -> None:
    """Whoever learned the password would else close the second step for its person, again and again."""
    settings.PROXY_DEPTH, settings.PUBLIC_URL = 1, "http://localhost"
    second_factors.add_app(operator, *_app())
    key = SoftwarePasskey(origin="http://localhost", host="localhost")
    second_factors.add_key(operator, "Blue key", key.made(secrets.token_urlsafe(32)))
    for number in range(5):
        guesser = Client(HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
        guess(guesser, PASSWORD)
        for _ in range(4):
            assert guesser.post("/sign-in/code/", {"code": "000000"}).status_code == 422
    person = Client(HTTP_X_FORWARDED_FOR="192.0.2.9")
    guess(person, PASSWORD)
    assert person.post("/sign-in/code/", {"code": "000000"}).status_code == 429
    page = person.get("/sign-in/code/")
    stolen = SoftwarePasskey(origin="http://localhost", host="localhost", id=key.id)
    assert person.post("/sign-in/code/", _used(stolen, page)).status_code == 422
    page = person.get("/sign-in/code/")
    assert person.post("/sign-in/code/", _used(key, page))["Location"] == "/"
    assert person.get("/").status_code == 200


def test_who_has_only_codes_is_kept_out_whatever_they_say_that_they_send(
    operator: Operator, settings: Any
) -> None:
    settings.PROXY_DEPTH = 1
    second_factors.add_app(operator, *_app())
    for number in range(5):
        client = Client(HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
        guess(client, PASSWORD)
        for _ in range(4):
            assert client.post("/sign-in/code/", {"credential": "{}", "code": "000000"}).status_code == 422
    fresh = Client(HTTP_X_FORWARDED_FOR="198.51.100.99")
    guess(fresh, PASSWORD)
    assert fresh.post("/sign-in/code/", {"credential": "{}", "code": "000000"}).status_code == 429


def test_who_is_signed_in_proves_it_by_password_while_somebody_guesses_at_the_codes(
    operator: Operator, settings: Any
) -> None:
    settings.PROXY_DEPTH = 1
    with time_machine.travel(timezone.now(), tick=False) as clock:
        person = Client(HTTP_X_FORWARDED_FOR="192.0.2.9")
        guess(person, PASSWORD)
        second_factors.add_app(operator, *_app())
        clock.shift(timedelta(minutes=11))
        for number in range(5):
            guesser = Client(HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
            guess(guesser, PASSWORD)
            for _ in range(4):
                guesser.post("/sign-in/code/", {"code": "000000"})
        assert person.post("/sign-in/again/", {"code": "000000"}).status_code == 429
        assert read(person.get("/sign-in/again/")).all("input", name="password")
        assert person.post("/sign-in/again/", {"password": PASSWORD}).status_code == 302


def test_a_user_name_that_looks_like_the_count_of_codes_closes_nobodys_second_step(
    operator: Operator, settings: Any
) -> None:
    settings.PROXY_DEPTH = 1
    second_factors.add_app(operator, *_app())
    client = Client(HTTP_X_FORWARDED_FOR="192.0.2.9")
    assert guess(client, PASSWORD)["Location"] == "/sign-in/code/"
    for number in range(5):
        for _ in range(4):
            guess(Client(HTTP_X_FORWARDED_FOR=f"198.51.100.{number}"), username="oskar (code)")
    assert client.get("/sign-in/code/").status_code == 200


@pytest.mark.parametrize(
    ("addresses", "noted"),
    [
        ([f"2001:db8:0:7:{n}::{n}" for n in range(1, 6)], {"2001:db8:0:7::"}),
        (["192.0.2.9", "::ffff:192.0.2.9", "::ffff:c000:209", "192.0.2.9", "192.0.2.9"], {"192.0.2.9"}),
    ],
)
def test_the_addresses_of_one_network_are_one_guesser(
    operator: Operator, addresses: list[str], noted: set[str]
) -> None:
    answers = [guess(Client(), REMOTE_ADDR=address) for address in addresses]
    assert answers[-1].status_code == 429
    assert set(AccessAttempt.objects.values_list("ip_address", flat=True)) == noted
    assert guess(Client(), REMOTE_ADDR="2001:db8:0:8::1").status_code == 200


def test_guessing_at_the_proof_is_closed(operator: Operator) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = Client()
        guess(client, PASSWORD)
        clock.shift(timedelta(minutes=20))
        statuses = [client.post("/sign-in/again/", {"password": "wrong"}).status_code for _ in range(5)]
        assert statuses == [422, 422, 422, 422, 429]
        assert client.post("/sign-in/again/", {"password": PASSWORD}).status_code == 429


def _used(key: SoftwarePasskey, page: HttpResponse) -> dict[str, str]:
    found = re.search(r'"challenge": "([A-Za-z0-9_-]+)"', page.content.decode())
    assert found is not None
    return {"credential": json.dumps(key.used(found[1]))}


def _app() -> tuple[str, str]:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    secret = second_factors.new_app_secret()
    return secret, format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_guessing_the_old_password_of_an_open_session_is_closed(operator: Operator) -> None:
    client = Client()
    guess(client, PASSWORD)
    new = {"new_password1": "staple correct horse 9", "new_password2": "staple correct horse 9"}
    statuses = [
        client.post("/account/password/", {"old_password": "wrong", **new}).status_code for _ in range(5)
    ]
    assert statuses == [422, 422, 422, 422, 429]
    assert client.post("/account/password/", {"old_password": PASSWORD, **new}).status_code == 429
