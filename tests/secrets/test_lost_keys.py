"""A key that is missing is said at start and by the work that needs it; everything else goes on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from tests.builders import make_deployment
from tests.management.commands import BASE, Commands
from wizard.config import env, keys
from wizard.config import settings as settings_of_foothold
from wizard.models import Credential, InstallationSecret, Operator
from wizard.services import credentials, hand_over_key, installation_secrets, key_rotation, start_checks
from wizard.services.accounts import FIRST_OPERATOR
from wizard.services.errors import Conflict

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
MISSING = "1 stored secret cannot be read with the keys in CREDENTIAL_KEYS"


@pytest.fixture
def manage(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, first: Operator) -> Commands:
    monkeypatch.setenv("COLUMNS", "200")
    return Commands(capsys, monkeypatch)


@pytest.fixture
def first(admin: Operator) -> Operator:
    Operator.objects.filter(pk=admin.pk).update(username=FIRST_OPERATOR)
    admin.refresh_from_db()
    return admin


@pytest.fixture
def account(first: Operator, settings: Any) -> Credential:
    settings.CREDENTIAL_KEYS = [OLD]
    return credentials.keep(name="lyon", kind="vcenter", username="asr", secret="secret", actor=first)


def test_the_command_says_which_key_is_needed_for_what(
    manage: Commands, account: Credential, settings: Any
) -> None:
    done = manage("rotate_keys", "--check")
    assert done.code == 0
    assert "The first key is enough" in done.out
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    done = manage("rotate_keys", "--check")
    assert done.code == 3
    assert "1 secret needs an older key" in done.out
    settings.CREDENTIAL_KEYS = [NEW]
    done = manage("rotate_keys", "--check")
    assert done.code == 4
    assert "1 cannot be read with any of the keys" in done.out
    assert "Enter the password of this account again." in done.out
    assert manage("rotate_keys").code == 4


def test_the_command_rotates(manage: Commands, account: Credential, settings: Any) -> None:
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    done = manage("rotate_keys")
    assert (done.code, done.out.strip()) == (
        0,
        "Secrets sealed with the newest key: 1; sealed with it already: 0.",
    )
    settings.CREDENTIAL_KEYS = [NEW]
    account.refresh_from_db()
    assert account.reveal() == "secret"
    assert manage("rotate_keys", "--check").code == 0


def test_nobody_rotates_keys_in_the_name_of_an_operator(manage: Commands, operator: Operator) -> None:
    done = manage("rotate_keys", "--user", operator.username)
    assert done.code == 1
    assert "Only administrators may do this" in done.text


def test_a_new_key_stands_alone_on_standard_output(manage: Commands) -> None:
    done = manage("rotate_keys", "--new")
    Fernet(done.out.strip())
    assert "1. Put this key before those in CREDENTIAL_KEYS" in done.err
    assert done.out.strip() not in done.err


def test_what_is_lost_is_given_up_by_command(manage: Commands, first: Operator, settings: Any) -> None:
    settings.CREDENTIAL_KEYS = [OLD]
    hand_over_key.signing_key()
    settings.CREDENTIAL_KEYS = [NEW]
    assert manage("rotate_keys", "--check").code == 4
    assert "1 secret that could not be read was deleted" in manage("rotate_keys", "--forget-lost").out
    assert manage("rotate_keys", "--check").code == 0


def test_checks_prepare_and_welcome_say_it(manage: Commands, account: Credential, settings: Any) -> None:
    assert start_checks.stored_secrets_can_be_read(databases=["default"]) == []
    settings.CREDENTIAL_KEYS = [NEW]
    (warning,) = start_checks.stored_secrets_can_be_read(databases=["default"])
    assert warning.id == "foothold.W002"
    assert MISSING in warning.msg
    assert MISSING in manage("welcome").err
    assert MISSING in manage("check", "--database", "default").err


def test_before_there_are_tables_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """At the very first start the check asks a database without tables."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--database", "default", "--fail-level", "WARNING"],
        cwd=BASE,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "wizard.config.settings",
            "FOOTHOLD_VAR": str(tmp_path),
            "DATABASE_URL": "",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_keys_that_others_can_read_are_said(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR = tmp_path / "keys"
    assert start_checks.keys_are_for_their_owner_alone() == []
    settings.KEYS_DIR.mkdir(mode=0o700)
    (settings.KEYS_DIR / "credential_key").write_text("key")
    (settings.KEYS_DIR / "credential_key").chmod(0o644)
    (warning,) = start_checks.keys_are_for_their_owner_alone()
    assert "credential_key can be read or changed by others than its owner (mode 0644)" in warning.msg
    assert warning.hint == f"Run: chmod 600 {settings.KEYS_DIR / 'credential_key'}"


@pytest.mark.parametrize(
    ("mode", "contained", "said"),
    [
        (0o600, False, ""),
        (0o640, False, ""),
        (0o644, False, "can be read by others (mode 0644)"),
        (0o660, False, "can be changed by others (mode 0660)"),
        (0o602, False, "can be changed by others (mode 0602)"),
        (0o444, True, ""),
        (0o464, True, "can be changed by others (mode 0464)"),
    ],
)
def test_files_of_secrets_that_everybody_can_read_or_somebody_else_can_change_are_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int, contained: bool, said: str
) -> None:
    file, named = tmp_path / "ring", tmp_path / "named"
    file.write_text("key")
    file.chmod(mode)
    # As Kubernetes does it: what is named leads to the file.
    named.symlink_to(file)
    for name in env.SECRETS:
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setenv("CREDENTIAL_KEYS_FILE", str(named))
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "not there"))
    if contained:
        monkeypatch.setattr(keys, "_OF_CONTAINERS", tmp_path)
    found = start_checks.files_of_secrets_are_not_for_everybody()
    assert [(warning.id, warning.msg) for warning in found] == (
        [("foothold.W003", f"{named}, which CREDENTIAL_KEYS_FILE names, {said}.")] if said else []
    )


def test_every_secret_that_is_read_is_one_whose_file_is_looked_at() -> None:
    read = re.findall(r'env\.secret\("(\w+)"\)', Path(settings_of_foothold.__file__).read_text("utf-8"))
    assert sorted(read) == sorted(env.SECRETS)


def test_work_that_needs_a_lost_secret_is_refused_by_name_and_leaves_the_account_untried(
    account: Credential, settings: Any
) -> None:
    settings.CREDENTIAL_KEYS = [NEW]
    with (
        pytest.raises(Conflict, match="What is stored as “lyon” cannot be read") as refused,
        credentials.one_attempt(account),
    ):
        raise AssertionError("nothing was to be sent")
    assert refused.value.code == "secret_unreadable"
    account.refresh_from_db()
    assert account.standing == "untried"


def test_files_of_an_installation_name_the_secret_that_is_lost(first: Operator, settings: Any) -> None:
    settings.CREDENTIAL_KEYS = [OLD]
    deployment = make_deployment(first)
    for kind in ("mysql", "passphrase", "proxy"):
        row = InstallationSecret(deployment=deployment, kind=kind)
        row.hold(b"{}")
        row.save()
    settings.CREDENTIAL_KEYS = [NEW]
    for ask, name in (
        (installation_secrets.mysql_credentials, "MySQL passwords"),
        (installation_secrets.passphrase_of, "Passphrase of the configuration server"),
        (installation_secrets.proxy_account_of, "Account for the proxy"),
    ):
        with pytest.raises(Conflict, match=f"What is stored as “{name}” cannot be read"):
            ask(deployment)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"username": "canary", "password": 1}', b"\xff"]
)
@pytest.mark.parametrize(
    ("kind", "name", "remedy"),
    [
        ("proxy", "Account for the proxy", "Enter it again: the new one takes its place."),
        ("mysql", "MySQL passwords", "Restore it from a backup"),
    ],
)
def test_a_damaged_secret_is_named_with_what_to_do_and_never_quoted(
    first: Operator, kind: str, name: str, remedy: str, content: bytes
) -> None:
    deployment = make_deployment(first)
    row = InstallationSecret(deployment=deployment, kind=kind)
    row.hold(content)
    row.save()
    ask = {
        "proxy": installation_secrets.proxy_account_of,
        "mysql": installation_secrets.mysql_credentials,
    }[kind]
    with pytest.raises(Conflict) as refused:
        ask(deployment)
    assert refused.value.code == "secret_unreadable"
    assert str(refused.value.text) == (
        f"What is stored as “{name}” cannot be read: a key opens it, but its content is damaged."
    )
    assert str(refused.value.remedy).startswith(remedy)


def test_a_damaged_passphrase_is_named(first: Operator) -> None:
    deployment = make_deployment(first)
    row = InstallationSecret(deployment=deployment, kind="passphrase")
    row.hold(b"\xff")
    row.save()
    with pytest.raises(Conflict, match="What is stored as “Passphrase of the configuration server”"):
        installation_secrets.passphrase_of(deployment)


def test_no_pack_is_signed_with_a_lost_key(first: Operator, settings: Any) -> None:
    settings.CREDENTIAL_KEYS = [OLD]
    row = hand_over_key.signing_key()
    settings.CREDENTIAL_KEYS = [NEW]
    with pytest.raises(Conflict, match="the key that signs hand-over packs"):
        hand_over_key.private_key(row)


def test_a_worker_that_starts_logs_it(
    account: Credential, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CREDENTIAL_KEYS = [NEW]
    key_rotation.log_what_is_lost()
    assert "keys.lost" in caplog.text
    assert MISSING in caplog.text


def test_a_database_that_is_away_keeps_no_process_from_starting(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_command("check")
    monkeypatch.setattr(Credential._meta, "db_table", "nowhere")
    assert key_rotation.what_is_lost() is None
