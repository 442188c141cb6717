"""Sessions: how they end, what is said of it, and who sees and ends them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.builders import make_operator
from tests.web.pages import read
from wizard.config.settings import BASE_DIR
from wizard.models import AuditEntry, BrowserSession, Operator
from wizard.models.browser_session import digest_of

PASSWORD = "correct horse battery"
POLL = {"HTTP_HX_REQUEST": "true", "HTTP_X_POLL": "1"}


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES, settings.SESSION_HOURS = 60, 12


def signed_in(person: Operator, **browser: str) -> Client:
    client = Client(**browser)
    answer = client.post("/sign-in/", {"username": person.username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def test_an_idle_session_ends_says_why_and_leads_back(operator: Operator) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(operator)
        clock.shift(timedelta(minutes=59))
        assert client.get("/tasks/").status_code == 200
        clock.shift(timedelta(minutes=60))
        answer = client.get("/tasks/?state=failed")
        assert answer["Location"] == "/sign-in/?next=/tasks/%3Fstate%3Dfailed"
        page = read(client.get(answer["Location"]))
        assert "nothing happened here for a while" in page.words
        again = client.post(
            "/sign-in/", {"username": "oskar", "password": PASSWORD, "next": "/tasks/?state=failed"}
        )
        assert again["Location"] == "/tasks/?state=failed"
        assert "nothing happened" not in read(client.get("/")).words


def test_a_stranger_leaves_no_session_behind_whichever_door_they_try(
    operator: Operator, settings: Any
) -> None:
    settings.AXES_ENABLED = True
    stranger = Client()
    stranger.cookies["sessionid"] = "a" * 32
    for address in ("/", "/sign-in/", "/sign-in/code/", "/sign-in/once/invented/", "/account/", "/nowhere/"):
        stranger.get(address)
    stranger.post("/sign-in/", {"username": operator.username, "password": "wrong"})
    stranger.post("/sign-in/once/invented/")
    stranger.post("/sign-in/code/", {"code": "123456"})
    stranger.post("/sign-out/")
    stranger.post("/language/", {"language": "fr", "next": "/"})
    assert not BrowserSession.objects.exists()
    signed_in(operator)
    assert BrowserSession.objects.count() == 1


def test_a_fragment_that_polls_does_not_keep_a_session_alive(operator: Operator) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(operator)
        for _ in range(3):
            clock.shift(timedelta(minutes=19))
            assert client.get("/azure-accounts/", **POLL).status_code == 200
        clock.shift(timedelta(minutes=3))
        ended = client.get("/azure-accounts/", HTTP_HX_CURRENT_URL="http://testserver/tasks/", **POLL)
        assert ended.status_code == 204
        assert ended["HX-Redirect"] == "/sign-in/?next=/tasks/"


def test_every_fragment_that_polls_says_so() -> None:
    polling = [
        line
        for template in (BASE_DIR / "templates").rglob("*.html")
        for line in template.read_text("utf-8").splitlines()
        if 'hx-trigger="every' in line
    ]
    assert len(polling) >= 2
    assert [line for line in polling if """hx-headers='{"X-Poll": "1"}'""" not in line] == []


def test_who_works_on_and_on_signs_in_again_after_twelve_hours(operator: Operator) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(operator)
        for _ in range(23):
            clock.shift(timedelta(minutes=30))
            assert client.get("/tasks/").status_code == 200
        clock.shift(timedelta(minutes=31))
        answer = client.get("/tasks/", follow=True)
        assert "signed in for a long time" in read(answer).words


def test_activity_is_written_at_most_once_a_minute(operator: Operator) -> None:
    def writes(client: Client) -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/account/")
        return sum(not q["sql"].startswith(("SELECT", "BEGIN", "SAVEPOINT", "RELEASE")) for q in queries)

    with time_machine.travel(timezone.now(), tick=False) as clock:
        client = signed_in(operator)
        clock.shift(timedelta(seconds=59))
        assert writes(client) == 0
        clock.shift(timedelta(seconds=2))
        assert writes(client) == 1
        assert writes(client) == 0


def test_the_key_of_a_session_changes_at_the_sign_in_and_the_old_one_opens_nothing(
    operator: Operator,
) -> None:
    client = Client()
    client.get("/sign-in/")
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key
    planted = session.session_key
    client.post("/sign-in/", {"username": "oskar", "password": PASSWORD})
    assert client.cookies["sessionid"].value != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert thief.get("/").status_code == 302


def test_the_table_of_sessions_opens_none(operator: Operator) -> None:
    client = signed_in(operator)
    row = BrowserSession.objects.get(person=operator)
    assert row.session_key != client.cookies["sessionid"].value
    thief = Client()
    thief.cookies["sessionid"] = row.session_key
    assert thief.get("/").status_code == 302
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"role": Operator.Role.VIEWER},
        {"role": Operator.Role.ADMIN},
        {"is_active": False},
        {"is_staff": True},
        {"is_superuser": True},
    ],
)
def test_a_change_of_rights_ends_all_sessions_of_that_person_by_whatever_door(
    operator: Operator, change: dict[str, Any]
) -> None:
    client, other = signed_in(operator), signed_in(operator)
    bystander = signed_in(make_operator("olga", Operator.Role.OPERATOR))
    Operator.objects.filter(pk=operator.pk).update(**change)
    for one in (client, other):
        answer = one.get("/tasks/", follow=True)
        assert "your password or your rights changed" in read(answer).words
    assert bystander.get("/tasks/").status_code == 200


def test_a_password_set_by_an_administrator_ends_the_sessions(operator: Operator, admin: Operator) -> None:
    client = signed_in(operator)
    console = signed_in(admin)
    new = {"password1": "staple correct horse 9", "password2": "staple correct horse 9"}
    answer = console.post(
        f"/console/wizard/operator/{operator.pk}/password/", new | {"usable_password": "true"}
    )
    assert answer.status_code == 302, answer.content
    assert client.get("/tasks/").status_code == 302
    assert console.get("/console/").status_code == 200


def test_one_sees_ones_own_sessions_and_no_others(operator: Operator) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
    here = signed_in(operator, HTTP_USER_AGENT=firefox, REMOTE_ADDR="192.0.2.10")
    signed_in(operator, HTTP_USER_AGENT=edge, REMOTE_ADDR="192.0.2.11")
    signed_in(make_operator("olga", Operator.Role.OPERATOR), REMOTE_ADDR="192.0.2.12")
    answer = here.get("/account/sessions/")
    words = read(answer).words
    assert "Firefox, Linux" in words
    assert "Edge, Windows" in words
    assert "192.0.2.11" in words
    assert "192.0.2.12" not in words
    assert here.cookies["sessionid"].value not in answer.content.decode()


def test_a_session_is_ended_by_its_person_alone(operator: Operator) -> None:
    here, elsewhere = signed_in(operator), signed_in(operator)
    stranger = signed_in(make_operator("olga", Operator.Role.OPERATOR))
    url = f"/account/sessions/{digest_of(elsewhere.cookies['sessionid'].value)}/end/"
    stranger.post(url)
    assert elsewhere.get("/tasks/").status_code == 200
    assert here.post(url)["Location"] == "/account/sessions/"
    assert elsewhere.get("/tasks/").status_code == 302
    assert here.get("/tasks/").status_code == 200
    assert AuditEntry.objects.filter(action="account.session_ended").count() == 1


def test_all_other_sessions_are_ended_at_once(operator: Operator) -> None:
    here, one, two = (signed_in(operator) for _ in range(3))
    assert (
        "2 other sessions are ended." in read(here.post("/account/sessions/end-others/", follow=True)).words
    )
    assert [client.get("/tasks/").status_code for client in (here, one, two)] == [200, 302, 302]


def test_what_ran_out_is_forgotten_at_the_next_sign_in(operator: Operator) -> None:
    signed_in(operator)
    BrowserSession.objects.update(expire_date=timezone.now() - timedelta(days=1))
    signed_in(operator)
    assert BrowserSession.objects.count() == 1
