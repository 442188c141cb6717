from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.topology import sites
from tests.topology import vault_documents as docs
from tests.topology.vault_documents import FABRIC, NOW
from wizard.topology.appliance_plan import build_appliance
from wizard.topology.drift import Difference, differences
from wizard.topology.graph import Graph, Node
from wizard.topology.observed import Observed, observe
from wizard.topology.plan import build_classic
from wizard.topology.site import (
    Appliance,
    ApplianceSite,
    ClassicSite,
    MasterTarget,
    ProcessServer,
    Vault,
    VCenterServer,
)

SITE: ClassicSite = replace(
    sites.minimal(),
    process_servers=(ProcessServer(name="LYON-PS01", address="10.20.0.21", version="9.57.6920.1"),),
    master_targets=(MasterTarget(name="LYON-MTL01", address="10.20.0.31", family="linux"),),
    s2s=True,
)
RECORDED = build_classic(SITE)


def seen(**details: Any) -> Observed:
    return observe(docs.classic(fabrics=[docs.fabric(docs.classic_details(**details))]), now=NOW)


def found(recorded: Graph, observed: Observed, vsphere: dict[str, Any] | None = None) -> set[tuple[str, str]]:
    return {(one.severity, one.key) for one in differences(recorded, observed, vsphere)}


def with_facts(graph: Graph, key: str, **facts: Any) -> Graph:
    nodes = [
        replace(node, attributes={**node.attributes, **facts}) if node.key == key else node
        for node in graph.nodes
    ]
    return Graph(tuple(nodes), graph.links)


def test_a_site_that_is_as_it_was_recorded_has_no_differences() -> None:
    assert found(RECORDED, seen()) == set()


def test_what_a_vault_never_lists_is_no_difference() -> None:
    planned = replace(SITE, master_targets=(*SITE.master_targets, MasterTarget(
        name="LATER", address=None, family="windows", planned=True)))  # fmt: skip
    graph = build_classic(planned)
    assert {"esxi", "cache_sa", "s2s", "mobility"} <= {node.kind for node in graph.nodes}
    assert found(graph, seen()) == set()


def test_another_address_of_the_configuration_server_is_critical() -> None:
    moved = docs.classic_details(ipAddress="10.20.0.12")
    moved["processServers"][0]["ipAddress"] = "10.20.0.12"
    observed = observe(docs.classic(fabrics=[docs.fabric(moved)]), now=NOW)
    (one,) = differences(RECORDED, observed)
    assert (one.severity, one.kind, one.field, one.subject) == (
        "critical",
        "changed",
        "address",
        "cs:LYON-CS01",
    )
    assert (one.planned, one.seen, one.seen_in) == ("10.20.0.11", "10.20.0.12", "vault")
    assert one.observed == f"cs:{FABRIC}"
    assert str(one.text) == "Configuration server LYON-CS01: Address is 10.20.0.12; recorded is 10.20.0.11."
    assert "agents" in str(one.remedy)


def test_another_address_of_a_process_server_or_vcenter_is_a_warning() -> None:
    details = docs.classic_details()
    details["processServers"][1]["ipAddress"] = "10.20.0.29"
    documents = docs.classic(
        fabrics=[docs.fabric(details)],
        vcenters={FABRIC: [docs.vcenter(ipAddress="vc2.corp.example", port="8443")]},
    )
    assert found(RECORDED, observe(documents, now=NOW)) == {
        ("warning", "vault|changed|address|ps_scaleout:LYON-PS01"),
        ("warning", "vault|changed|address|vcenter:lyon-vcenter"),
        ("warning", "vault|changed|port|vcenter:lyon-vcenter"),
    }


def test_an_address_and_a_name_say_nothing_about_each_other() -> None:
    documents = docs.classic(vcenters={FABRIC: [docs.vcenter(ipAddress="10.20.0.9")]})
    assert found(RECORDED, observe(documents, now=NOW)) == set()


def test_names_are_compared_without_case_and_domain() -> None:
    assert found(RECORDED, seen(hostName="lyon-cs01")) == set()
    assert found(RECORDED, seen(hostName="LYON-CS01.OTHER.EXAMPLE")) == set()


def test_the_same_address_under_another_name_is_the_same_machine_renamed() -> None:
    details = docs.classic_details()
    details["processServers"][1]["friendlyName"] = "NEW-PS"
    details["masterTargetServers"][1]["name"] = "NEW-PS"
    observed = observe(docs.classic(fabrics=[docs.fabric(details)]), now=NOW)
    assert found(RECORDED, observed) == {("warning", "vault|changed|name|ps_scaleout:LYON-PS01")}


def test_another_friendly_name_of_a_vcenter_is_a_warning() -> None:
    documents = docs.classic(vcenters={FABRIC: [docs.vcenter("Lyon vCenter")]})
    (one,) = differences(RECORDED, observe(documents, now=NOW))
    assert (one.severity, one.field, one.planned, one.seen) == (
        "warning",
        "name",
        "lyon-vcenter",
        "Lyon vCenter",
    )


def test_an_upgrade_is_news_and_an_older_version_a_warning() -> None:
    details = docs.classic_details(agentVersion="9.58.0.1")
    details["processServers"][1]["agentVersion"] = "9.56.0.1"
    observed = observe(docs.classic(fabrics=[docs.fabric(details)]), now=NOW)
    assert found(RECORDED, observed) == {
        ("info", "vault|changed|version|cs:LYON-CS01"),
        ("warning", "vault|changed|version|ps_scaleout:LYON-PS01"),
    }
    assert found(RECORDED, seen(agentVersion="")) == set()


@pytest.mark.parametrize(
    ("recorded", "severity"), [("2026-03-01", "info"), ("2028-03-01T00:00:00Z", "warning")]
)
def test_another_certificate_is_a_renewal_or_a_warning(recorded: str, severity: str) -> None:
    graph = with_facts(RECORDED, "cs:LYON-CS01", certificate_ends=recorded)
    assert found(graph, seen()) == {(severity, "vault|changed|certificate|cs:LYON-CS01")}
    same = with_facts(RECORDED, "cs:LYON-CS01", certificate_ends="2027-03-01T00:00:00+00:00")
    assert found(same, seen()) == set()


def test_a_missing_configuration_server_is_critical_and_its_parts_are_not_told_one_by_one() -> None:
    observed = observe(docs.classic(fabrics=[], vcenters={}, protected_items=[]), now=NOW)
    assert found(RECORDED, observed) == {
        ("critical", "vault|missing|component|cs:LYON-CS01"),
        ("warning", "vault|missing|component|ps_scaleout:LYON-PS01"),
        ("warning", "vault|missing|component|mt_linux:LYON-MTL01"),
        ("warning", "vault|missing|component|vcenter:lyon-vcenter"),
    }
    first = differences(RECORDED, observed)[0]
    assert first.severity == "critical"
    assert "lyon-recovery" in str(first.text)


def test_a_vault_that_shows_nothing_of_itself_is_critical() -> None:
    assert ("critical", "vault|missing|component|vault:lyon-recovery") in found(
        RECORDED, observe({}, now=NOW)
    )


def test_another_vault_than_the_recorded_one_is_critical() -> None:
    other = docs.classic()["vault"] | {"name": "paris-recovery"}
    observed = observe(docs.classic(vault=other), now=NOW)
    assert found(RECORDED, observed) == {("critical", "vault|changed|name|vault:lyon-recovery")}


def test_a_configuration_server_without_connection_is_as_bad_as_none() -> None:
    observed = observe(docs.classic(providers={FABRIC: []}), now=NOW)
    assert found(RECORDED, observed) == {("critical", "vault|missing|registration|cs:LYON-CS01")}


def test_a_process_server_that_is_gone_is_told_without_the_role_that_it_carried() -> None:
    details = docs.classic_details()
    details["processServers"].pop(1)
    details["masterTargetServers"].pop(1)
    observed = observe(docs.classic(fabrics=[docs.fabric(details)], protected_items=[]), now=NOW)
    assert found(RECORDED, observed) == {("warning", "vault|missing|component|ps_scaleout:LYON-PS01")}


def test_what_could_not_be_read_is_not_missing() -> None:
    skipped = [{"part": f"vcenters/{FABRIC}", "reason": "not_permitted"}]
    observed = observe(docs.classic(vcenters={}, skipped=skipped), now=NOW)
    assert found(RECORDED, observed) == set()
    without = observe(docs.classic(vcenters={}), now=NOW)
    assert found(RECORDED, without) == {("warning", "vault|missing|component|vcenter:lyon-vcenter")}
    unread = observe({"vault": docs.classic()["vault"], "skipped": [{"part": "fabrics/x"}]}, now=NOW)
    assert {key for _severity, key in found(RECORDED, unread)} == {
        "vault|missing|component|vcenter:lyon-vcenter"
    }


def test_what_nobody_recorded_is_added_by_what_it_is() -> None:
    details = docs.classic_details(processServerCount="3")
    details["processServers"].append(docs.process_server("new-1", "NEW-PS", "10.20.0.77"))
    details["masterTargetServers"] += [
        docs.master_target("NEW-1", "NEW-PS", "10.20.0.77"),
        docs.master_target("new-2", "NEW-MT", "10.20.0.78", osType="Linux"),
    ]
    second = docs.fabric(
        docs.classic_details(hostName="X", ipAddress="1.2.3.4", processServers=[], masterTargetServers=[])
    )
    documents = docs.classic(
        fabrics=[docs.fabric(details), second | {"id": "other", "name": "second"}],
        vcenters={FABRIC: [docs.vcenter(), docs.vcenter("vc-2", ipAddress="vc2.corp.example")]},
    )
    added = {
        (one.severity, one.subject)
        for one in differences(RECORDED, observe(documents, now=NOW))
        if one.kind == "added"
    }
    assert added == {
        ("warning", "cs:second"),
        ("warning", f"{docs.FABRIC_ID}/replicationvCenters/vc-2".lower()),
        ("info", "host:NEW-1"),
        ("info", "host:NEW-2"),
    }


def test_another_role_is_worth_a_look_and_no_more() -> None:
    details = docs.classic_details()
    details["processServers"][1]["ipAddress"] = "10.80.0.4"
    documents = docs.classic(fabrics=[docs.fabric(details)], protected_items=[])
    observed = observe(documents, now=NOW, azure_networks=["10.80.0.0/16"])
    told = differences(RECORDED, observed)
    (role,) = [one for one in told if one.field == "kind"]
    assert (role.severity, role.subject, role.planned, role.seen) == (
        "info",
        "ps_scaleout:LYON-PS01",
        "ps_scaleout",
        "ps_failback",
    )
    assert "Failback process server" in str(role.text)
    assert not [one for one in told if one.kind in ("added", "missing")]


def test_an_existing_configuration_server_known_by_its_address_alone_is_found() -> None:
    node = Node(key="cs:10.20.0.11", kind="cs", name="10.20.0.11", address="10.20.0.11", zone="site")
    told = found(Graph((node,)), seen())
    assert not {key for _severity, key in told if key.endswith("cs:10.20.0.11")}


def modern_site(**more: Any) -> Graph:
    appliance = Appliance(
        name="LYON-RA01", address="10.20.0.41", fqdn="lyon-ra01.corp.example", friendly_name="lyon-appliance"
    )
    return build_appliance(
        ApplianceSite(
            appliances=(replace(appliance, **more),),
            vault=Vault(name="lyon-recovery", region="francecentral"),
            vcenters=(VCenterServer(name="lyon-vcenter", host="vcenter.corp.example"),),
        )
    )


def test_an_appliance_is_matched_with_all_its_parts() -> None:
    observed = observe(docs.modernized(), now=NOW)
    assert found(modern_site(), observed) == set()
    assert found(modern_site(address="10.20.1.41"), observed) == set()
    assert found(modern_site(address="10.20.9.9"), observed) == {
        ("warning", "vault|changed|address|appliance:LYON-RA01")
    }


def test_parts_follow_an_appliance_that_the_vault_knows_by_its_friendly_name() -> None:
    arrays = {array: [docs.part(array, name="lyon-appliance") | {"fqdn": None}] for array in docs.ARRAYS}
    observed = observe(docs.modernized(fabrics=[docs.modern_fabric(**arrays)]), now=NOW)
    assert found(modern_site(), observed) == set()


def test_a_missing_appliance_is_critical_and_a_missing_part_a_warning() -> None:
    gone = observe(docs.modernized(fabrics=[docs.modern_fabric()]), now=NOW)
    assert found(modern_site(), gone) == {("critical", "vault|missing|component|appliance:LYON-RA01")}
    less = observe(docs.modernized(fabrics=[docs.modern_fabric(docs.APPLIANCE, dras=[])]), now=NOW)
    assert found(modern_site(), less) == {("warning", "vault|missing|component|appliance_provider:LYON-RA01")}


def test_a_second_appliance_is_how_a_site_grows() -> None:
    arrays = {
        array: [docs.part(array), docs.part(array, "second", "LYON-RA02", **(
            {"ipAddresses": ["10.20.0.42"]} if array == "processServers" else {}))] for array in docs.ARRAYS
    }  # fmt: skip
    observed = observe(docs.modernized(fabrics=[docs.modern_fabric(**arrays)]), now=NOW)
    assert found(modern_site(), observed) == {("info", "vault|added|component|appliance:SECOND")}


VCENTER = {
    "name": "lyon-vcenter", "host": "vcenter.corp.example", "port": 443, "version": "8.0.3",
    "instance_uuid": "7d1c503a-2f0b-4d0e-8a55-0c4f7a1e9d02", "thumbprint_sha256": "AA:BB",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, set()),
        ({"thumbprint_sha256": "aabb"}, set()),
        ({"thumbprint_sha256": "AA:BC"}, {("warning", "vcenter|changed|thumbprint|vcenter:lyon-vcenter")}),
        ({"instance_uuid": "other"}, {("critical", "vcenter|changed|identity|vcenter:lyon-vcenter")}),
        ({"version": "8.0.4"}, {("info", "vcenter|changed|version|vcenter:lyon-vcenter")}),
        ({"host": "vc2.corp.example"}, {("warning", "vcenter|changed|address|vcenter:lyon-vcenter")}),
        ({"port": 8443}, {("warning", "vcenter|changed|port|vcenter:lyon-vcenter")}),
        ({"name": "Lyon"}, {("warning", "vcenter|changed|name|vcenter:lyon-vcenter")}),
        ({"thumbprint_sha256": None, "version": [], "port": None}, set()),
    ],
)
def test_what_vcenter_itself_shows_is_compared_too(
    change: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    graph = with_facts(RECORDED, "vcenter:lyon-vcenter", thumbprint_sha256="AA:BB")
    assert found(graph, seen(), {"vcenters": [VCENTER | change]}) == expected


def test_a_vcenter_with_another_name_and_address_is_known_by_its_identity() -> None:
    moved = VCENTER | {"name": "Lyon", "host": "vc2.corp.example"}
    assert found(RECORDED, seen(), {"vcenters": [moved]}) == {
        ("warning", "vcenter|changed|address|vcenter:lyon-vcenter"),
        ("warning", "vcenter|changed|name|vcenter:lyon-vcenter"),
    }


def test_hosts_and_machines_are_compared_where_somebody_looked() -> None:
    hosts = [{"name": f"esx{number}.corp.example", "version": "8.0.3"} for number in (1, 2)]
    assert found(RECORDED, seen(), {"hosts": hosts}) == {
        ("info", "vcenter|missing|component|esxi:esx3.corp.example")
    }
    assert found(RECORDED, seen(), {"machines": []}) == {
        ("critical", "vcenter|missing|component|cs:LYON-CS01")
    }
    machine = {
        "name": "LYON-CS01",
        "instance_uuid": sites.CS.instance_uuid,
        "addresses": ["10.20.0.11", "fe80::1"],
    }
    assert found(RECORDED, seen(), {"machines": [machine]}) == set()
    moved = machine | {"addresses": ["10.20.0.99"]}
    assert found(RECORDED, seen(), {"machines": [moved]}) == {
        ("critical", "vcenter|changed|address|cs:LYON-CS01")
    }
    assert found(RECORDED, seen(), {"machines": [machine | {"addresses": []}]}) == set()


def test_differences_come_by_severity_and_back_from_their_documents() -> None:
    observed = seen(
        ipAddress="10.20.0.12", agentVersion="9.58.0.1", lastHeartbeat=docs.stamp(timedelta(hours=1))
    )
    told = differences(RECORDED, observed, {"hosts": []})
    ranks = [("critical", "warning", "info").index(one.severity) for one in told]
    assert ranks == sorted(ranks)
    assert len({one.key for one in told}) == len(told) > 3
    assert tuple(Difference.from_json(json.loads(json.dumps(one.to_json()))) for one in told) == told
