from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.topology import vault_documents as docs
from tests.topology.vault_documents import GIB, NOW
from wizard.text import Text
from wizard.topology.digest import chain
from wizard.topology.drawing import svg
from wizard.topology.observed import Observed, graph_of, observe
from wizard.topology.observed.parts import Datastore, RetentionVolume, RunAsAccount, Update

CS_KEY = f"cs:{docs.FABRIC}"
BUILT_IN_KEY = f"host:{docs.BUILT_IN.upper()}"
SCALE_OUT_KEY = f"host:{docs.SCALE_OUT.upper()}"
TARGET_KEY = f"host:{docs.LINUX_TARGET.upper()}"
VCENTER_KEY = f"{docs.FABRIC_ID}/replicationvCenters/lyon-vcenter".lower()


def seen(**more: object) -> Observed:
    return observe(docs.classic(**more), now=NOW)


def test_every_component_of_a_classic_vault_is_there_under_its_key() -> None:
    assert {component.key: component.kind for component in seen().components} == {
        docs.VAULT_ID.lower(): "vault",
        CS_KEY: "cs",
        BUILT_IN_KEY: "ps_builtin",
        f"{BUILT_IN_KEY}#mt": "mt_builtin",
        SCALE_OUT_KEY: "ps_scaleout",
        f"{SCALE_OUT_KEY}#mt": "mt_builtin",
        TARGET_KEY: "mt_linux",
        VCENTER_KEY: "vcenter",
        f"items:{docs.FABRIC}:to_azure": "mobility",
    }


def test_the_vault_tells_where_it_is_and_what_it_restricts() -> None:
    observed = seen()
    assert observed.vault.name == "lyon-recovery"
    assert observed.vault.region == "francecentral"
    assert observed.vault.sku == "RS0"
    assert observed.vault.experience == "classic"
    assert observed.vault.private_endpoints is True
    assert observed.vault.provisioning_state == "Succeeded"
    component = observed.component(docs.VAULT_ID.lower())
    assert component.extra == {"publicNetworkAccess": "Enabled"}
    assert component.facts["fabrics"] == 1
    assert component.reported == "ok"


def test_a_vault_that_was_not_read_is_known_by_its_fabrics() -> None:
    observed = seen(vault={}, vault_health=None)
    assert observed.vault.key == docs.VAULT_ID.lower()
    assert observed.vault.name == "lyon-recovery"
    assert observed.component(observed.vault.key).reported == "unknown"


def test_problems_in_the_health_of_a_vault_are_its_errors() -> None:
    issue = {
        "summaryCode": "9",
        "category": "VersionExpiry",
        "severity": "Warning",
        "summaryMessage": "Old agents",
    }
    report = {
        "properties": {
            "vaultErrors": [docs.health_error(errorLevel="NONE")],
            "protectedItemsHealth": {
                "resourceCount": 7,
                "issues": [issue],
                "categorizedResourceCounts": {"a": 1},
            },
        }
    }
    component = seen(vault_health=report).component(docs.VAULT_ID.lower())
    assert [(error.code, error.category) for error in component.errors] == [
        ("95126", "FabricInfrastructure"),
        ("9", "VersionExpiry"),
    ]
    assert component.reported == "warning"
    assert component.facts["items"] == 7
    assert component.extra["protectedItemsHealth"] == {"categorizedResourceCounts": {"a": 1}}


def test_every_field_of_a_configuration_server_is_read() -> None:
    cs = seen().component(CS_KEY)
    assert (cs.name, cs.fqdn, cs.address) == (
        "LYON-CS01.corp.example",
        "LYON-CS01.corp.example",
        "10.20.0.11",
    )
    assert (cs.version, cs.version_status, cs.fabric) == ("9.57.6920.1", "Supported", docs.FABRIC)
    assert cs.id == docs.FABRIC_ID
    assert cs.heartbeat == datetime(2026, 11, 22, 11, 58, 0, 123456, tzinfo=UTC)
    assert (cs.health, cs.reported) == ("ok", "ok")
    assert cs.certificate_ends == datetime(2027, 3, 1, tzinfo=UTC)
    assert (cs.machines, cs.pairs) == (12, 31)
    assert cs.services == {"csServiceStatus": "Running"}
    assert cs.accounts == (RunAsAccount(id="1", name="vcenter"),)
    assert [error.code for error in cs.blocking_errors] == ["s1"]
    assert cs.facts == {
        "fabric_label": "LYON-CS01",
        "fabric_state": "Valid",
        "kek_state": "None",
        "agent_expires": "2027-05-01T00:00:00+00:00",
        "template_version": "5.1.0.0",
        "certificate_days_reported": 3,
        "process_servers": 2,
        "protected_servers": 11,
        "provider": docs.INTERNAL,
        "providers": 1,
        "provider_connection": "Connected",
        "provider_heartbeat": "2026-11-22T11:57:00.123456+00:00",
        "provider_version": "5.1",
        "provider_version_state": "Latest",
        "provider_expires": "2027-06-01T00:00:00+00:00",
        "server_version": "9.57",
        "provider_items": 12,
        "can_refresh": True,
    }
    assert cs.extra == {}


def test_loads_come_in_units_with_the_words_of_the_service_beside_them() -> None:
    metrics = seen().component(CS_KEY).metrics
    assert metrics.cpu_percent == 21.0
    assert (metrics.memory_total_bytes, metrics.memory_available_bytes) == (16 * GIB, 12 * GIB)
    assert metrics.memory_used_percent == 25.0
    assert (metrics.space_total_bytes, metrics.space_available_bytes) == (600 * GIB, 450 * GIB)
    assert metrics.space_free_percent == 75.0
    assert (metrics.system_load, metrics.web_load, metrics.database_load) == (0.25, 0.5, 0.0)
    assert set(metrics.words) == {
        "systemLoadStatus", "cpuLoadStatus", "memoryUsageStatus", "spaceUsageStatus", "webLoadStatus",
        "databaseServerLoadStatus",
    }  # fmt: skip


def test_every_field_of_a_process_server_is_read() -> None:
    server = seen().component(SCALE_OUT_KEY)
    assert (server.id, server.name, server.address) == (docs.SCALE_OUT, "LYON-PS01", "10.20.0.21")
    assert (server.os_type, server.os_version) == ("Windows", "")
    assert (server.version, server.version_status) == ("9.57.6920.1", "Supported")
    assert server.certificate_ends == datetime(2028, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (server.machines, server.pairs) == (12, 31)
    assert server.services == {"psServiceStatus": "Running"}
    assert server.updates == (Update(version="9.57.6920.1", os_type="Windows", reboot_status="NotRequired"),)
    assert server.metrics.upload_pending_bytes == 60 * 1024**2
    assert server.metrics.throughput_bytes_per_s == 1024**2
    assert server.metrics.words["throughputStatus"] == "Green"
    assert server.facts == {
        "host_id": docs.SCALE_OUT,
        "statistics_at": "2026-11-22T11:55:00.123456+00:00",
        "mars_communication": "1",
        "mars_registration": "1",
        "certificate_days_reported": 400,
    }
    assert server.extra == {"historicHealth": "Normal"}


def test_every_field_of_a_health_error_is_read() -> None:
    error = seen().component(SCALE_OUT_KEY).errors[0]
    assert (error.code, error.summary, error.message, error.causes) == (
        "95126",
        "summary",
        "message",
        "causes",
    )
    assert (error.recommendation, error.level, error.category) == (
        "Do this.",
        "Warning",
        "FabricInfrastructure",
    )
    assert (error.source, error.type, error.entity_id, error.error_id) == ("source", "type", "entity", "1")
    assert (error.resolvability, error.provider_message) == ("Allowed", "provider's")
    assert error.created_at == datetime(2026, 11, 1, tzinfo=UTC)
    assert [inner.code for inner in error.inner] == ["7"]
    assert error.extra == {}


def test_every_field_of_a_master_target_is_read() -> None:
    target = seen().component(TARGET_KEY)
    assert (target.id, target.name, target.address) == (docs.LINUX_TARGET, "LYON-MTL01", "10.20.0.31")
    assert (target.os_type, target.os_version, target.version) == ("Linux", "10.0", "9.57.6920.1")
    assert target.retention_volumes == (
        RetentionVolume(name="R:", capacity_bytes=500 * GIB, free_bytes=480 * GIB),
    )
    assert target.datastores == (
        Datastore(name="ds1", uuid="u-1", type="VMFS", capacity_bytes=1099243192320, free_bytes=512 * GIB),
    )
    assert target.facts == {
        "disk_count": 3,
        "mars_version": "2.0.9263.0",
        "mars_expires": "2027-01-01T00:00:00+00:00",
        "mars_status": "Supported",
    }
    assert target.extra == {}


def test_every_field_of_a_vcenter_is_read() -> None:
    vcenter = seen().component(VCENTER_KEY)
    assert (vcenter.name, vcenter.address) == ("lyon-vcenter", "vcenter.corp.example")
    assert vcenter.facts == {
        "port": 443,
        "discovery_status": "Completed",
        "infrastructure_id": "3",
        "internal_id": "3",
        "process_server_id": docs.BUILT_IN.upper(),
        "run_as_account_id": "1",
        "fabric_resource": docs.FABRIC,
        "resource_name": "lyon-vcenter",
    }
    assert (vcenter.health, vcenter.reported) == ("ok", "ok")


def test_a_vcenter_that_was_not_asked_for_two_rounds_is_worth_a_look() -> None:
    late = docs.vcenter(lastHeartbeat=docs.stamp(timedelta(minutes=31)))
    pending = docs.vcenter("other", discoveryStatus="Pending", ipAddress="10.0.0.9", lastHeartbeat=None)
    failed = docs.vcenter(
        "failed", ipAddress="10.0.0.8", healthErrors=[docs.health_error(errorLevel="Error")]
    )
    observed = seen(vcenters={docs.FABRIC: [late, pending, failed]})
    states = {vcenter.name: vcenter.health for vcenter in observed.of_kind("vcenter")}
    assert states == {"lyon-vcenter": "warning", "other": "unknown", "failed": "critical"}


def test_unknown_fields_are_kept_wherever_they_stand() -> None:
    details = docs.classic_details(newField={"a": [1]})
    details["agentVersionDetails"] |= {"channel": "x"}
    details["processServers"][0] |= {"machineCount": "a dozen"}
    details["runAsAccounts"][0] |= {"accountType": "vCenter"}
    observed = seen(
        fabrics=[docs.fabric(details, rolloverEncryptionDetails={"kekState": "None"})],
        providers={docs.FABRIC: [docs.provider(fabricType="VMware"), {"name": "second"}]},
    )
    cs = observed.component(CS_KEY)
    assert cs.extra == {
        "newField": {"a": [1]},
        "agentVersionDetails": {"channel": "x"},
        "rolloverEncryptionDetails": {"kekState": "None"},
        "provider": {"fabricType": "VMware"},
        "otherProviders": [{"name": "second"}],
    }
    assert cs.accounts[0].extra == {"accountType": "vCenter"}
    assert observed.component(BUILT_IN_KEY).extra == {"historicHealth": "Normal", "machineCount": "a dozen"}
    assert observed.component(BUILT_IN_KEY).machines is None


def test_a_recording_without_the_newer_fields_gives_a_server_of_unknown_health() -> None:
    old = {"id": docs.SCALE_OUT, "friendlyName": "LYON-PS01", "ipAddress": "10.20.0.21"}
    observed = seen(fabrics=[docs.fabric(docs.classic_details(processServers=[old]))])
    server = observed.component(SCALE_OUT_KEY)
    assert server.health == "unknown"
    assert server.metrics.cpu_percent is None
    assert server.services == {}


def test_a_silent_server_is_critical_though_it_said_that_it_was_well() -> None:
    details = docs.classic_details(lastHeartbeat=docs.stamp(timedelta(minutes=16)))
    cs = seen(fabrics=[docs.fabric(details)]).component(CS_KEY)
    assert (cs.health, cs.reported) == ("critical", "ok")


def test_the_list_and_the_get_of_one_fabric_are_one() -> None:
    listed = docs.fabric(docs.classic_details(processServers=[], masterTargetServers=[], runAsAccounts=[]))
    observed = seen(fabrics=[listed, docs.fabric(docs.classic_details())])
    assert observed.components == seen().components


def test_a_fabric_of_another_sort_is_kept_with_all_that_it_says() -> None:
    hyperv = docs.fabric({"instanceType": "HyperVSite", "hosts": [1]}, friendlyName="hyper-v")
    observed = seen(
        fabrics=[hyperv], providers={docs.FABRIC: [{"name": "p"}]}, vcenters={}, protected_items=[]
    )
    component = observed.component(f"fabric:{docs.FABRIC}")
    assert component.kind == "unknown"
    assert component.extra["hosts"] == [1]
    assert component.extra["providers"] == [{"name": "p"}]
    assert "HyperVSite" in str(component.reasons[0])
    assert observed.vault.experience == "unknown"


def test_a_vcenter_of_a_fabric_that_was_not_read_is_kept() -> None:
    observed = seen(fabrics=[])
    assert observed.component(VCENTER_KEY).name == "lyon-vcenter"
    assert observed.vault.experience == "empty"


def test_an_empty_vault_is_not_one_that_could_not_be_read() -> None:
    assert observe({"fabrics": []}, now=NOW).vault.experience == "empty"
    skipped = [{"part": "fabrics/x", "reason": "not_permitted", "text": {"text": "No right"}}]
    observed = observe({"skipped": skipped}, now=NOW)
    assert observed.vault.experience == "unknown"
    assert observed.was_skipped("fabrics")
    assert str(observed.skipped[0].text) == "No right"


def test_a_skipped_part_is_known_by_its_name_and_not_by_that_of_a_fabric() -> None:
    skipped = [{"part": "vcenters/lyon-vmwarefabrics", "reason": "not_permitted"}]
    observed = observe({"skipped": skipped}, now=NOW)
    assert observed.was_skipped("vcenters")
    assert not observed.was_skipped("fabrics")


@pytest.mark.parametrize(
    "text", [Text("%(a)s", a=1), Text.counted("%(n)s second", "%(n)s seconds", "n", n=2)], ids=str
)
def test_an_observation_comes_back_from_its_document_as_it_was(text: Text) -> None:
    observed = seen(skipped=[{"part": "appliances", "reason": "x", "text": text.to_json()}])
    assert observed.skipped[0].text == text
    assert Observed.from_json(json.loads(json.dumps(observed.to_json()))) == observed


def test_a_document_of_another_version_is_refused() -> None:
    stored = seen().to_json() | {"version": 2}
    with pytest.raises(ValueError, match="version 2; expected 1"):
        Observed.from_json(stored)


def test_heartbeats_and_loads_make_no_history_but_everything_else_does() -> None:
    before = seen()
    later = docs.classic_details(lastHeartbeat=docs.stamp(), cpuLoad="35%", somethingNew=1)
    later["processServers"][1]["throughputInBytes"] = 5
    later["masterTargetServers"][0]["retentionVolumes"][0]["freeSpaceInBytes"] = 5
    after = seen(
        fabrics=[docs.fabric(later)],
        providers={docs.FABRIC: [docs.provider(lastHeartBeat=docs.stamp())]},
        read_at=docs.stamp(),
    )
    assert before != after
    assert chain(before.worth_keeping(), None) == chain(after.worth_keeping(), None)
    changed = seen(fabrics=[docs.fabric(docs.classic_details(ipAddress="10.20.0.12"))])
    assert chain(before.worth_keeping(), None) != chain(changed.worth_keeping(), None)


def test_the_graph_has_the_documented_links_and_can_be_drawn() -> None:
    graph = graph_of(seen(protected_items=[docs.to_azure(1), docs.home(2, docs.SCALE_OUT)]))
    drawn = {(link.id, link.source, link.target) for link in graph.links}
    items = f"items:{docs.FABRIC}"
    assert drawn == {
        ("E03", CS_KEY, docs.VAULT_ID.lower()),
        ("E05", CS_KEY, VCENTER_KEY),
        ("E05", BUILT_IN_KEY, VCENTER_KEY),
        ("E06", BUILT_IN_KEY, CS_KEY),
        ("E17", SCALE_OUT_KEY, CS_KEY),
        ("E07", f"{BUILT_IN_KEY}#mt", CS_KEY),
        ("E07", f"{SCALE_OUT_KEY}#mt", CS_KEY),
        ("E07", TARGET_KEY, CS_KEY),
        ("E02", f"{items}:to_azure", BUILT_IN_KEY),
        ("E16", f"{items}:home", SCALE_OUT_KEY),
    }  # fmt: skip
    assert graph.node(f"{BUILT_IN_KEY}#mt").attributes["machine"] == CS_KEY
    assert graph.node(f"{items}:home").zone == "azure"
    assert svg(graph, title="title", description="description").startswith("<svg")
