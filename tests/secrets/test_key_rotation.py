"""Stored secrets move to the newest key beside all other work; what no key opens is named, with what that means."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt, encrypt
from cryptography.fernet import Fernet
from django.apps import apps
from django.db import models
from django.utils import timezone

from tests.builders import make_deployment
from wizard.models import (
    AuditEntry,
    CollectorIssue,
    Credential,
    Deployment,
    InstallationSecret,
    Operator,
    SigningKey,
    Webhook,
)
from wizard.models.sealing import SecretLost, position_of_key
from wizard.services import credentials, hand_over_key, key_rotation, second_factors
from wizard.services.errors import NotAllowed
from wizard.services.sealed_columns import SealedColumn, columns

OLD, NEW, GONE = (Fernet.generate_key().decode() for _number in range(3))

# Binary columns that hold nothing secret: files that people gave, packs, and answers that were sent already.
PLAIN = {("Attestation", "file"), ("HandOverPack", "content"), ("IdempotencyRecord", "body")}


@pytest.fixture
def sealed_with_old(settings: Any, admin: Operator) -> Deployment:
    """One of everything that is sealed, with the old key; now there is a newer one before it."""
    settings.CREDENTIAL_KEYS = [OLD]
    deployment = make_deployment(admin, "lyon")
    keep(admin, "vcenter", "first")
    passphrase = InstallationSecret(deployment=deployment, kind="passphrase", given_by=admin)
    passphrase.hold(b"passphrase")
    passphrase.save()
    issue = CollectorIssue(
        nonce="n",
        deployment=deployment,
        component="CS01",
        language="shell",
        issued_by=admin,
        expires_at=timezone.now(),
    )
    issue.hold(b"key of the script")
    issue.save()
    hand_over_key.signing_key()
    webhook = Webhook(name="chat", url="https://192.0.2.1/", created_by=admin)
    webhook.hold("whsec")
    webhook.save()
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    return deployment


def keep(actor: Operator, name: str, secret: str) -> Credential:
    return credentials.keep(name=name, kind="vcenter", username="asr", secret=secret, actor=actor)


def test_every_sealed_column_of_every_table_is_rotated() -> None:
    known = {(column.table.__name__, column.column) for column in columns()}
    found = {
        (model.__name__, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.BinaryField) or field.name.startswith("sealed")
    }
    timestamps = {("AuditSeal", "sealed_at")}
    assert found - PLAIN - timestamps - known == set(), "register these in wizard/services/sealed_columns.py"
    assert (PLAIN | timestamps) <= found, "what is excepted exists"


def test_what_is_registered_can_be_read_and_named(sealed_with_old: Deployment) -> None:
    counted = {kind.kind: kind.by_key for kind in key_rotation.key_standing().kinds}
    assert counted.pop("second_factor", (0, 0)) == (0, 0)
    assert counted == dict.fromkeys(
        ("credential", "installation_secret", "collector_script", "signing_key", "webhook"), (0, 1)
    )


def test_after_a_rotation_the_older_key_is_not_needed_any_more(
    sealed_with_old: Deployment, admin: Operator, settings: Any
) -> None:
    public = hand_over_key.public_key()
    assert key_rotation.key_standing().waiting == 5
    rotation = key_rotation.rotate(actor=admin)
    assert rotation.complete
    assert sum(rotation.resealed.values()) == 5
    assert key_rotation.key_standing().by_key == (5, 0)
    settings.CREDENTIAL_KEYS = [NEW]
    assert Credential.objects.get().reveal() == "first"
    assert InstallationSecret.objects.get().reveal() == b"passphrase"
    assert CollectorIssue.objects.get().key() == b"key of the script"
    assert Webhook.objects.get().reveal() == "whsec"
    row = SigningKey.objects.get()
    assert hand_over_key.private_key(row).public_key().public_bytes_raw() == public
    entry = AuditEntry.objects.filter(action="keys.rotated").get()
    assert "ada sealed 5 stored secrets with the newest key" in str(entry.sentence)
    again = key_rotation.rotate(actor=admin)
    assert (again.resealed, sum(again.untouched.values())) == ({}, 5)


def test_what_no_key_opens_is_not_counted_among_what_was_sealed_already(
    sealed_with_old: Deployment, admin: Operator, settings: Any
) -> None:
    settings.CREDENTIAL_KEYS = [NEW]
    rotation = key_rotation.rotate(actor=admin)
    assert (rotation.resealed, sum(rotation.untouched.values()), rotation.lost_count) == ({}, 0, 5)


def test_a_password_that_is_entered_while_keys_are_rotated_is_not_lost(
    sealed_with_old: Deployment, admin: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is faster, between the reading of the row and its writing."""
    original = SealedColumn.replaced
    raced: list[str] = []

    def slow(self: SealedColumn, value: Any, change: Any) -> Any:
        made = original(self, value, change)
        if self.kind == "credential" and not raced:
            raced.append("entered")
            credential = Credential.objects.get(name="vcenter")
            credential.hold("second")
            # By a process that was started before there was the new key.
            credential.sealed = Fernet(OLD).encrypt(b"second")
            credential.save()
        return made

    monkeypatch.setattr(SealedColumn, "replaced", slow)
    rotation = key_rotation.rotate(actor=admin)
    assert raced
    assert rotation.complete
    row = Credential.objects.get(name="vcenter")
    assert row.reveal() == "second"
    assert position_of_key(bytes(row.sealed)) == 0


def test_a_row_that_never_stands_still_is_counted_and_keeps_what_it_has(
    sealed_with_old: Deployment, admin: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = SealedColumn.replaced

    def restless(self: SealedColumn, value: Any, change: Any) -> Any:
        made = original(self, value, change)
        if self.kind == "webhook":
            Webhook.objects.update(sealed=Fernet(OLD).encrypt(b"whsec"))
        return made

    monkeypatch.setattr(SealedColumn, "replaced", restless)
    rotation = key_rotation.rotate(actor=admin)
    assert rotation.busy == 1
    assert not rotation.complete
    assert Webhook.objects.get().reveal() == "whsec"


def test_what_no_key_opens_is_named_and_stops_nothing(
    sealed_with_old: Deployment, admin: Operator, settings: Any
) -> None:
    lost = keep(admin, "essen", "irrelevant")
    Credential.objects.filter(pk=lost.pk).update(sealed=Fernet(GONE).encrypt(b"irrelevant"))
    rotation = key_rotation.rotate(actor=admin)
    assert sum(rotation.resealed.values()) == 5
    assert rotation.lost_count == 1
    (row,) = rotation.lost
    assert (row.kind, str(row.name)) == ("credential", "essen")
    assert str(row.remedy) == "Enter the password of this account again."
    standing = key_rotation.key_standing()
    assert (standing.by_key, standing.lost_count, standing.total) == ((5, 0), 1, 6)
    assert "1 stored secret cannot be read" in str(standing.summary)
    with pytest.raises(SecretLost):
        Credential.objects.get(name="essen").reveal()
    keep(admin, "essen", "entered again")
    assert key_rotation.key_standing().summary is None


def test_of_very_many_lost_ones_only_some_are_named(
    admin: Operator, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "NAMED_AT_MOST", 2)
    monkeypatch.setattr(key_rotation, "_CHUNK", 2)
    for number in range(5):
        keep(admin, f"account-{number}", "x")
    settings.CREDENTIAL_KEYS = [NEW]
    standing = key_rotation.key_standing()
    assert (standing.lost_count, len(standing.lost)) == (5, 2)


def test_a_lost_key_of_packs_is_made_anew_once_it_is_given_up(
    sealed_with_old: Deployment, admin: Operator, settings: Any
) -> None:
    before = hand_over_key.public_key()
    settings.CREDENTIAL_KEYS = [NEW]
    assert key_rotation.forget_lost(actor=admin) == 2
    assert not InstallationSecret.objects.exists()
    assert Credential.objects.exists(), "an account is asked for by its name, which stays"
    hand_over_key.signing_key()
    assert hand_over_key.public_key() != before
    assert key_rotation.forget_lost(actor=admin) == 0


def test_only_an_administrator_rotates_keys(operator: Operator) -> None:
    with pytest.raises(NotAllowed):
        key_rotation.rotate(actor=operator)
    with pytest.raises(NotAllowed):
        key_rotation.forget_lost(actor=operator)


def test_keys_can_be_rotated_while_a_password_is_being_tried(
    sealed_with_old: Deployment, admin: Operator
) -> None:
    """What the far end said of it is noted all the same."""
    credential = Credential.objects.get(name="vcenter")
    with credentials.one_attempt(credential):
        key_rotation.rotate(actor=admin)
        assert Credential.objects.get(name="vcenter").standing == "trying"
    assert Credential.objects.get(name="vcenter").standing == "accepted"


def test_second_factors_are_rotated_member_by_member(
    admin: Operator, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As allauth keeps them, with a counter beside the secret that must not be lost."""
    settings.CREDENTIAL_KEYS = [OLD]
    app = Authenticator.objects.create(user=admin, type="totp", data={"secret": encrypt("JBSWY3DPEHPK3PXP")})
    codes = Authenticator.objects.create(
        user=admin, type="recovery_codes", data={"seed": encrypt("5eed"), "used_mask": 3}
    )
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    original = SealedColumn.replaced
    raced: list[str] = []

    def slow(self: SealedColumn, value: Any, change: Any) -> Any:
        made = original(self, value, change)
        if "seed" in value and not raced:
            raced.append("a code was used")
            codes.data["used_mask"] = 7
            codes.save()
        return made

    monkeypatch.setattr(SealedColumn, "replaced", slow)
    rotation = key_rotation.rotate(actor=admin)
    assert (rotation.resealed, rotation.busy) == ({"second_factor": 2}, 0)
    settings.CREDENTIAL_KEYS = [NEW]
    app.refresh_from_db()
    codes.refresh_from_db()
    assert decrypt(app.data["secret"]) == "JBSWY3DPEHPK3PXP"
    assert (decrypt(codes.data["seed"]), codes.data["used_mask"]) == ("5eed", 7)
    settings.CREDENTIAL_KEYS = [OLD]
    lost = key_rotation.key_standing().lost
    assert [str(row.name) for row in lost] == [
        "second factor (totp) of ada",
        "second factor (recovery_codes) of ada",
    ]
    # No crash: no code is right, and there is nothing to be shown.
    assert not second_factors.code_is_right(admin, "000000")
    assert second_factors.factors_of(admin).recovery_left == 0
    assert second_factors.recovery_codes(admin) == []
