"""The lab's Azure through the SDK: subscriptions, vaults, and the servers that register in them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from cryptography.hazmat.primitives.serialization import Encoding

from tests.lab.arm_client import ESSEN, GROUP, MODERNIZED, PLACE, VAULT, Client
from tests.lab.arm_story import Story
from tests.lab.certificates import client_certificate
from wizard.lab.arm import LabAzure
from wizard.lab.arm.answers import Refused


def names(rows: object) -> list[str]:
    return [row.name for row in rows]  # type: ignore[attr-defined]


def test_the_vaults_of_the_examples_are_there_and_empty(azure: LabAzure, client: Client) -> None:
    [subscription] = client.subscriptions.subscriptions.list()
    assert subscription.subscription_id == azure.subscription
    vaults = list(client.vaults.vaults.list_by_subscription_id())
    assert {(vault.name, vault.location) for vault in vaults} == {
        ("lyon-vault", "francecentral"),
        ("lyon-appliance-vault", "francecentral"),
        ("essen-vault", "germanywestcentral"),
    }
    assert names(client.vaults.vaults.list_by_resource_group("RG-Essen-DR")) == ["essen-vault"]
    assert client.vaults.vaults.get(*PLACE).id.startswith("/subscriptions/")
    assert list(client.site_recovery.replication_fabrics.list(*PLACE)) == []


def test_what_is_not_there_is_named_by_its_part(client: Client) -> None:
    for place, code in (
        ((GROUP, "lyon-vault-2"), "ResourceNotFound"),
        (("rg-nowhere", VAULT), "ResourceGroupNotFound"),
    ):
        with pytest.raises(ResourceNotFoundError) as caught:
            client.vaults.vaults.get(*place)
        assert caught.value.error.code == code
    client.site_recovery._config.subscription_id = "00000000-0000-0000-0000-00000000dead"
    try:
        with pytest.raises(ResourceNotFoundError) as caught:
            list(client.site_recovery.replication_fabrics.list(*PLACE))
    finally:
        client.site_recovery._config.subscription_id = client.vaults._config.subscription_id
    assert caught.value.error.code == "SubscriptionNotFound"


def test_a_vault_can_be_added_with_private_endpoints(azure: LabAzure, client: Client) -> None:
    azure.control.add_vault("oslo-vault", "norwayeast", resource_group="rg-oslo", private_endpoints=True)
    vault = client.vaults.vaults.get("rg-oslo", "oslo-vault")
    assert vault.properties.private_endpoint_state_for_site_recovery == "Enabled"


def test_a_configuration_server_is_registered_after_a_while(azure: LabAzure, client: Client) -> None:
    azure.control.register_configuration_server(VAULT, "CS01", "192.0.2.10", after_s=600)
    fabrics = client.site_recovery.replication_fabrics
    assert list(fabrics.list(*PLACE)) == []
    assert [job["state"] for job in azure.control.jobs(VAULT)] == ["NotStarted"]
    azure.control.advance(300)
    assert [job["state"] for job in azure.control.jobs(VAULT)] == ["InProgress"]
    azure.control.advance(301)
    [fabric] = fabrics.list(*PLACE)
    assert (fabric.properties.health, fabric.properties.friendly_name) == ("Normal", "CS01")
    details = fabric.properties.custom_details
    assert (details.host_name, details.ip_address, details.process_server_count) == (
        "CS01",
        "192.0.2.10",
        "1",
    )
    [process_server] = details.process_servers
    [master_target] = details.master_target_servers
    assert process_server.id == process_server.host_id == master_target.id
    assert [account.account_name for account in details.run_as_accounts] == ["vcenter"]


def test_a_server_that_registers_again_is_the_same_one_with_a_new_address(story: Story) -> None:
    before = story.details()
    again = story.control.register_configuration_server(
        VAULT, "cs01", "192.0.2.99", accounts=("root", "vcenter")
    )
    assert again == story.known
    after = story.details()
    assert (before.ip_address, after.ip_address) == ("192.0.2.10", "192.0.2.99")
    assert [(row.account_id, row.account_name) for row in after.run_as_accounts] == [
        ("1", "root"),
        ("2", "vcenter"),
    ]


def test_a_silent_server_counts_as_lost_after_fifteen_minutes_and_comes_back(story: Story) -> None:
    fabrics, providers = story.sr.replication_fabrics, story.sr.replication_recovery_services_providers

    def look() -> tuple[str, str]:
        [provider] = providers.list_by_replication_fabrics(*PLACE, story.fabric)
        fabric = fabrics.get(*PLACE, story.fabric)
        return fabric.properties.health, provider.properties.connection_status

    story.control.set_server("cs01", heartbeat=False)
    silent = story.details().last_heartbeat
    story.control.advance(14 * 60)
    assert (look(), story.details().last_heartbeat) == (("Normal", "Connected"), silent)
    story.control.advance(2 * 60)
    assert look() == ("Critical", "Disconnected")
    story.control.set_server("CS01", heartbeat=True)
    assert look() == ("Normal", "Connected")
    assert story.details().last_heartbeat > silent


def test_scale_out_servers_stand_among_the_master_targets_too_and_linux_ones_only_there(story: Story) -> None:
    scale_out = story.control.register_process_server(VAULT, "PS02", "192.0.2.12")["server_id"]
    in_azure = story.control.register_process_server(VAULT, "PSAZ", "198.51.100.4", azure=True)["server_id"]
    linux = story.control.register_master_target(VAULT, "mt01", "192.0.2.16")["server_id"]
    details = story.details()
    built_in = story.known["server_id"]
    assert [row.id for row in details.process_servers] == [built_in, scale_out, in_azure]
    assert [row.id for row in details.master_target_servers] == [built_in, scale_out, in_azure, linux]
    assert details.process_server_count == "3"
    by_id = {row.id: row for row in details.process_servers}
    assert by_id[in_azure].total_memory_in_bytes == 16 * 2**30
    assert {row.id: row.os_type for row in details.master_target_servers}[linux] == "Linux"


def test_a_process_server_is_healthy_then_loaded_then_well_then_gone(story: Story) -> None:
    story.control.register_process_server(VAULT, "PS02", "192.0.2.12")

    def look() -> tuple[str, str, list[str]]:
        server = story.details().process_servers[1]
        return server.health, server.cpu_load, [error.error_code for error in server.health_errors]

    assert look() == ("Normal", "21%", [])
    error = {"code": "520", "message": "The processor is busy.", "recommendation": "Add a process server."}
    story.control.set_server("PS02", health="Warning", cpuLoad="86%", cpuLoadStatus="Yellow", errors=[error])
    assert look() == ("Warning", "86%", ["520"])
    story.control.set_server("PS02", health="Critical", cpuLoad="97%", cpuLoadStatus="Red")
    assert look() == ("Critical", "97%", ["520"])
    assert story.sr.replication_fabrics.get(*PLACE, story.fabric).properties.health == "Critical"
    story.control.set_server("PS02", health=None, cpuLoad="20%", cpuLoadStatus="Green", errors=[])
    assert look() == ("Normal", "20%", [])
    story.control.remove_server("PS02")
    assert [server.friendly_name for server in story.details().process_servers] == ["CS01"]


def test_what_is_said_of_a_server_shows_in_the_documents_that_know_it(story: Story) -> None:
    story.control.set_server("CS01", csServiceStatus="Stopped", systemLoad="7", brandNew="yes", diskCount=9)
    details = story.details()
    assert (details.cs_service_status, details.system_load) == ("Stopped", "7")
    [process_server] = details.process_servers
    assert process_server.system_load == "7"
    assert process_server["brandNew"] == "yes"
    assert "csServiceStatus" not in process_server
    assert details.master_target_servers[0].disk_count == 9


def test_a_new_version_name_and_certificate_show(story: Story) -> None:
    story.control.set_server("CS01", version="9.65.1.1", certificate_days=12, new_name="CS99")
    details = story.details()
    assert (details.agent_version, details.host_name, details.ssl_cert_expiry_remaining_days) == (
        "9.65.1.1",
        "CS99",
        12,
    )
    assert details.ssl_cert_expiry_date < datetime.now(UTC) + timedelta(days=13)
    story.sr.replication_fabrics.begin_renew_certificate(
        *PLACE, story.fabric, {"properties": {"renewCertificateType": "Cloud"}}, polling=False
    )
    story.finish()
    assert story.details().ssl_cert_expiry_remaining_days == 1095


def test_a_certificate_ends_on_its_day_whenever_somebody_looks(story: Story) -> None:
    story.control.set_server("CS01", certificate_days=12)
    before = story.details().ssl_cert_expiry_date
    story.control.advance(3 * 24 * 3600)
    details = story.details()
    assert details.ssl_cert_expiry_date == before
    assert details.ssl_cert_expiry_remaining_days == 9


def test_hidden_servers_show_after_fifteen_minutes(story: Story) -> None:
    story.control.fault("visibility_lag")
    story.control.register_process_server(VAULT, "PS02", "192.0.2.12")
    story.control.advance(14 * 60)
    assert len(story.details().process_servers) == 1
    story.control.advance(61)
    assert len(story.details().process_servers) == 2


def test_hidden_servers_show_once_the_provider_is_refreshed(story: Story) -> None:
    story.control.fault("visibility_lag")
    story.control.register_process_server(VAULT, "PS02", "192.0.2.12")
    [provider] = story.sr.replication_recovery_services_providers.list_by_replication_fabrics(
        *PLACE, story.fabric
    )
    assert (
        provider.name == story.sr.replication_fabrics.get(*PLACE, story.fabric).properties.internal_identifier
    )
    assert "Refresh" in provider.properties.allowed_scenarios
    refresh = story.sr.replication_recovery_services_providers.begin_refresh_provider
    job = story.begin(refresh, *PLACE, story.fabric, provider.name)
    assert len(story.details().process_servers) == 1
    story.finish()
    assert story.job(job).state == "Succeeded"
    assert len(story.details().process_servers) == 2


def test_an_appliance_is_whole_only_in_the_fabric_by_its_name(azure: LabAzure, client: Client) -> None:
    sr = client.site_recovery
    known = azure.control.register_appliance(MODERNIZED[1], "appliance.lab.test", "192.0.2.13")
    [listed] = sr.replication_fabrics.list(*MODERNIZED)
    assert listed.name == "lyon-appliance-vault-vmwarefabric"
    found = sr.replication_fabrics.get(*MODERNIZED, listed.name).properties.custom_details
    lists = ("process_servers", "rcm_proxies", "push_installers", "replication_agents")
    for name in (*lists, "reprotect_agents", "mars_agents", "dras"):
        assert getattr(listed.properties.custom_details, name) == [], name
        [component] = getattr(found, name)
        assert (component.id, component.name) == (known["server_id"], "appliance"), name
    assert found.process_servers[0].fqdn == "appliance.lab.test"
    assert found.process_servers[0].ip_addresses == ["192.0.2.13"]
    assert found.reprotect_agents[0].vcenter_id.startswith("/subscriptions/")
    [row] = sr.replication_appliances.list(*MODERNIZED)
    [appliance] = row.properties.provider_specific_details.appliances
    assert appliance.process_server.id == known["server_id"]


def test_the_list_of_classic_fabrics_can_be_empty_too(story: Story) -> None:
    story.control.fault("list_empty_get_full")
    [listed] = story.sr.replication_fabrics.list(*PLACE)
    assert listed.properties.custom_details.process_servers == []
    assert len(story.details().process_servers) == 1


def test_a_server_is_removed_in_order_only_without_protected_machines(story: Story) -> None:
    story.control.add_protected_items(VAULT, None, 1, "CS01")
    with pytest.raises(HttpResponseError) as caught:
        story.sr.replication_fabrics.begin_delete(*PLACE, story.fabric)
    assert caught.value.error.code == "FabricHasProtectedItems"
    story.begin(story.sr.replication_fabrics.begin_purge, *PLACE, story.fabric)
    assert story.details().host_name == "CS01"
    story.finish()
    with pytest.raises(ResourceNotFoundError):
        story.details()


def test_vault_health_names_the_servers_that_need_attention(story: Story) -> None:
    health = story.sr.replication_vault_health
    assert health.get(*PLACE).properties.fabrics_health.issues == []
    story.control.set_server("CS01", health="Critical")
    [issue] = health.get(*PLACE).properties.fabrics_health.issues
    assert (issue.category, issue.severity) == ("FabricInfrastructure", "Error")
    assert issue.affected_resource_correlation_ids == [story.known["server_id"]]
    story.control.configure(job_seconds=0)
    refreshed = health.begin_refresh(*PLACE).result()
    assert refreshed.properties.fabrics_health.resource_count == 1


def test_usages_and_what_a_setup_has_nothing_to_do_with_are_answered(story: Story) -> None:
    used = {row.name.value: row.current_value for row in story.client.vaults.usages.list_by_vaults(*PLACE)}
    assert used == {"RegisteredServers": 1, "RecoveryServicesProviderAuthType": 1}
    [row] = story.client.vaults.replication_usages.list(*PLACE)
    assert row.registered_servers_count == 1
    for operations in (story.sr.replication_policies, story.sr.replication_events):
        assert list(operations.list(*PLACE)) == []


def test_a_certificate_is_taken_and_the_vault_says_how_to_sign_in(client: Client) -> None:
    content = client_certificate().public_bytes(Encoding.DER)
    body = {"properties": {"authType": "AAD", "certificate": base64.b64encode(content).decode()}}
    made = client.vaults.vault_certificates.create(*PLACE, "lab-vaultcredentials", body).properties
    assert made.resource_id > 2**53
    assert made.aad_audience == f"https://RecoveryServiceVault/francecentral/lyon-vault/{made.resource_id}"
    assert made.valid_to > datetime.now(UTC)
    with pytest.raises(HttpResponseError, match="InvalidCertificate"):
        client.vaults.vault_certificates.create(
            *PLACE, "broken", {"properties": {"authType": "AAD", "certificate": "AAAA"}}
        )


def test_extended_information_is_not_there_until_it_is_put(client: Client) -> None:
    info = client.vaults.vault_extended_info
    with pytest.raises(ResourceNotFoundError) as caught:
        info.get(*PLACE)
    assert caught.value.error.code == "ResourceExtendedInfoNotFound"
    info.create_or_update(*PLACE, {"properties": {"integrityKey": "AAAA", "algorithm": "None"}})
    found = info.get(*PLACE).properties
    assert (found.integrity_key, found.algorithm) == ("AAAA", "None")
    with pytest.raises(ResourceNotFoundError):
        info.get(*ESSEN)


def test_control_refuses_what_it_does_not_know(azure: LabAzure) -> None:
    with pytest.raises(Refused, match="vault 'nowhere'"):
        azure.control.register_configuration_server("nowhere", "CS01", "192.0.2.10")
    with pytest.raises(Refused, match="server 'CS77'"):
        azure.control.set_server("CS77", heartbeat=False)
    with pytest.raises(Refused, match="0 fabrics"):
        azure.control.register_process_server(VAULT, "PS02", "192.0.2.12")
    with pytest.raises(ValueError, match="forward only"):
        azure.control.advance(-1)
    with pytest.raises(ValueError, match="no fault “nonsense”"):
        azure.control.fault("nonsense")
