"""Each constraint A01 to A07, kept and broken. The sound site keeps all of them, so each case changes one thing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.topology import sites
from wizard.topology.appliance_plan import build_appliance
from wizard.topology.graph import Graph, Link, Node
from wizard.topology.rules import Violation, validate
from wizard.topology.site import ApplianceMachineGroup

BARE = replace(sites.modernized(), machine_groups=())


def broken(graph: Graph, rule: str) -> list[Violation]:
    """The violations of one rule; there must be none of another."""
    found = validate(graph)
    assert {violation.rule for violation in found} <= {rule}
    assert all(violation.severity == "block" for violation in found)
    return list(found)


def moved(graph: Graph, row: str, source: str, target: str) -> Graph:
    """The graph with the links of a row from one component led to another target."""
    links: list[Link] = []
    for link in graph.links:
        links.append(replace(link, target=target) if (link.id, link.source) == (row, source) else link)
    return Graph(graph.nodes, tuple(links))


def more(graph: Graph, node: Node) -> Graph:
    return Graph((*graph.nodes, node), graph.links)


OTHER_VAULT = Node(key="vault:other", kind="vault", name="other", zone="azure")


def test_a01_holds_for_two_appliances_of_one_vault() -> None:
    assert broken(build_appliance(sites.two_appliances()), "A01") == []


def test_a01_an_appliance_of_two_vaults_is_refused() -> None:
    graph = moved(
        more(build_appliance(BARE), OTHER_VAULT), "M03", "appliance_agent:LYON-ASR01", OTHER_VAULT.key
    )
    (violation,) = broken(graph, "A01")
    assert set(violation.keys) == {"appliance:LYON-ASR01", "vault:lyon-recovery", "vault:other"}
    assert (
        str(violation.text)
        == "A replication appliance belongs to exactly one vault; LYON-ASR01 belongs to 2."
    )


def test_a01_an_appliance_without_a_vault_is_refused() -> None:
    graph = build_appliance(BARE)
    graph = Graph(graph.nodes, tuple(link for link in graph.links if link.id != "M03"))
    (violation,) = broken(graph, "A01")
    assert violation.keys == ("appliance:LYON-ASR01",)


@pytest.mark.parametrize("kind", ["cs", "ps_scaleout", "mt_linux"])
def test_a02_a_classic_component_beside_an_appliance_is_refused(kind) -> None:
    graph = more(build_appliance(BARE), Node(key="x", kind=kind, name="OLD", zone="site"))
    (violation,) = broken(graph, "A02")
    assert violation.keys == ("x",)
    assert "OLD is classic" in str(violation.text)


def test_a03_the_data_port_443_is_refused() -> None:
    site = replace(sites.modernized(), appliances=(replace(sites.appliance(), data_port=443),))
    (violation,) = broken(build_appliance(site), "A03")
    assert violation.keys == ("appliance_ps:LYON-ASR01",)


def test_a03_a_link_to_port_443_betrays_the_data_port() -> None:
    graph = build_appliance(sites.modernized())
    links = tuple(replace(link, port="443") if link.id == "M02" else link for link in graph.links)
    assert len(broken(Graph(graph.nodes, links), "A03")) == 1


@pytest.mark.parametrize("fact", ["instance_uuid", "bios_uuid"])
def test_a04_a_clone_is_found_once_however_its_uuid_is_written(fact: str) -> None:
    uuid = "423a9e51-6a2d-4c3f-b1de-3f5a77aa0001"
    one = replace(sites.appliance(1), **{fact: uuid})
    other = replace(sites.appliance(2), **{fact: f"{{{uuid.upper()}}}"})
    (violation,) = broken(build_appliance(replace(BARE, appliances=(one, other))), "A04")
    assert violation.keys == ("appliance:LYON-ASR01", "appliance:LYON-ASR02")


def test_a05_physical_machines_cannot_fail_back() -> None:
    group = ApplianceMachineGroup(name="Blades", platform="physical", failback=True)
    (violation,) = broken(build_appliance(replace(BARE, machine_groups=(group,))), "A05")
    assert violation.keys == ("mobility:Blades",)
    assert str(violation.text).startswith("Blades are physical servers;")


@pytest.mark.parametrize(("platform", "failback"), [("physical", False), ("vmware", True)])
def test_a05_holds_without_failback_and_for_virtual_machines(platform, failback: bool) -> None:
    group = ApplianceMachineGroup(name="web", platform=platform, failback=failback)
    assert broken(build_appliance(replace(BARE, machine_groups=(group,))), "A05") == []


def test_a06_a_friendly_name_occurs_once_whatever_its_capitals() -> None:
    other = replace(sites.appliance(2), friendly_name="LYON-1")
    (violation,) = broken(build_appliance(replace(BARE, appliances=(sites.appliance(1), other))), "A06")
    assert violation.keys == ("appliance:LYON-ASR01", "appliance:LYON-ASR02")


def test_a06_names_that_nobody_chose_yet_are_not_the_same() -> None:
    appliances = tuple(replace(sites.appliance(number), friendly_name=None) for number in (1, 2))
    assert broken(build_appliance(replace(BARE, appliances=appliances)), "A06") == []


def two() -> Graph:
    site = replace(
        BARE,
        appliances=(sites.appliance(1), sites.appliance(2)),
        machine_groups=(ApplianceMachineGroup(name="web"),),
    )
    return build_appliance(site)


def test_a07_machines_without_a_process_server_are_refused() -> None:
    graph = two()
    graph = Graph(graph.nodes, tuple(link for link in graph.links if link.id != "M02"))
    (violation,) = broken(graph, "A07")
    assert str(violation.text) == "A protected machine uses exactly one replication appliance; web uses 0."


def test_a07_machines_of_two_process_servers_are_refused() -> None:
    graph = two()
    model = next(link for link in graph.links if link.id == "M02")
    graph = Graph(graph.nodes, (*graph.links, replace(model, target="appliance_ps:LYON-ASR02")))
    (violation,) = broken(graph, "A07")
    assert violation.keys == ("mobility:web", "appliance_ps:LYON-ASR01", "appliance_ps:LYON-ASR02")


def test_a07_control_and_data_go_to_the_same_appliance() -> None:
    graph = moved(two(), "M01", "mobility:web", "appliance_proxy:LYON-ASR02")
    (violation,) = broken(graph, "A07")
    assert violation.keys == ("mobility:web", "appliance_ps:LYON-ASR01", "appliance_proxy:LYON-ASR02")


def test_a07_data_that_goes_elsewhere_than_to_a_process_server_does_not_count() -> None:
    graph = moved(two(), "M02", "mobility:web", "appliance_proxy:LYON-ASR01")
    assert [violation.rule for violation in validate(graph)] == ["A07"]
