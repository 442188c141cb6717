"""Secrets of an installation are given, sealed and taken back; nobody sees them again, and a key ends after five days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from tests.services.installing import KEY, key_name
from tests.services.machines import by_hand
from tests.services.test_secrets import where_it_stands
from tests.walk import ANSWERS as LAB_ANSWERS
from wizard.models import AuditEntry, Deployment, InstallationSecret, Operator, Task
from wizard.services import deployments, installation_secrets
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotFound

pytestmark = pytest.mark.django_db

VAULT = {"vault": LAB_ANSWERS["vault"]}


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return by_hand(operator, "lyon", **VAULT)


def give_key(deployment: Deployment, actor: Operator, name: str = "", content: bytes = KEY) -> None:
    installation_secrets.give_vault_credentials(
        deployment, name=name or key_name(), content=content, actor=actor
    )


def codes(refused: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(error.path, error.code) for error in refused.value.errors]


def test_the_key_is_kept_sealed_under_its_name(deployment: Deployment, operator: Operator) -> None:
    name = key_name()
    give_key(deployment, operator, f"C:\\Users\\oskar\\Downloads\\{name}")
    key = installation_secrets.vault_key_of(deployment)
    assert key is not None
    assert (key.name, key.content) == (name, KEY)
    assert "canary" not in repr(key)
    assert where_it_stands("canary-of-the-registration-key") == []
    assert timedelta(days=4, hours=21) < key.ends_at - timezone.now() < timedelta(days=4, hours=23)
    audited = AuditEntry.objects.get(action="installation.secret_given")
    assert (audited.after or {})["label"] == name


def test_after_five_days_it_is_gone(deployment: Deployment, operator: Operator) -> None:
    give_key(deployment, operator)
    with time_machine.travel(timezone.now() + timedelta(days=5)):
        assert installation_secrets.vault_key_of(deployment) is None
        assert not InstallationSecret.objects.exists()


def test_a_key_of_the_vault_that_was_named_before_is_not_used(
    deployment: Deployment, operator: Operator
) -> None:
    give_key(deployment, operator)
    answers = deployments.answers_of(deployment)["vault"]
    other = {**answers, "vault": "oslo-vault", "confirm_name": "oslo-vault"}
    deployments.answer(deployment, "vault", other, actor=operator)
    assert installation_secrets.vault_key_of(deployment) is None
    given = {row.kind: row.given for row in installation_secrets.states(deployment)}
    assert given["vault_credentials"] is False
    deployments.answer(deployment, "vault", answers, actor=operator)
    assert installation_secrets.vault_key_of(deployment) is not None, "the name was a slip"


def test_what_has_ended_is_removed_everywhere_at_once(deployment: Deployment, operator: Operator) -> None:
    give_key(deployment, operator)
    installation_secrets.mysql_credentials(deployment)
    assert installation_secrets.drop_ended() == 0
    with time_machine.travel(timezone.now() + timedelta(days=5)):
        assert installation_secrets.drop_ended() == 1
    assert [row.kind for row in InstallationSecret.objects.all()] == ["mysql"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("key.VaultCredentials", KEY, "wrong_name"),
        ("lyon-vault_2026-13-45T00-00-00.VaultCredentials", KEY, "wrong_name"),
        (key_name(timedelta(days=-1)), KEY, "wrong_name"),
        (key_name().replace("VaultCredentials", "exe"), KEY, "wrong_name"),
        (key_name(vault="oslo-vault"), KEY, "other_vault"),
        (key_name(timedelta(days=5, minutes=1)), KEY, "expired"),
        (key_name(), b"<" + bytes(64 * 1024), "too_big"),
        (key_name(), b"MZ\x90 no key", "wrong_type"),
        (key_name(), b"", "wrong_type"),
    ],
    # Processes that share the tests out tell them apart by these, and names with a time in them differ between processes.
    ids=[
        *(
            "no-time",
            "no-such-time",
            "from-tomorrow",
            "another-ending",
            "another-vault",
            "too-old",
            "too-big",
        ),
        *("no-xml", "empty"),
    ],
)
def test_what_is_no_key_of_this_vault_is_refused(
    deployment: Deployment, operator: Operator, name: str, content: bytes, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        give_key(deployment, operator, name, content)
    assert codes(refused) == [("file", code)]
    assert not InstallationSecret.objects.exists()


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf<a/>", "<a/>".encode("utf-16")])
def test_a_key_in_another_encoding_and_with_a_number_of_the_browser_is_taken(
    deployment: Deployment, operator: Operator, content: bytes
) -> None:
    name = key_name().replace(".Vault", " (1).Vault")
    give_key(deployment, operator, name, content)
    key = installation_secrets.vault_key_of(deployment)
    assert key is not None
    assert key.content == content


def test_what_this_installation_does_not_need_is_not_kept(deployment: Deployment, operator: Operator) -> None:
    for give in (
        lambda: installation_secrets.give_passphrase(deployment, "canary-phrase", actor=operator),
        lambda: installation_secrets.give_proxy_account(
            deployment, username="setup", password="canary-proxy", actor=operator
        ),
    ):
        with pytest.raises(Invalid) as refused:
            give()
        assert codes(refused) == [("", "not_asked")]
    assert not InstallationSecret.objects.exists()


@pytest.mark.parametrize("passphrase", ["", 'with " in it', "zwei\nZeilen", "größe"])
def test_a_passphrase_that_would_not_arrive_is_refused_and_not_repeated(
    operator: Operator, passphrase: str
) -> None:
    deployment = by_hand(
        operator, source={"component": "ps_scaleout"}, installation={"cs_address": "192.0.2.20"}
    )
    with pytest.raises(Invalid) as refused:
        installation_secrets.give_passphrase(deployment, passphrase, actor=operator)
    assert codes(refused) == [("passphrase", "invalid")]
    assert not passphrase or passphrase not in str(refused.value.errors[0].message)


def test_the_list_says_what_there_is_without_opening_it(deployment: Deployment, operator: Operator) -> None:
    before = {state.kind: state for state in installation_secrets.states(deployment)}
    assert (before["mysql"].given, before["mysql"].generated, before["mysql"].required) == (False, True, True)
    assert not before["vault_credentials"].required, "by hand the person at the machine puts it there"
    give_key(deployment, operator)
    installation_secrets.mysql_credentials(deployment)
    after = {state.kind: state for state in installation_secrets.states(deployment)}
    assert after["mysql"].given
    assert after["mysql"].given_by == ""
    assert after["vault_credentials"].label.startswith("lyon-vault_")
    assert after["vault_credentials"].given_by == "oskar"
    assert "canary" not in repr(after)


def test_given_secrets_are_taken_back_generated_ones_stay(deployment: Deployment, operator: Operator) -> None:
    give_key(deployment, operator)
    made = installation_secrets.mysql_credentials(deployment)
    installation_secrets.take_back(deployment, "vault_credentials", actor=operator)
    assert installation_secrets.vault_key_of(deployment) is None
    for kind in ("vault_credentials", "mysql", "nonsense"):
        with pytest.raises(NotFound):
            installation_secrets.take_back(deployment, kind, actor=operator)
    assert installation_secrets.mysql_credentials(deployment) == made


def test_while_a_task_works_with_them_secrets_stay_as_they_are(
    deployment: Deployment, operator: Operator
) -> None:
    give_key(deployment, operator)
    Task.objects.create(deployment=deployment, kind="prepare_host", changing=True, requested_by=operator)
    with pytest.raises(Conflict) as refused:
        give_key(deployment, operator)
    assert refused.value.code == "task_running"
    with pytest.raises(Conflict):
        installation_secrets.take_back(deployment, "vault_credentials", actor=operator)


def test_who_only_looks_gives_nothing(deployment: Deployment, viewer: Operator) -> None:
    with pytest.raises(NotAllowed):
        give_key(deployment, viewer)
    with pytest.raises(NotAllowed):
        installation_secrets.take_back(deployment, "vault_credentials", actor=viewer)


def test_with_the_deployment_its_secrets_go(deployment: Deployment, operator: Operator) -> None:
    give_key(deployment, operator)
    deployment.delete()
    assert not InstallationSecret.objects.exists()


def test_two_sealings_of_one_secret_do_not_look_alike(deployment: Deployment, operator: Operator) -> None:
    def sealed() -> Any:
        give_key(deployment, operator)
        return bytes(InstallationSecret.objects.get().sealed)

    assert sealed() != sealed()
