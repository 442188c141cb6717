from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology import sites
from wizard.topology.appliance_plan import build_appliance
from wizard.topology.diff import diff
from wizard.topology.edges import EDGES
from wizard.topology.graph import Graph, TopologyError
from wizard.topology.roles import APPLIANCE_PARTS
from wizard.topology.rules import validate
from wizard.topology.site import ApplianceMachineGroup, ApplianceSite, EsxiHost

BARE = ApplianceSite(appliances=(sites.appliance(),), vault=sites.VAULT)


def rows(graph: Graph, row: str) -> set[tuple[str, str, str]]:
    return {(link.source, link.target, link.port) for link in graph.links if link.id == row}


@pytest.mark.parametrize("site", [BARE, sites.modernized(), sites.two_appliances()])
def test_a_sound_site_breaks_no_rule_and_has_documented_links_alone(site: ApplianceSite) -> None:
    graph = build_appliance(site)
    assert validate(graph) == ()
    for link in graph.links:
        edge = EDGES[link.id]
        assert graph.node(link.source).kind in edge.sources
        assert graph.node(link.target).kind in edge.targets
        assert link.port == edge.port or edge.changeable


def test_an_appliance_is_one_machine_that_carries_all_its_parts() -> None:
    graph = build_appliance(BARE)
    assert {node.kind for node in graph.nodes} == {"appliance", *APPLIANCE_PARTS, "vault"}
    parts = graph.nodes_of("appliance", *APPLIANCE_PARTS)
    assert {node.attributes["machine"] for node in parts} == {"LYON-ASR01"}
    assert {node.address for node in parts} == {"10.20.0.41"}
    (appliance,) = graph.nodes_of("appliance")
    assert appliance.attributes["friendly_name"] == "lyon-1"
    assert appliance.attributes["connectivity"] == "fqdn"
    assert {node.kind for node in parts if "data_port" in node.attributes} == {"appliance_ps"}


def test_the_parts_that_speak_to_azure_do_so_and_data_goes_to_the_cache_account_where_it_is_known() -> None:
    vault = "vault:lyon-recovery"
    assert rows(build_appliance(BARE), "M03") == {
        ("appliance_proxy:LYON-ASR01", vault, "443"),
        ("appliance_replication:LYON-ASR01", vault, "443"),
        ("appliance_agent:LYON-ASR01", vault, "443"),
        ("appliance_discovery:LYON-ASR01", vault, "443"),
    }
    cached = rows(build_appliance(sites.two_appliances()), "M03")
    assert {source for source, target, _ in cached if target == "cache_sa:lyoncache01"} == {
        "appliance_replication:LYON-ASR01",
        "appliance_replication:LYON-ASR02",
    }
    assert not [
        source for source, target, _ in cached if source.startswith("appliance_rep") and target == vault
    ]


def test_machines_send_control_to_the_proxy_server_and_data_to_the_process_server_of_their_appliance() -> (
    None
):
    second = replace(sites.appliance(2), data_port=9500)
    site = replace(
        BARE,
        appliances=(sites.appliance(1), second),
        machine_groups=(
            ApplianceMachineGroup(name="a"),
            ApplianceMachineGroup(name="b", appliance="LYON-ASR02"),
        ),
    )
    graph = build_appliance(site)
    assert rows(graph, "M01") == {
        ("mobility:a", "appliance_proxy:LYON-ASR01", "443"),
        ("mobility:b", "appliance_proxy:LYON-ASR02", "443"),
    }
    assert rows(graph, "M02") == {
        ("mobility:a", "appliance_ps:LYON-ASR01", "9443"),
        ("mobility:b", "appliance_ps:LYON-ASR02", "9500"),
    }
    assert {source for source, _, _ in rows(graph, "M05")} == {"mobility:a", "mobility:b"}


def test_failed_over_machines_come_home_through_the_re_protection_server() -> None:
    graph = build_appliance(
        replace(BARE, machine_groups=(ApplianceMachineGroup(name="away", failed_over=True),))
    )
    assert rows(graph, "M07") == {("mobility:away", "appliance_reprotection:LYON-ASR01", "9443")}
    assert rows(graph, "M02") == set()
    assert graph.node("mobility:away").zone == "azure"
    assert not {link.id for link in graph.links} & {"E08", "E09", "E10", "E11"}


def test_every_appliance_discovers_every_vcenter_and_standalone_host_on_its_own_port() -> None:
    found = rows(build_appliance(sites.two_appliances()), "M04")
    discovered = {(target, port) for source, target, port in found if "discovery" in source}
    assert discovered == {
        ("vcenter:lyon-vcenter", "443"),
        ("vcenter:paris-vcenter", "8443"),
        ("esxi:lone", "444"),
    }
    home = {(target, port) for source, target, port in found if "reprotection:LYON-ASR02" in source}
    assert home == discovered | {(f"esxi:{host.name}", "443") for host in sites.big().esxi_hosts}


def test_without_failback_the_re_protection_server_speaks_to_nobody() -> None:
    site = replace(sites.modernized(), machine_groups=(ApplianceMachineGroup(count=3),))
    assert {source for source, _, _ in rows(build_appliance(site), "M04")} == {
        "appliance_discovery:LYON-ASR01"
    }


@pytest.mark.parametrize(
    ("family", "pushed", "expected"),
    [
        ("windows", True, {"E08", "E09", "E10"}),
        ("linux", True, {"E11"}),
        (None, True, {"E08", "E09", "E10", "E11"}),
        (None, False, set()),
    ],
)
def test_the_appliance_pushes_the_mobility_service(family: Any, pushed: bool, expected: set[str]) -> None:
    group = ApplianceMachineGroup(name="web", os_family=family, push_installation=pushed)
    graph = build_appliance(replace(BARE, machine_groups=(group,)))
    links = [link for link in graph.links if link.target == "mobility:web"]
    assert {link.id for link in links} == expected
    assert {link.source for link in links} <= {"appliance:LYON-ASR01"}


def test_an_appliance_without_a_fixed_address_is_told_by_its_name() -> None:
    graph = build_appliance(replace(BARE, appliances=(replace(sites.appliance(), address=None),)))
    assert graph.nodes_of("appliance_ps")[0].address == "lyon-asr01.corp.example"


@pytest.mark.parametrize(
    ("site", "message"),
    [
        (replace(BARE, appliances=()), "A modernized site needs at least one replication appliance."),
        (
            replace(BARE, appliances=(sites.appliance(), sites.appliance())),
            "Replication appliance: two are called “LYON-ASR01”; names must differ.",
        ),
        (
            replace(BARE, machine_groups=(ApplianceMachineGroup(name="web", appliance="X"),)),
            "Replication appliance “X” is not part of this site; known: LYON-ASR01.",
        ),
        (
            replace(BARE, machine_groups=(ApplianceMachineGroup(name="web", count=0),)),
            "The group “web” has 0 machines; expected at least 1.",
        ),
        (
            replace(BARE, esxi_hosts=(EsxiHost(name="esx1", address="10.0.0.3", vcenter="vc"),)),
            "vCenter Server “vc” is not part of this site; known: –.",
        ),
    ],
)
def test_a_site_that_cannot_be_is_refused_with_what_was_found(site: ApplianceSite, message: str) -> None:
    with pytest.raises(TopologyError) as caught:
        build_appliance(site)
    assert str(caught.value) == message


def test_a_further_appliance_shows_in_the_difference_as_a_machine_with_all_its_parts() -> None:
    one = build_appliance(sites.modernized())
    two = build_appliance(replace(sites.modernized(), appliances=(sites.appliance(1), sites.appliance(2))))
    changes = diff(one, two)
    assert {node.kind for node in changes.added_nodes} == {"appliance", *APPLIANCE_PARTS}
    assert changes.removed_nodes == changes.changed_nodes == changes.removed_links == ()


groups = st.builds(
    ApplianceMachineGroup,
    name=st.sampled_from(["a", "b", "c", "d"]),
    count=st.integers(1, 300),
    platform=st.just("vmware"),
    os_family=st.sampled_from([None, "windows", "linux"]),
    appliance=st.sampled_from([None, "LYON-ASR01", "LYON-ASR02"]),
    failback=st.booleans(),
    failed_over=st.booleans(),
    push_installation=st.booleans(),
)


@given(st.lists(groups, max_size=4, unique_by=lambda group: group.name))
@settings(deadline=None, max_examples=60)
def test_any_virtual_machines_behind_two_appliances_make_a_sound_graph_that_can_be_stored(
    machine_groups: list[ApplianceMachineGroup],
) -> None:
    graph = build_appliance(replace(sites.two_appliances(), machine_groups=tuple(machine_groups)))
    assert validate(graph) == ()
    assert Graph.from_json(graph.to_json()) == graph
