"""A server arrives in its vault, and is told from its namesakes and from its former registration."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import stories
from tests.services.in_the_vault.work import (
    VAULT,
    arriving,
    done,
    failed,
    run,
    with_account,
    words_of,
)
from tests.services.machines import by_hand
from tests.vault_files import usual_file
from wizard.lab.arm import LabAzure
from wizard.models import (
    AuditEntry,
    Deployment,
    InstallationSecret,
    Operator,
    TaskState,
)
from wizard.services import (
    azure_access,
    installation_secrets,
    tasks,
    vault_servers,
)
from wizard.services.errors import NotReady

pytestmark = pytest.mark.django_db


def test_the_server_is_found_by_its_name_and_its_key_is_forgotten(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    InstallationSecret.objects.create(
        deployment=site, kind="vault_credentials", sealed=b"x", label="k", given_by=operator
    )
    azure.control.register_configuration_server(VAULT, "CS01.lab.test", "192.0.2.99", accounts=("vc", "dmz"))
    result = done(site, operator, "register_vault")
    assert (result["name"], result["address"], result["component"]) == ("CS01.lab.test", "192.0.2.99", "cs")
    assert (result["accounts"], result["process_servers"]) == (["vc", "dmz"], ["CS01.lab.test"])
    assert not InstallationSecret.objects.exists()
    assert AuditEntry.objects.filter(action="vault.registered").exists()
    done(site, operator, "register_vault")


def test_it_is_waited_for_and_taken_as_soon_as_it_appears(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "other", "198.51.100.9")
    azure.control.fault("html", path="replicationFabrics", count=1)
    with arriving(azure):
        task = run(site, operator, "register_vault")
    assert task.state == TaskState.SUCCEEDED, task.error
    said = words_of(site)
    assert "No configuration server of this name or address is in the vault yet." in said
    assert "The configuration server was asked to report to the vault." in said
    assert said.count("in the vault yet") == 1, "one sentence once, however often it looks"


def test_where_it_does_not_come_the_causes_are_named(
    site: Deployment, operator: Operator, azure: LabAzure, settings: Any
) -> None:
    settings.VAULT_WAIT_SECONDS = 0.05
    code, message, remedy = failed(site, operator, "register_vault")
    assert code == "not_in_vault"
    assert "has not appeared in the vault lyon-vault" in message
    assert "clock, proxy, key, rights" in remedy
    said = words_of(site)
    for cause in ("Key: the vault credentials file", "Clock:", "Network:", "Rights:"):
        assert cause in said
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    azure.control.set_server("cs01", heartbeat=3600)
    code, message, _remedy = failed(site, operator, "register_vault")
    assert code == "heartbeat_lost"
    assert "no fresh heartbeat" in message
    assert "Services:" in words_of(site)


def test_an_appliance_is_found_by_its_address(site: Deployment, operator: Operator, azure: LabAzure) -> None:
    """Each of its parts shows under one id in a fabric of its own."""
    azure.control.register_appliance("lyon-appliance-vault", "apl01", "192.0.2.40")
    ref = azure_access.vault_ref(site)
    with azure_access.open_arm(site) as arm:
        found = vault_servers.whole_fabrics(arm, replace(ref, vault="lyon-appliance-vault"))
    for names, address in ((frozenset({"apl01"}), ""), (frozenset({"other"}), "192.0.2.40")):
        seen = vault_servers.find(
            found, vault_servers.Wanted(component="appliance", names=names, address=address)
        )
        assert seen is not None
        assert seen.heartbeat is not None
        assert abs((datetime.now(UTC) - seen.heartbeat).total_seconds()) < 300
    assert vault_servers.find(found, vault_servers.Wanted(component="cs", names=names, address="")) is None


def test_what_a_former_registration_left_behind_is_not_taken_for_the_server(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.50")
    azure.control.set_server("cs01", heartbeat=3600)
    azure.control.register_configuration_server(VAULT, "CS01.lab.test", "192.0.2.51")
    assert done(site, operator, "register_vault")["name"] == "CS01.lab.test"
    azure.control.set_server("cs01", heartbeat=True, address="192.0.2.10")
    assert done(site, operator, "register_vault")["name"] == "cs01", "of two that live its address tells"


def test_a_server_of_another_domain_is_another_server(
    site: Deployment, operator: Operator, azure: LabAzure, settings: Any
) -> None:
    settings.VAULT_WAIT_SECONDS = 0.05
    azure.control.register_configuration_server(VAULT, "cs01.elsewhere.test", "198.51.100.7")
    assert failed(site, operator, "register_vault")[0] == "not_in_vault"
    azure.control.set_server("cs01.elsewhere.test", address="192.0.2.10")
    assert done(site, operator, "register_vault")["name"] == "cs01.elsewhere.test"


def test_without_an_account_nobody_waits(operator: Operator) -> None:
    deployment = stories.answered(operator, "deployed")
    with pytest.raises(NotReady) as refused:
        tasks.launch("register_vault", deployment=deployment, actor=operator)
    assert "an Azure account in the vault step" in str(refused.value.remedy)


def test_rights_that_are_missing_end_the_wait_at_once(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.fault("forbidden", path="replicationFabrics", count=99, action="vaults/read")
    code, _message, remedy = failed(site, operator, "register_vault")
    assert code == "not_permitted"
    assert remedy


def test_the_key_is_kept_while_the_server_is_not_there(
    operator: Operator, azure: LabAzure, settings: Any
) -> None:
    deployment = by_hand(operator, "essen")
    installation_secrets.give_vault_credentials(deployment, name="k", content=usual_file(), actor=operator)
    with_account(deployment, operator)
    Deployment.objects.update(state="deployed")
    deployment.refresh_from_db()
    settings.VAULT_WAIT_SECONDS = 0.05
    failed(deployment, operator, "register_vault")
    assert installation_secrets.vault_key_of(deployment) is not None
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    done(deployment, operator, "register_vault")
    assert installation_secrets.vault_key_of(deployment) is None
