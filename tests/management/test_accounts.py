"""Tokens, credentials and the first sign-in from the command line: shown once, or never."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.utils import timezone

from tests.management.commands import Commands
from wizard.models import ApiToken, AuditEntry, Credential, Operator, SignInLink, Team
from wizard.services import second_factors
from wizard.services.accounts import FIRST_OPERATOR, token_bearer

pytestmark = pytest.mark.django_db

TOKEN = ("token", "create", "oskar", "--name", "pipeline", "--scope", "operate")
STORE = ("credential", "set", "lyon-vcenter", "--username", "asr@vsphere.local")


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_is_all_that_is_printed_and_it_works(manage: Commands, operator: Operator) -> None:
    outcome = manage(*TOKEN)
    assert (outcome.code, outcome.err) == (0, "")
    (text,) = outcome.out.splitlines()
    row = token_bearer(text)
    assert row is not None
    assert (row.user, row.name, row.scope) == (operator, "pipeline", "operate")
    assert abs(row.expires_at - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)
    assert text not in str(vars(ApiToken.objects.get())), "only its hash is kept"
    found = Client().get("/api/v1/deployments/", headers={"Authorization": f"Bearer {text}"})
    assert found.status_code == 200


def test_a_token_lasts_as_long_as_is_said(manage: Commands, operator: Operator) -> None:
    assert manage(*TOKEN, "--expires-days", "1").code == 0
    assert ApiToken.objects.get().expires_at < timezone.now() + timedelta(days=1, minutes=1)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("token", "create", "nobody", "--name", "x", "--scope", "read"), "no active person named nobody"),
        ((*TOKEN, "--expires-days", "0"), "--expires-days must be at least 1."),
        (("token", "create", "oskar", "--name", "x", "--scope", "everything"), "invalid choice"),
        (("token", "create", "oskar", "--scope", "read"), "--name"),
        (("token",), "ACTION"),
        (("token", "create", "oskar", "--name", "n" * 101, "--scope", "read"), "100"),
    ],
)
def test_a_token_that_cannot_be_made_is_refused_with_the_reason(
    manage: Commands, operator: Operator, args: tuple[str, ...], said: str
) -> None:
    outcome = manage(*args)
    assert outcome.code == 1
    assert said in outcome.text
    assert outcome.out == ""
    assert not ApiToken.objects.exists()


def test_a_name_is_given_once(manage: Commands, operator: Operator) -> None:
    assert manage(*TOKEN).code == 0
    outcome = manage(*TOKEN)
    assert outcome.code == 1
    assert "oskar has a token named “pipeline” already." in outcome.err


# --- credentials ------------------------------------------------------------------------------------------------------


def test_a_secret_comes_from_standard_input_and_is_never_shown(
    manage: Commands, first_operator: Operator
) -> None:
    outcome = manage(*STORE, stdin="canary secret \n")
    assert (outcome.code, outcome.out, outcome.err) == (0, "Stored lyon-vcenter.\n", "")
    row = Credential.objects.get()
    assert (row.name, row.kind, row.username) == ("lyon-vcenter", "vcenter", "asr@vsphere.local")
    assert row.reveal() == "canary secret ", "blanks are part of a password"
    assert b"canary" not in bytes(row.sealed)


def test_another_secret_replaces_the_first_and_counts_as_untried(
    manage: Commands, first_operator: Operator
) -> None:
    manage(*STORE, stdin="first\n")
    Credential.objects.update(standing=Credential.Standing.REJECTED)
    assert manage(*STORE, stdin="second\n").code == 0
    row = Credential.objects.get()
    assert (row.reveal(), row.standing) == ("second", Credential.Standing.UNTRIED)


def test_it_is_stored_for_a_team_and_one_address(manage: Commands, first_operator: Operator) -> None:
    lyon = Team.objects.create(name="Lyon")
    where = ("--team", "Lyon", "--address", "vCenter.example.net:443")
    assert manage(*STORE, *where, stdin="canary\n").code == 0
    row = Credential.objects.get()
    assert (row.team, row.address) == (lyon, "vcenter.example.net:443")
    # Entered anew it stays the team's.
    assert manage(*STORE, stdin="second\n").code == 0
    row.refresh_from_db()
    assert (row.team, row.reveal()) == (lyon, "second")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--team", "Essen"), "You are in no team named “Essen”."),
        (("--team", "Lyon", "--address", "vcenter.example.net"), "“vcenter.example.net” is no address"),
        (("--kind", "azure_service_principal"), "invalid choice"),
    ],
)
def test_a_team_or_an_address_that_will_not_do_is_refused(
    manage: Commands, first_operator: Operator, args: tuple[str, ...], said: str
) -> None:
    Team.objects.create(name="Lyon")
    outcome = manage(*STORE, *args, stdin="canary\n")
    assert outcome.code in (1, 2)
    assert said in outcome.flat()
    assert not Credential.objects.exists()


def test_nobody_stores_for_a_team_that_they_are_not_in(
    manage: Commands, first_operator: Operator, operator: Operator
) -> None:
    lyon = Team.objects.create(name="Lyon")
    args = (*STORE, "--team", "Lyon", "--user", operator.username)
    assert "You are in no team named “Lyon”." in manage(*args, stdin="canary\n").flat()
    lyon.members.add(operator)
    assert manage(*args, stdin="canary\n").code == 0
    assert Credential.objects.get().team == lyon


def test_what_is_everybodys_does_not_become_a_teams_unseen(
    manage: Commands, first_operator: Operator
) -> None:
    Team.objects.create(name="Lyon")
    manage(*STORE, stdin="first\n")
    outcome = manage(*STORE, "--team", "Lyon", stdin="second\n")
    assert outcome.code == 1
    assert "is a credential of everybody, or of another team" in outcome.flat()
    assert Credential.objects.get().reveal() == "first"


def test_a_secret_that_is_missing_is_asked_for(manage: Commands, first_operator: Operator) -> None:
    outcome = manage(*STORE, stdin="")
    assert outcome.code == 1
    assert "Enter the password." in outcome.err
    assert not Credential.objects.exists()


def test_what_cannot_be_stored_is_refused_and_the_secret_kept_back(
    manage: Commands, first_operator: Operator, viewer: Operator
) -> None:
    for args in (
        (*STORE, "--user", "nobody"),
        (*STORE, "--user", viewer.username),
        ("credential", "set", "n" * 101, "--username", "x"),
        ("credential", "set", "n", "--username", " "),
        (*STORE, "--kind", "floppy"),
    ):
        outcome = manage(*args, stdin="canary\n")
        assert outcome.code in (1, 2)
        assert outcome.err
        assert "canary" not in outcome.text
    assert not Credential.objects.exists()


# --- the first sign-in ------------------------------------------------------------------------------------------------


def test_the_first_operator_gets_a_link_that_opens(manage: Commands) -> None:
    outcome = manage("welcome")
    first, second = outcome.out.splitlines()
    assert first == "Foothold answers at http://localhost:8000/"
    link = second.rpartition(" ")[2]
    assert link.startswith("http://localhost:8000/sign-in/once/")
    page = Client().get(link.removeprefix("http://localhost:8000"))
    assert page.status_code == 200
    person = Operator.objects.get(username=FIRST_OPERATOR)
    assert (person.role, person.is_staff, person.has_usable_password()) == ("admin", True, False)


def test_a_second_welcome_gives_a_fresh_link_and_the_old_one_is_good_for_nothing(manage: Commands) -> None:
    old, new = (manage("welcome").out.split()[-1].removeprefix("http://localhost:8000") for _ in range(2))
    assert old != new
    assert SignInLink.objects.count() == 1
    assert Client().get(old).status_code == 410
    assert Client().get(new).status_code == 200


def test_once_somebody_has_signed_in_there_is_no_link(manage: Commands, operator: Operator) -> None:
    Operator.objects.update(last_login=timezone.now())
    assert manage("welcome").out.splitlines() == ["Foothold answers at http://localhost:8000/"]
    assert not SignInLink.objects.exists()


# --- second factors ---------------------------------------------------------------------------------------------------


def test_an_administrator_removes_the_second_factor_of_who_lost_it(
    manage: Commands, operator: Operator, admin: Operator
) -> None:
    secret = second_factors.new_app_secret()
    now = int(time.time()) // 30
    second_factors.add_app(operator, secret, format_hotp_value(hotp_value(secret, now)))
    refused = manage("second_factor", "remove", "oskar", "--by", "oskar")
    assert refused.code == 1
    assert second_factors.kinds_of(operator)
    outcome = manage("second_factor", "remove", "oskar", "--by", "ada")
    assert outcome.code == 0
    assert not second_factors.kinds_of(operator)
    assert AuditEntry.objects.get(action="person.second_factors_removed").actor == admin


@pytest.mark.parametrize(
    ("user", "by", "said"),
    [
        ("nobody", "ada", "no person named nobody"),
        ("oskar", "nobody", "no person named nobody"),
        ("oskar", "ada", "oskar has no second factor"),
    ],
)
def test_what_cannot_be_removed_is_said(
    manage: Commands, operator: Operator, admin: Operator, user: str, by: str, said: str
) -> None:
    outcome = manage("second_factor", "remove", user, "--by", by)
    assert outcome.code == 1
    assert said in outcome.text
