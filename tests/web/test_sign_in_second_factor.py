"""The second factor: set up, asked for, stood in for, removed, and wanted of some roles."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cryptography.fernet import Fernet
from django.http import HttpResponse
from django.test import Client

from tests.web.pages import read
from wizard.models import AuditEntry, BrowserSession, Operator
from wizard.services import accounts, second_factors
from wizard.services.key_rotation import rotate

PASSWORD = "correct horse battery"
NOW = datetime(2026, 11, 22, 9, 0, 5, tzinfo=UTC)


def code_of(secret: str, now: datetime) -> str:
    return format_hotp_value(hotp_value(secret, int(now.timestamp()) // 30))


def first_step(client: Client, back: str = "") -> HttpResponse:
    return client.post("/sign-in/", {"username": "oskar", "password": PASSWORD, "next": back})


def second_step(client: Client, code: str) -> HttpResponse:
    return client.post("/sign-in/code/", {"code": code})


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def secret(clock: Any, operator: Operator) -> str:
    """Of an app that is set up, whose code of this half minute is used up."""
    made = second_factors.new_app_secret()
    second_factors.add_app(operator, made, code_of(made, NOW))
    clock.shift(60)
    return made


def now() -> datetime:
    return datetime.now(UTC)


def test_an_app_is_set_up_with_the_code_that_it_shows(
    clock: Any, working: Client, operator: Operator
) -> None:
    page = working.get("/account/second-factor/app/")
    shown = re.search(r'id="app-secret">([A-Z2-7 ]+)<', page.content.decode())
    assert shown is not None
    made = shown[1].replace(" ", "")
    (picture,) = read(page).all("img", class_="qr")
    assert picture["src"].startswith("data:image/svg+xml;base64,")

    wrong = working.post("/account/second-factor/app/", {"code": "000000"})
    assert wrong.status_code == 422
    assert "This is not the code of now." in read(wrong).words
    assert not second_factors.kinds_of(operator)

    right = working.post("/account/second-factor/app/", {"code": code_of(made, NOW)})
    assert right["Location"] == "/account/second-factor/recovery-codes/"
    assert second_factors.kinds_of(operator) == {second_factors.APP}
    assert AuditEntry.objects.filter(action="account.second_factor_added").count() == 1


def test_the_secret_of_an_app_is_kept_sealed_also_before_it_is_set_up(
    clock: Any, working: Client, operator: Operator
) -> None:
    page = working.get("/account/second-factor/app/").content.decode()
    made = re.search(r'id="app-secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    for row in BrowserSession.objects.all():
        assert made not in str(row.get_decoded())
    working.post("/account/second-factor/app/", {"code": code_of(made, NOW)})
    data = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert made not in data
    assert data.count("gAAAA") == 2


def test_the_password_alone_is_not_enough(secret: str) -> None:
    client = Client()
    answer = first_step(client, "/tasks/")
    assert answer["Location"] == "/sign-in/code/"
    assert client.get("/").status_code == 302
    wrong = second_step(client, "000000")
    assert wrong.status_code == 422
    assert client.get("/").status_code == 302
    assert second_step(client, code_of(secret, now()))["Location"] == "/tasks/"
    assert client.get("/").status_code == 200


def test_the_second_step_is_not_open_without_the_first(secret: str) -> None:
    assert second_step(Client(), code_of(secret, now()))["Location"] == "/sign-in/"


def test_a_code_is_good_once(clock: Any, secret: str) -> None:
    used = code_of(secret, now())
    one, two = Client(), Client()
    for client in (one, two):
        first_step(client)
    assert second_step(one, used).status_code == 302
    assert second_step(two, used).status_code == 422
    # Also while the clock's tolerance would still let it pass.
    clock.shift(30)
    assert second_step(two, used).status_code == 422
    assert second_step(two, code_of(secret, now())).status_code == 302


def test_a_code_with_a_space_in_the_middle_is_as_good(secret: str) -> None:
    client = Client()
    first_step(client)
    code = code_of(secret, now())
    assert second_step(client, f"{code[:3]} {code[3:]}").status_code == 302


def test_half_a_sign_in_ends_after_ten_minutes(clock: Any, secret: str) -> None:
    client = Client()
    first_step(client)
    clock.shift(timedelta(minutes=10, seconds=1))
    assert second_step(client, code_of(secret, now()))["Location"] == "/sign-in/"
    assert client.get("/").status_code == 302


def test_half_a_sign_in_ends_with_another_password(secret: str, operator: Operator) -> None:
    client = Client()
    first_step(client)
    operator.set_password("staple correct horse 9")
    operator.save()
    assert second_step(client, code_of(secret, now()))["Location"] == "/sign-in/"


def test_who_planted_a_session_does_not_get_half_a_sign_in(secret: str) -> None:
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key
    planted = session.session_key
    first_step(client)
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert second_step(thief, code_of(secret, now()))["Location"] == "/sign-in/"


def test_a_one_time_link_is_not_enough_either(secret: str, operator: Operator) -> None:
    Operator.objects.filter(pk=operator.pk).update(username=accounts.FIRST_OPERATOR, last_login=None)
    token = accounts.first_sign_in_token()
    client = Client()
    assert client.post(f"/sign-in/once/{token}/")["Location"] == "/sign-in/code/"
    assert second_step(client, code_of(secret, now()))["Location"] == "/account/password/new/"


def test_recovery_codes_are_shown_once_and_each_works_once(clock: Any, secret: str) -> None:
    client = Client()
    first_step(client)
    second_step(client, code_of(secret, now()))
    page = client.get("/account/second-factor/recovery-codes/").content.decode()
    codes = re.findall(r"\b\d{8}\b", re.search(r"<code.*?</code>", page, re.DOTALL)[0])  # type: ignore[index]
    assert len(set(codes)) == 10
    again = client.get("/account/second-factor/recovery-codes/")
    assert not any(code in again.content.decode() for code in codes)

    for expected in (302, 422):
        other = Client()
        first_step(other)
        assert second_step(other, codes[0]).status_code == expected
    assert AuditEntry.objects.filter(action="account.recovery_code_used").count() == 1
    client.post("/account/second-factor/recovery-codes/")
    late = Client()
    first_step(late)
    assert second_step(late, codes[1]).status_code == 422


def test_changing_a_second_factor_wants_a_fresh_proof(clock: Any, secret: str, operator: Operator) -> None:
    client = Client()
    first_step(client)
    second_step(client, code_of(secret, now()))
    clock.shift(timedelta(minutes=11))
    for path in ("app/", "passkeys/add/", "recovery-codes/"):
        answer = client.get(f"/account/second-factor/{path}")
        assert (
            answer["Location"]
            == f"/sign-in/again/?next=%2Faccount%2Fsecond-factor%2F{path.replace('/', '%2F')}"
        )
    for path in ("app/remove/", "passkeys/1/remove/", "recovery-codes/"):
        answer = client.post(
            f"/account/second-factor/{path}", HTTP_REFERER="http://testserver/account/second-factor/"
        )
        assert answer["Location"] == "/sign-in/again/?next=%2Faccount%2Fsecond-factor%2F"
    assert second_factors.kinds_of(operator) == {second_factors.APP}
    # The code proves as well as the password does.
    proof = {"code": code_of(secret, now()), "next": "/account/second-factor/"}
    assert client.post("/sign-in/again/", proof)["Location"] == "/account/second-factor/"
    assert client.post("/account/second-factor/app/remove/").status_code == 302
    assert not Authenticator.objects.exists()
    assert first_step(Client())["Location"] == "/"


def test_who_must_have_a_second_factor_sets_it_up_before_anything_else(
    clock: Any, operator: Operator, settings: Any
) -> None:
    settings.MFA_REQUIRED_FOR = frozenset({"operator"})
    client = Client()
    first_step(client, "/tasks/")
    for path in ("/tasks/", "/account/tokens/", "/account/", "/console/", "/deployments/new/"):
        assert client.get(path)["Location"] == "/account/second-factor/", path
    assert "Set up a second factor first" in read(client.get("/account/second-factor/")).words
    page = client.get("/account/second-factor/app/").content.decode()
    made = re.search(r'id="app-secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    client.post("/account/second-factor/app/", {"code": code_of(made, NOW)})
    assert client.get("/tasks/").status_code == 200
    # Without it, the way is closed again at once.
    client.post("/account/second-factor/app/remove/")
    assert client.get("/tasks/")["Location"] == "/account/second-factor/"


def test_roles_that_need_none_are_let_in(operator: Operator, settings: Any) -> None:
    settings.MFA_REQUIRED_FOR = frozenset({"admin", "reviewer"})
    client = Client()
    first_step(client)
    assert client.get("/tasks/").status_code == 200


def test_an_administrator_removes_what_somebody_lost(
    secret: str, operator: Operator, admin: Operator
) -> None:
    second_factors.reset(operator, actor=admin)
    assert first_step(Client())["Location"] == "/"
    assert "oskar" in str(AuditEntry.objects.get(action="person.second_factors_removed").sentence)


def test_secrets_move_to_the_newest_key(
    secret: str, operator: Operator, admin: Operator, settings: Any
) -> None:
    old = settings.CREDENTIAL_KEYS
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *old]
    rotate(actor=admin)
    settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS[:1]
    assert second_factors.code_is_right(operator, code_of(secret, now()))


def test_tokens_of_programs_are_not_asked_for_a_second_factor(secret: str, operator: Operator) -> None:
    _token, text = accounts.create_token(user=operator, actor=operator, name="nightly", scope="read")
    answer = Client().get("/api/v1/deployments/", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 200
