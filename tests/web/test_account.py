from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.builders import make_deployment, make_operator
from tests.web.pages import read
from wizard.models import ApiToken, AuditEntry, Operator, SignInLink
from wizard.services import accounts

OLD, NEW = "correct horse battery", "staple correct horse 9"


def test_the_sign_in_takes_a_person_to_where_they_wanted(stranger: Client, operator: Operator) -> None:
    page = read(stranger.get("/sign-in/?next=/tasks/"))
    assert page.all("input", name="next")[-1]["value"] == "/tasks/"
    answer = stranger.post("/sign-in/", {"username": "oskar", "password": OLD, "next": "/tasks/"})
    assert answer["Location"] == "/tasks/"
    elsewhere = Client().post(
        "/sign-in/", {"username": "oskar", "password": OLD, "next": "https://example.net/"}
    )
    assert elsewhere["Location"] == "/"


def test_a_wrong_password_is_refused_with_the_name_kept(stranger: Client, operator: Operator) -> None:
    answer = stranger.post("/sign-in/", {"username": "oskar", "password": "wrong"})
    page = read(answer)
    assert page.value_of("username") == "oskar"
    assert "wrong" not in page.value_of("password")
    assert stranger.get("/").status_code == 302


def test_too_many_wrong_passwords_close_the_door_for_a_while(
    stranger: Client, operator: Operator, settings: Any
) -> None:
    settings.AXES_ENABLED = True
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = stranger.post("/sign-in/", {"username": "oskar", "password": "wrong"})
    assert answer.status_code == 429
    assert "Too many attempts" in read(answer).words
    assert stranger.post("/sign-in/", {"username": "oskar", "password": OLD}).status_code == 429


def test_signing_out_takes_a_button(working: Client) -> None:
    assert working.get("/sign-out/").status_code == 405
    assert working.get("/").status_code == 200
    working.post("/sign-out/")
    assert working.get("/").status_code == 302


@pytest.fixture
def link(db: None) -> str:
    token = accounts.first_sign_in_token()
    assert token
    return f"/sign-in/once/{token}/"


def test_looking_at_a_one_time_link_does_not_use_it_up(stranger: Client, link: str) -> None:
    for _ in range(2):
        answer = stranger.get(link)
        assert answer.status_code == 200
        assert "Sign in" in read(answer).words
    assert SignInLink.objects.filter(used_at=None).count() == 1


def test_a_one_time_link_signs_in_once_and_asks_for_a_password(stranger: Client, link: str) -> None:
    answer = stranger.post(link)
    assert answer["Location"] == "/account/password/new/"
    assert stranger.get("/").status_code == 200
    again = Client().post(link)
    assert again.status_code == 410
    assert "This link no longer works" in read(again).words
    assert Client().get(link).status_code == 410

    bad = stranger.post("/account/password/new/", {"new_password1": "short", "new_password2": "short"})
    assert bad.status_code == 422
    good = stranger.post("/account/password/new/", {"new_password1": NEW, "new_password2": NEW})
    assert "Your password is changed" in read(good).words
    user = Operator.objects.get(username="operator")
    assert user.check_password(NEW)
    assert stranger.get("/").status_code == 200


def test_who_came_by_the_link_and_chose_no_password_gets_another_one_at_the_next_start(
    stranger: Client, link: str
) -> None:
    stranger.post(link)
    another = accounts.first_sign_in_token()
    assert another
    # With a session of theirs that ended.
    later = Client()
    assert later.post(f"/sign-in/once/{another}/")["Location"] == "/account/password/new/"
    later.post("/account/password/new/", {"new_password1": NEW, "new_password2": NEW})
    assert accounts.first_sign_in_token() is None


def test_no_link_is_made_once_somebody_else_has_come_in(stranger: Client, link: str) -> None:
    stranger.post(link)
    Client().force_login(make_operator("oskar", Operator.Role.VIEWER))
    assert accounts.first_sign_in_token() is None


def test_who_has_no_password_yet_is_told_before_the_way_back_is_gone(stranger: Client, link: str) -> None:
    stranger.post(link)
    warning = "You have no password yet"
    assert warning not in read(stranger.get("/account/password/new/")).words
    page = read(stranger.get("/"))
    assert warning in page.words
    assert page.all("a", href="/account/password/new/")
    stranger.post("/account/password/new/", {"new_password1": NEW, "new_password2": NEW})
    assert warning not in read(stranger.get("/")).words


def test_a_password_without_the_old_one_is_for_who_came_through_a_link(working: Client) -> None:
    assert working.get("/account/password/new/")["Location"] == "/account/password/"
    answer = working.post("/account/password/new/", {"new_password1": NEW, "new_password2": NEW})
    assert answer["Location"] == "/account/password/"
    assert Operator.objects.get(username="oskar").check_password(OLD)


def test_the_right_to_set_a_password_is_used_up(stranger: Client, link: str) -> None:
    stranger.post(link)
    stranger.post("/account/password/new/", {"new_password1": NEW, "new_password2": NEW})
    assert stranger.get("/account/password/new/")["Location"] == "/account/password/"


def test_a_password_is_changed_with_the_old_one_and_ends_the_other_sessions(
    working: Client, operator: Operator
) -> None:
    elsewhere = Client()
    elsewhere.force_login(operator)
    wrong = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    assert working.post("/account/password/", wrong).status_code == 422
    assert working.post("/account/password/", wrong | {"old_password": OLD}).status_code == 200
    assert working.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302
    entry = AuditEntry.objects.get(action="account.password_changed")
    assert NEW not in f"{entry.sentence} {entry.before} {entry.after}"


def test_times_are_shown_in_the_zone_of_the_reader(working: Client, operator: Operator) -> None:
    deployment = make_deployment(operator)
    type(deployment).objects.update(changed_at="2026-07-01T22:30:00Z")
    assert "2026-07-01 22:30" in read(working.get("/")).words
    answer = working.post("/account/", {"time_zone": "Europe/Paris"}, follow=True)
    assert "Your time zone is saved." in read(answer).words
    content = working.get("/").content.decode()
    assert '<time datetime="2026-07-01T22:30:00+00:00">2026-07-02 00:30</time>' in content


def test_without_a_choice_the_zone_of_the_browser_counts(working: Client, operator: Operator) -> None:
    deployment = make_deployment(operator)
    type(deployment).objects.update(changed_at="2026-07-01T22:30:00Z")
    working.cookies["time_zone"] = "Asia/Tokyo"
    assert "2026-07-02 07:30" in read(working.get("/")).words
    working.cookies["time_zone"] = "../../etc/passwd"
    assert "2026-07-01 22:30" in read(working.get("/")).words


def test_a_time_zone_that_nobody_knows_is_refused(working: Client, operator: Operator) -> None:
    answer = working.post("/account/", {"time_zone": "Europe/Atlantis"})
    assert answer.status_code == 422
    assert "Europe/Atlantis" in read(answer).words
    operator.refresh_from_db()
    assert operator.time_zone == ""


def test_a_token_is_shown_once(working: Client) -> None:
    answer = working.post("/account/tokens/", {"name": "nightly", "scope": "read", "expires_days": "30"})
    assert answer.status_code == 201
    token = ApiToken.objects.get()
    text = next(word for word in read(answer).words.split() if word.startswith("fht_") and "…" not in word)
    assert accounts.token_bearer(text) == token
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)
    assert text not in working.get("/account/tokens/").content.decode()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scope": "everything"}, "scope"),
        ({"expires_days": "0"}, "expires_days"),
        ({"expires_days": "forever"}, "expires_days"),
    ],
)
def test_a_token_that_cannot_be_is_refused_at_its_field(
    working: Client, change: dict[str, str], field: str
) -> None:
    typed = {"name": "nightly", "scope": "read", "expires_days": "30"} | change
    answer = working.post("/account/tokens/", typed)
    assert answer.status_code == 422
    assert read(answer).all("a", href=f"#id_{field}")
    assert not ApiToken.objects.exists()


def test_a_name_of_a_token_is_taken_once(working: Client) -> None:
    typed = {"name": "nightly", "scope": "read", "expires_days": "30"}
    assert working.post("/account/tokens/", typed).status_code == 201
    assert working.post("/account/tokens/", typed).status_code == 422
    assert ApiToken.objects.count() == 1


def test_a_token_is_revoked_by_its_owner_alone(working: Client, operator: Operator) -> None:
    mine, text = accounts.create_token(user=operator, actor=operator, name="mine", scope="read")
    other = make_operator("olga", Operator.Role.OPERATOR)
    theirs, _text = accounts.create_token(user=other, actor=other, name="theirs", scope="read")
    assert working.post(f"/account/tokens/{theirs.pk}/revoke/").status_code == 404
    assert working.post(f"/account/tokens/{mine.pk}/revoke/").status_code == 302
    assert accounts.token_bearer(text) is None
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


def test_the_language_is_chosen_with_a_form(working: Client) -> None:
    answer = working.post("/i18n/setlang/", {"language": "fr", "next": "/account/"}, follow=True)
    assert '<html lang="fr"' in answer.content.decode()
