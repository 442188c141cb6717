from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from tests.topology import vault_documents as docs
from tests.topology.vault_documents import APPLIANCE, ARRAYS, GIB, MODERN, NOW, SITE_ID
from wizard.topology.observed import Observed, graph_of, observe

KEY = f"appliance:{APPLIANCE.upper()}"
VCENTER_KEY = f"{SITE_ID}/vcenters/vc-1".lower()


def seen(**more: Any) -> Observed:
    return observe(docs.modernized(**more), now=NOW)


def listed(identity: str, **more: Any) -> docs.Document:
    members = {
        "processServer": "processServers", "rcmProxy": "rcmProxies", "pushInstaller": "pushInstallers",
        "replicationAgent": "replicationAgents", "reprotectAgent": "reprotectAgents", "marsAgent": "marsAgents",
        "dra": "dras",
    }  # fmt: skip
    entry = {
        "id": identity, "name": "LYON-RA01", "fabricArmId": docs.MODERN_ID, "switchProviderBlockingErrorDetails": [],
        **{member: docs.part(array, identity) for member, array in members.items()},
    }  # fmt: skip
    details = {"instanceType": "InMageRcm", "appliances": [entry | more]}
    return {"properties": {"providerSpecificDetails": details}}


def test_an_appliance_is_all_arrays_together_by_id() -> None:
    observed = seen()
    kinds = {component.key: component.kind for component in observed.components}
    assert kinds == {
        docs.VAULT_ID.lower(): "vault",
        f"fabric:{MODERN}": "unknown",
        KEY: "appliance",
        f"{KEY}#processServers": "appliance_ps",
        f"{KEY}#rcmProxies": "appliance_proxy",
        f"{KEY}#pushInstallers": "unknown",
        f"{KEY}#replicationAgents": "appliance_replication",
        f"{KEY}#reprotectAgents": "appliance_reprotection",
        f"{KEY}#marsAgents": "appliance_agent",
        f"{KEY}#dras": "appliance_provider",
        VCENTER_KEY: "vcenter",
    }
    assert {part.part_of for part in observed.parts_of(KEY)} == {KEY}
    assert len(observed.parts_of(KEY)) == len(ARRAYS)
    assert observed.vault.experience == "modernized"


def test_an_appliance_has_the_name_address_and_health_of_its_parts() -> None:
    late = docs.part("marsAgents", lastHeartbeatUtc=docs.stamp(timedelta(minutes=20)))
    appliance = seen(fabrics=[docs.modern_fabric(APPLIANCE, marsAgents=[late])]).component(KEY)
    assert (appliance.id, appliance.name, appliance.fqdn) == (
        APPLIANCE,
        "LYON-RA01",
        "lyon-ra01.corp.example",
    )
    assert appliance.addresses == ("10.20.0.41", "10.20.1.41")
    assert appliance.address == "10.20.0.41"
    assert appliance.machines == 4
    assert (appliance.health, appliance.reported) == ("critical", "ok")
    assert appliance.facts == {"bios_id": "bios-1"}


def test_every_field_of_the_parts_is_read() -> None:
    observed = seen()
    server = observed.component(f"{KEY}#processServers")
    assert server.metrics.cpu_percent == 21.5
    assert server.metrics.memory_used_percent == 37.5
    assert (server.metrics.space_free_percent, server.metrics.space_available_bytes) == (80.0, 480 * GIB)
    assert server.metrics.throughput_bytes_per_s == 12 * 1024**2
    assert server.metrics.words["processorUsageStatus"] == "Healthy"
    assert server.machines == 4
    assert server.extra == {"historicHealth": "Normal"}
    assert server.facts["machine_id"] == f"{SITE_ID}/machines/m1"
    assert observed.component(f"{KEY}#rcmProxies").facts["authentication"] == "Certificate"
    provider = observed.component(f"{KEY}#dras")
    assert (provider.facts["items_to_azure"], provider.facts["items_home"]) == (4, 1)
    home = observed.component(f"{KEY}#reprotectAgents")
    assert [store.name for store in home.datastores] == ["ds1", "ds2"]
    assert home.facts["vcenter_id"] == f"{SITE_ID}/vcenters/vc-1"
    assert home.facts["last_discovery_at"] == "2026-11-22T12:00:00.123456+00:00"
    for array in ARRAYS:
        part = observed.component(f"{KEY}#{array}")
        assert part.extra.keys() <= {"historicHealth"}, array
        assert part.heartbeat is not None
        assert part.version == "1.35.8433.24227"


def test_every_field_of_the_fabric_is_read() -> None:
    fabric = seen().component(f"fabric:{MODERN}")
    assert fabric.facts == {
        "vmware_site": SITE_ID,
        "physical_site": f"{SITE_ID}p",
        "service_endpoint": "https://service.invalid",
        "control_plane": "https://control.invalid",
        "data_plane": "https://data.invalid",
        "service_resource": "r",
        "service_container": "c",
        "fabric_state": "Valid",
        "instance_type": "InMageRcm",
    }
    assert fabric.extra == {}


def test_the_empty_list_and_the_full_get_of_one_fabric_are_one() -> None:
    assert seen(fabrics=[docs.modern_fabric(), docs.modern_fabric(APPLIANCE)]).components == seen().components


def test_a_fabric_that_was_only_listed_still_shows_the_appliances_of_the_other_list() -> None:
    observed = seen(fabrics=[docs.modern_fabric()], appliances=[listed(APPLIANCE)])
    assert {part.kind for part in observed.parts_of(KEY)} >= {"appliance_ps", "appliance_proxy"}
    assert "no_appliance" not in {finding.code for finding in observed.findings}
    nothing = seen(fabrics=[docs.modern_fabric()])
    assert "no_appliance" in {finding.code for finding in nothing.findings}


def test_what_both_lists_say_of_an_appliance_is_there_once() -> None:
    observed = seen(appliances=[listed(APPLIANCE.upper())])
    assert observed.of_kind("appliance") == seen().of_kind("appliance")
    assert len(observed.parts_of(KEY)) == len(ARRAYS)


def test_an_appliance_of_a_fabric_that_is_not_there_is_kept() -> None:
    observed = seen(fabrics=[], appliances=[listed(APPLIANCE)])
    (stray,) = observed.of_kind("appliance")
    assert (stray.id, stray.certainty, stray.fabric) == (APPLIANCE, "probable", MODERN)
    assert set(stray.extra) >= {"processServer", "dra"}


def test_two_appliances_stay_two() -> None:
    observed = seen(fabrics=[docs.modern_fabric("a-1", "b-1")])
    assert [appliance.key for appliance in observed.of_kind("appliance")] == [
        "appliance:A-1",
        "appliance:B-1",
    ]
    assert len(observed.of_kind("appliance_ps")) == 2
    assert len(observed.of_kind("vcenter")) == 1


def test_an_array_that_nobody_knows_gives_parts_of_an_unknown_kind() -> None:
    odd = [{"id": APPLIANCE, "name": "x", "health": "Purple"}]
    part = seen(fabrics=[docs.modern_fabric(APPLIANCE, brokers=odd)]).component(f"{KEY}#brokers")
    assert (part.kind, part.part_of, part.health) == ("unknown", KEY, "unknown")
    assert "brokers" in str(part.reasons[0])


def test_agents_of_machines_stand_for_themselves() -> None:
    agents = [
        {"agentId": "g-1", "machineId": "m", "biosId": "b", "fqdn": "web01", "disks": [{"diskId": "d"}]}
    ]
    observed = seen(fabrics=[docs.modern_fabric(APPLIANCE, agentDetails=agents)])
    agent = observed.component("agent:G-1")
    assert (agent.kind, agent.fqdn, agent.facts["machine_id"]) == ("mobility", "web01", "m")
    assert agent.extra == {"disks": [{"diskId": "d"}]}
    assert len(observed.of_kind("appliance")) == 1


def test_a_provider_tells_the_connection_of_the_machine_that_it_runs_on() -> None:
    own = docs.provider(machineName="lyon-ra01", connectionStatus="Disconnected")
    foreign = docs.provider(machineName="other")
    observed = seen(providers={MODERN: [own, foreign]})
    assert observed.component(f"{KEY}#dras").facts["provider_connection"] == "Disconnected"
    assert len(observed.component(f"fabric:{MODERN}").extra["providers"]) == 1
    (link,) = [link for link in observed.links if link.kind == "registered_in"]
    assert (link.source, link.state) == (KEY, "broken")
    assert "Disconnected" in str(link.text)


def test_machines_replicate_through_the_appliance_and_live_on_its_vcenter() -> None:
    there = docs.item(
        1, {"instanceType": "InMageRcm", "processServerId": APPLIANCE}, fabric_id=docs.MODERN_ID
    )
    back = docs.item(
        2,
        {
            "instanceType": "InMageRcmFailback",
            "reprotectAgentId": APPLIANCE,
            "targetvCenterId": f"{SITE_ID}/vcenters/vc-1",
        },
        fabric_id=docs.MODERN_ID,
    )
    observed = seen(protected_items=[there, back])
    links = {(link.kind, link.source, link.target, link.count) for link in observed.links}
    assert ("replicates_through", f"items:{MODERN}:to_azure", KEY, 1) in links
    assert ("replicates_through", f"items:{MODERN}:home", KEY, 1) in links
    assert ("lives_on", f"items:{MODERN}:home", VCENTER_KEY, 1) in links
    assert ("discovers", KEY, VCENTER_KEY, 1) in links
    rows = {(link.id, link.source, link.target) for link in graph_of(observed).links}
    assert rows == {
        ("M03", f"{KEY}#marsAgents", docs.VAULT_ID.lower()),
        ("M04", f"{KEY}#reprotectAgents", VCENTER_KEY),
        ("M02", f"items:{MODERN}:to_azure", f"{KEY}#processServers"),
        ("M07", f"items:{MODERN}:home", f"{KEY}#reprotectAgents"),
    }


def test_a_modernized_observation_comes_back_from_its_document() -> None:
    observed = seen(appliances=[listed(APPLIANCE)])
    assert Observed.from_json(json.loads(json.dumps(observed.to_json()))) == observed
