"""Azure accounts are kept by name with a sealed secret, tested, and not deleted while a deployment names them."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet

from tests.builders import make_deployment
from tests.services.azure import (
    CLIENT,
    PRINCIPAL,
    SECRET,
    TENANT,
    add_account,
    certificate_and_key,
    elliptic_key,
)
from tests.services.test_secrets import where_it_stands
from tests.walk import ANSWERS
from wizard.azure.account import Account
from wizard.azure.credentials import credential_for, forget_all
from wizard.lab.arm import LabAzure
from wizard.models import AuditEntry, AzureAccount, Credential, Operator, Team
from wizard.services import azure_access, azure_account_sign_in, azure_accounts, azure_roles, deployments
from wizard.services.azure_account_wish import AccountWish
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotFound

pytestmark = pytest.mark.django_db

# Of the curve secp112r1, which is in no use: as `openssl` wrote them.
UNKNOWN_KEY = (
    "-----BEGIN PRIVATE KEY-----\n"
    "ME4CAQAwEAYHKoZIzj0CAQYFK4EEAAYENzA1AgEBBA63wd8FIbMSA+vp+8ExQqEg\n"
    "Ax4ABF4u0k6Rb/nt9uI5WvaZDVQHd+a8EFs0h9tNj0U=\n"
    "-----END PRIVATE KEY-----\n"
)
UNKNOWN_CERTIFICATE = (
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBIzCB7qADAgECAhRTQ48ztPuRtOmbUvZcjlH/GhdpmTAKBggqhkjOPQQDAjAM\n"
    "MQowCAYDVQQDDAF4MCAXDTI2MTEyMjE1NTY1OFoYDzIxMjYxMDI5MTU1NjU4WjAM\n"
    "MQowCAYDVQQDDAF4MDIwEAYHKoZIzj0CAQYFK4EEAAYDHgAEXi7STpFv+e324jla\n"
    "9pkNVAd35rwQWzSH202PRaNTMFEwHQYDVR0OBBYEFLEFs5wMITRapqd82Kc0R7sR\n"
    "PmR6MB8GA1UdIwQYMBaAFLEFs5wMITRapqd82Kc0R7sRPmR6MA8GA1UdEwEB/wQF\n"
    "MAMBAf8wCgYIKoZIzj0EAwIDJAAwIQIOOBWaCCDOHkI/P3PQlSkCDwCSNB4BfvuV\n"
    "s3wAR/MeQg==\n"
    "-----END CERTIFICATE-----\n"
)


def codes(refused: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(error.path, error.code) for error in refused.value.errors]


def test_a_secret_is_kept_sealed_and_written_down_nowhere(operator: Operator) -> None:
    row = add_account(operator)
    assert row.credential is not None
    assert row.credential.kind == Credential.Kind.AZURE_SERVICE_PRINCIPAL
    assert where_it_stands(SECRET) == []
    audited = AuditEntry.objects.get(action="azure_account.added")
    assert audited.after == {
        "how": "client_secret",
        "cloud": "public",
        "tenant": TENANT,
        "client_id": CLIENT,
        "team": "",
    }
    assert azure_access.account_of(AzureAccount.objects.get(name="lyon-reader")) == Account(
        how="client_secret", cloud="public", tenant=TENANT, client_id=CLIENT, secret=SECRET
    )


def test_for_the_emulator_no_secret_is_opened(operator: Operator, azure: LabAzure) -> None:
    row = add_account(operator)
    Credential.objects.update(sealed=b"not to be opened")
    row.refresh_from_db()
    known = azure_access.account_of(row)
    assert (known.how, known.secret) == ("emulator", "")


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"name": " "}, [("name", "missing")]),
        ({"name": "x" * 91}, [("name", "too_long")]),
        ({"how": "password"}, [("how", "unknown")]),
        ({"cloud": "germany"}, [("cloud", "unknown")]),
        ({"tenant": ""}, [("tenant", "missing")]),
        ({"tenant": "example.onmicrosoft.com"}, [("tenant", "invalid")]),
        ({"client_id": "lyon"}, [("client_id", "invalid")]),
        ({"secret": ""}, [("secret", "missing")]),
        ({"secret": CLIENT}, [("secret", "secret_id")]),
        ({"secret": "x" * 70_000}, [("secret", "too_long")]),
        ({"tenant": "", "secret": ""}, [("tenant", "missing"), ("secret", "missing")]),
        ({"how": "client_certificate"}, [("secret", "bad_certificate")]),
    ],
    ids=lambda value: None if isinstance(value, list) else "-".join(value),
)
def test_what_cannot_be_an_account_is_refused_at_its_field(
    operator: Operator, changed: dict[str, str], found: list[tuple[str, str]]
) -> None:
    with pytest.raises(Invalid) as refused:
        add_account(operator, **changed)
    assert codes(refused) == found
    assert not AzureAccount.objects.exists()
    assert not Credential.objects.exists()


def test_a_certificate_must_come_with_its_own_open_rsa_key_and_not_have_ended(operator: Operator) -> None:
    whole = certificate_and_key()
    flawed = {
        "no_private_key": whole.partition("-----BEGIN PRIVATE")[0],
        "encrypted_key": certificate_and_key(password=b"closed"),
        "bad_key": whole.replace("-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n"),
        "key_mismatch": certificate_and_key(other_key=True),
        "not_rsa": certificate_and_key(key=elliptic_key()),
        "expired": certificate_and_key(days=-1),
    }
    for code, pem in flawed.items():
        with pytest.raises(Invalid) as refused:
            add_account(operator, how="client_certificate", secret=pem)
        assert codes(refused) == [("secret", code)]
    row = add_account(operator, how="client_certificate", secret=whole)
    assert azure_access.account_of(row).secret == whole.strip()


def test_a_key_of_a_kind_that_nobody_knows_is_refused_like_another(operator: Operator) -> None:
    certificate, key = certificate_and_key().split("-----BEGIN PRIVATE KEY-----")
    key = f"-----BEGIN PRIVATE KEY-----{key}"
    for pem, code in ((certificate + UNKNOWN_KEY, "bad_key"), (UNKNOWN_CERTIFICATE + key, "key_mismatch")):
        with pytest.raises(Invalid) as refused:
            add_account(operator, how="client_certificate", secret=pem)
        assert codes(refused) == [("secret", code)]


def test_without_a_secret_none_is_kept(operator: Operator) -> None:
    row = add_account(operator, how="managed_identity", tenant=TENANT)
    assert (row.credential, row.tenant, row.client_id) == (None, "", CLIENT)
    row = add_account(operator, name="here", how="default")
    assert (row.credential, row.tenant, row.client_id) == (None, "", "")


def test_a_name_is_given_once(operator: Operator) -> None:
    add_account(operator)
    for how in ("client_secret", "default"):
        with pytest.raises(Invalid) as refused:
            add_account(operator, how=how)
        assert codes(refused) == [("name", "name_taken")]
    assert Credential.objects.count() == 1


def test_a_name_of_another_team_is_refused_without_a_word_of_it(operator: Operator, admin: Operator) -> None:
    row = add_account(admin)
    AzureAccount.objects.filter(pk=row.pk).update(team=Team.objects.create(name="Oslo"))
    for actor, told in ((operator, "This name cannot be used"), (admin, "exists already")):
        with pytest.raises(Invalid) as refused:
            add_account(actor)
        assert codes(refused) == [("name", "name_taken")]
        assert told in str(refused.value.errors[0].message)


def test_another_secret_replaces_the_old_one_and_counts_as_not_tested(operator: Operator) -> None:
    row = add_account(operator)
    azure_account_sign_in.note_test(row)
    row.refresh_from_db()
    assert row.tested_at
    wish = {**PRINCIPAL, "secret": "another~secret"}
    azure_accounts.change(row, AccountWish(**wish), actor=operator)
    row.refresh_from_db()
    assert row.tested_at is None
    assert azure_access.account_of(row).secret == "another~secret"
    azure_accounts.change(row, AccountWish(**{**wish, "secret": ""}), actor=operator)
    assert azure_access.account_of(AzureAccount.objects.get(name="lyon-reader")).secret == "another~secret", (
        "left out, it stays"
    )
    changed = AuditEntry.objects.filter(action="azure_account.changed").first()
    assert changed is not None
    assert "another~secret" not in str(changed.before) + str(changed.after)


@pytest.mark.parametrize("moved", [{"cloud": "china"}, {"tenant": CLIENT}, {"client_id": TENANT}], ids=str)
def test_a_stored_secret_is_not_sent_elsewhere(operator: Operator, moved: dict[str, str]) -> None:
    row = add_account(operator)
    with pytest.raises(Invalid) as refused:
        azure_accounts.change(row, AccountWish(**{**PRINCIPAL, **moved, "secret": ""}), actor=operator)
    assert codes(refused) == [("secret", "missing")]
    assert "again" in str(refused.value.errors[0].message)
    row.refresh_from_db()
    spelled_otherwise = {**PRINCIPAL, "tenant": TENANT.upper(), "secret": ""}
    azure_accounts.change(row, AccountWish(**spelled_otherwise), actor=operator)
    azure_accounts.change(row, AccountWish(**{**PRINCIPAL, **moved, "secret": "of-there"}), actor=operator)
    assert azure_access.account_of(AzureAccount.objects.get(name="lyon-reader")).secret == "of-there"


def test_who_read_the_account_before_it_moved_does_not_take_the_new_secret_back(operator: Operator) -> None:
    row = add_account(operator)
    stale = azure_accounts.get(row.pk, actor=operator)
    moved = {**PRINCIPAL, "tenant": CLIENT, "secret": "of-there"}
    azure_accounts.change(row, AccountWish(**moved), actor=operator)
    with pytest.raises(Invalid):
        azure_accounts.change(stale, AccountWish(**{**PRINCIPAL, "secret": ""}), actor=operator)
    known = azure_access.account_of(AzureAccount.objects.get(name="lyon-reader"))
    assert (known.tenant, known.secret) == (CLIENT, "of-there")
    azure_accounts.delete(AzureAccount.objects.get(), actor=operator)
    with pytest.raises(NotFound):
        azure_accounts.change(stale, AccountWish(**PRINCIPAL), actor=operator)


def test_what_was_signed_in_with_an_account_is_forgotten_with_the_change(
    operator: Operator, django_capture_on_commit_callbacks: Any
) -> None:
    row = add_account(operator)
    known = azure_access.account_of(row)
    signed_in = credential_for(known)
    assert credential_for(known) is signed_in
    with django_capture_on_commit_callbacks(execute=True):
        azure_accounts.change(row, AccountWish(**PRINCIPAL), actor=operator)
    signed_in_anew = credential_for(known)
    assert signed_in_anew is not signed_in
    with django_capture_on_commit_callbacks(execute=True):
        azure_accounts.delete(row, actor=operator)
    assert credential_for(known) is not signed_in_anew
    forget_all()


def test_a_secret_that_cannot_be_opened_is_said_so_and_not_tested_for_ever(
    operator: Operator, settings: Any
) -> None:
    row = add_account(operator)
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    azure_account_sign_in.test(row.pk)
    row.refresh_from_db()
    assert row.tested_at
    assert "CREDENTIAL_KEYS" in str(row.failure)


def test_another_way_to_sign_in_needs_another_secret_or_forgets_it(operator: Operator) -> None:
    row = add_account(operator)
    wish = {**PRINCIPAL, "how": "client_certificate", "secret": ""}
    with pytest.raises(Invalid) as refused:
        azure_accounts.change(row, AccountWish(**wish), actor=operator)
    assert codes(refused) == [("secret", "missing")]
    row.refresh_from_db()
    azure_accounts.change(row, AccountWish(**{**PRINCIPAL, "how": "default"}), actor=operator)
    assert not Credential.objects.exists()
    with pytest.raises(Invalid) as refused:
        azure_accounts.change(row, AccountWish(**{**PRINCIPAL, "name": "paris"}), actor=operator)
    assert codes(refused) == [("name", "fixed")]


def test_an_account_goes_with_its_secret_but_not_while_a_vault_step_names_it(operator: Operator) -> None:
    row = add_account(operator)
    deployment = make_deployment(operator, "lyon-cs01")
    deployments.keep_draft(
        deployment, "vault", {**ANSWERS["vault"], "account": "lyon-reader"}, actor=operator
    )
    assert azure_accounts.names_of_users(row, actor=operator) == ["lyon-cs01"]
    with pytest.raises(Conflict) as refused:
        azure_accounts.delete(row, actor=operator)
    assert refused.value.code == "in_use"
    assert "lyon-cs01" in str(refused.value.text)
    deployments.keep_draft(deployment, "vault", ANSWERS["vault"], actor=operator)
    azure_accounts.delete(row, actor=operator)
    assert not AzureAccount.objects.exists()
    assert not Credential.objects.exists()


def test_who_only_looks_changes_nothing(operator: Operator, viewer: Operator) -> None:
    row = add_account(operator)
    assert azure_accounts.get(row.pk, actor=viewer) == row
    for act in (
        lambda: add_account(viewer, name="mine"),
        lambda: azure_accounts.change(row, AccountWish(**PRINCIPAL), actor=viewer),
        lambda: azure_accounts.delete(row, actor=viewer),
        lambda: azure_account_sign_in.ask_for_test(row, actor=viewer),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_test_signs_in_and_notes_how_that_went(operator: Operator, azure: LabAzure) -> None:
    row = add_account(operator)
    azure_account_sign_in.test(row.pk)
    row.refresh_from_db()
    assert row.tested_at
    assert not row.failure
    azure.control.fault("forbidden", path="/subscriptions", count=99)
    azure_account_sign_in.test(row.pk)
    row.refresh_from_db()
    assert row.failure
    assert "role" in str(row.remedy)
    azure_account_sign_in.ask_for_test(row, actor=operator)
    assert (row.tested_at, str(row.failure)) == (None, "")


def test_a_test_of_an_account_that_was_changed_meanwhile_says_nothing_of_it(
    operator: Operator, azure: LabAzure
) -> None:
    row = add_account(operator)
    seen = AzureAccount.objects.get(pk=row.pk)
    azure_accounts.change(row, AccountWish(**{**PRINCIPAL, "cloud": "china"}), actor=operator)
    azure_account_sign_in.note_test(seen)
    row.refresh_from_db()
    assert row.tested_at is None


def test_a_role_is_taken_away_for_a_subscription(operator: Operator) -> None:
    name, text = azure_roles.definition("vcenters", subscription=TENANT)
    assert name == "foothold-role-vcenters.json"
    assert f'"/subscriptions/{TENANT}"' in text
    assert "replicationvCenters/write" in text
    assert "replicationvCenters/write" not in azure_roles.definition("read")[1]
    assert (
        '"/subscriptions/00000000-0000-0000-0000-000000000000"'
        in azure_roles.definition("read", subscription='"')[1]
    )
    with pytest.raises(NotFound):
        azure_roles.definition("owner")
