"""Secrets of an installation are given, sealed and taken back; nobody sees them again, and a key ends after five days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from tests.services.installing import KEY_NAME
from tests.services.machines import by_hand
from tests.services.test_secrets import where_it_stands
from tests.vault_files import canary, file_of, usual_file
from tests.walk import ANSWERS as LAB_ANSWERS
from wizard.lab.vault_credentials_file import ACCEPTED
from wizard.models import AuditEntry, Deployment, InstallationSecret, Operator, Task
from wizard.services import deployments, installation_secrets
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotFound

pytestmark = pytest.mark.django_db

VAULT = {"vault": LAB_ANSWERS["vault"]}


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return by_hand(operator, "lyon", **VAULT)


def give_key(
    deployment: Deployment, actor: Operator, content: bytes | None = None, name: str = KEY_NAME
) -> None:
    installation_secrets.give_vault_credentials(
        deployment, name=name, content=usual_file() if content is None else content, actor=actor
    )


def codes(refused: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(error.path, error.code) for error in refused.value.errors]


def test_the_key_is_kept_sealed_and_says_what_it_is(deployment: Deployment, operator: Operator) -> None:
    content = file_of(valid=timedelta(hours=120)).make()
    give_key(deployment, operator, content, "C:\\Users\\oskar\\Downloads\\whatever (2).xml")
    key = installation_secrets.vault_key_of(deployment)
    assert key is not None
    assert key.content == content
    made = key.ends_at - timedelta(days=5)
    assert key.name == f"lyon-vault_{made:%Y-%m-%dT%H-%M-%S}.VaultCredentials", (
        "as scripts on the machine expect it"
    )
    assert canary(content) not in repr(key)
    assert where_it_stands(canary(content)) == []
    assert where_it_stands("AAAAAAAAAAAAAAAAAAAAAA==") == [], "the channel integrity key"
    (state,) = (row for row in installation_secrets.states(deployment) if row.kind == "vault_credentials")
    assert state.label == "whatever (2).xml"
    assert state.about is not None
    assert (state.about.vault, state.about.resource_group) == ("lyon-vault", "rg-lyon-dr")
    assert (state.about.region, state.about.subject) == ("francecentral", "CN=Foothold lab vault")
    assert (state.about.hours_left, state.about.age_hours, state.about.ends_soon) == (119, 0, False)
    assert state.about.ends_at == state.ends_at == key.ends_at
    audited = AuditEntry.objects.get(action="installation.secret_given")
    assert (audited.after or {})["label"] == "whatever (2).xml"


def test_a_key_that_ends_soon_is_taken_and_says_so(deployment: Deployment, operator: Operator) -> None:
    give_key(deployment, operator, ACCEPTED["ends_soon"](file_of(), datetime.now(UTC)))
    (state,) = (row for row in installation_secrets.states(deployment) if row.kind == "vault_credentials")
    assert state.about is not None
    assert (state.about.hours_left, state.about.ends_soon) == (0, True)


def test_with_its_certificate_the_key_is_gone(deployment: Deployment, operator: Operator) -> None:
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
    ("changed", "codes_found"),
    [
        ({"vault": "oslo-vault"}, ["other_vault"]),
        ({"resource_group": "rg-oslo", "vault": "oslo-vault"}, ["other_vault", "other_vault"]),
        ({"subscription": "00000000-0000-0000-0000-00000000beef"}, ["other_vault"]),
        ({"region": "norwayeast"}, ["other_region"]),
        ({"private_endpoints": "Enabled"}, ["other_endpoints"]),
        (
            {
                "authority": "https://login.microsoftonline.us",
                "endpoint": "https://management.usgovcloudapi.net/",
            },
            ["other_cloud"],
        ),
        ({"root": "RSBackupVaultAADCreds"}, ["wrong_kind_backup"]),
        ({"root": "ASRVaultCreds"}, ["wrong_kind_old"]),
        ({"begins": timedelta(days=1)}, ["not_yet_valid"]),
        ({"begins": timedelta(days=-6)}, ["expired"]),
        ({"begins": timedelta(days=-5, minutes=-5)}, ["expired"]),
        ({"bits": 1024}, ["weak_key"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
def test_what_is_no_key_of_this_vault_is_refused(
    deployment: Deployment, operator: Operator, changed: dict[str, Any], codes_found: list[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        give_key(deployment, operator, file_of(**changed).make())
    assert codes(refused) == [("file", code) for code in codes_found]
    assert not InstallationSecret.objects.exists()


@pytest.mark.parametrize("content", [b"", b"MZ\x90 no key", b"<" + bytes(64 * 1024)], ids=len)
def test_what_is_no_file_of_the_kind_is_refused(
    deployment: Deployment, operator: Operator, content: bytes
) -> None:
    with pytest.raises(Invalid) as refused:
        give_key(deployment, operator, content)
    assert codes(refused) == [("file", "too_big" if len(content) > 64 * 1024 - 1 else "not_xml")]


def test_a_key_that_is_spelled_otherwise_is_taken(deployment: Deployment, operator: Operator) -> None:
    capitals = file_of(region="France Central", vault="LYON-VAULT", resource_group="RG-LYON-DR")
    for content in (
        capitals.make(),
        *(ACCEPTED[variant](file_of(), datetime.now(UTC)) for variant in ("line_breaks", "older")),
    ):
        give_key(deployment, operator, content)
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
    assert after["vault_credentials"].label == KEY_NAME
    assert after["vault_credentials"].given_by == "oskar"
    assert canary(usual_file()) not in repr(after)


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
