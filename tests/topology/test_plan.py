from __future__ import annotations

from dataclasses import replace

import pytest

from tests.topology import sites
from wizard.topology.drafts import KEY_LENGTH, node_key
from wizard.topology.edges import EDGES
from wizard.topology.graph import Graph, TopologyError
from wizard.topology.plan import build_classic
from wizard.topology.rules import validate
from wizard.topology.site import (
    ClassicSite,
    EsxiHost,
    FailbackProcessServer,
    MachineGroup,
    MasterTarget,
    ProcessServer,
    VCenterServer,
)

BARE = ClassicSite(cs=sites.CS, vault=sites.VAULT)


def rows(graph: Graph, row: str) -> list[tuple[str, str, str]]:
    return [(link.source, link.target, link.port) for link in graph.links if link.id == row]


@pytest.mark.parametrize("build", [sites.minimal, sites.big])
def test_every_link_is_documented_for_the_kinds_at_its_ends(build) -> None:
    graph = build_classic(build())
    for link in graph.links:
        edge = EDGES[link.id]
        assert edge.recorded
        assert graph.node(link.source).kind in edge.sources
        assert graph.node(link.target).kind in edge.targets
        assert (link.protocol, link.purpose, link.basis) == (edge.protocol, edge.purpose, edge.basis)
        assert link.port == edge.port or edge.changeable


@pytest.mark.parametrize("build", [sites.minimal, sites.big, lambda: BARE])
def test_a_sound_site_breaks_no_rule(build) -> None:
    assert validate(build_classic(build())) == ()


def test_the_barest_site_is_one_machine_and_a_vault() -> None:
    graph = build_classic(BARE)
    assert [node.key for node in graph.nodes] == [
        "cs:LYON-CS01",
        "ps_builtin:LYON-CS01",
        "mt_builtin:LYON-CS01",
        "vault:lyon-recovery",
    ]
    assert [link.id for link in graph.links] == ["E03", "E06", "E07"]


def test_facts_of_the_site_stand_on_the_nodes() -> None:
    site = replace(sites.minimal(), proxy="http://proxy.corp.example:3128")
    graph = build_classic(site)
    cs = graph.nodes_of("cs")[0]
    assert cs.address == "10.20.0.11"
    assert cs.attributes["fqdn"] == "lyon-cs01.corp.example"
    assert cs.attributes["dns"] == "10.20.0.2, 10.20.0.3"
    assert cs.attributes["ntp"] == "time.windows.com"
    assert cs.attributes["proxy"] == "http://proxy.corp.example:3128"
    assert graph.nodes_of("ps_builtin")[0].attributes["data_port"] == 9443
    assert graph.nodes_of("vault")[0].attributes["region"] == "francecentral"
    assert graph.nodes_of("mobility")[0].attributes["count"] == 120
    assert {node.attributes["vcenter"] for node in graph.nodes_of("esxi")} == {"vcenter:lyon-vcenter"}


def test_a_fact_that_nobody_knows_is_left_out() -> None:
    graph = build_classic(replace(BARE, cs=replace(sites.CS, version=None, fqdn=None)))
    assert not {"version", "fqdn", "proxy", "dns"} & graph.nodes_of("cs")[0].attributes.keys()


def test_no_master_target_comes_with_a_physical_machine() -> None:
    physical = ProcessServer(name="PS1", address="10.0.0.2", hypervisor="physical")
    site = replace(BARE, cs=replace(sites.CS, hypervisor="physical"), process_servers=(physical,))
    assert build_classic(site).nodes_of("mt_builtin", "mt_windows", "mt_linux") == ()


def test_a_scale_out_process_server_brings_its_master_target_and_its_data_port() -> None:
    site = replace(
        BARE,
        process_servers=(ProcessServer(name="PS1", address="10.0.0.2", data_port=9500),),
        machine_groups=(MachineGroup(name="web", process_server="PS1"),),
    )
    graph = build_classic(site)
    assert rows(graph, "E02") == [("mobility:web", "ps_scaleout:PS1", "9500")]
    assert ("mt_builtin:PS1", "cs:LYON-CS01", "443") in rows(graph, "E07")


def test_vcenters_and_standalone_hosts_are_asked_on_their_own_port_and_managed_hosts_not_at_all() -> None:
    site = replace(
        BARE,
        vcenters=(VCenterServer(name="vc", host="vc.example", port=8443),),
        esxi_hosts=(
            EsxiHost(name="managed", address="10.0.0.3", vcenter="vc"),
            EsxiHost(name="lone", address="10.0.0.4", port=444),
        ),
    )
    graph = build_classic(site)
    assert {(target, port) for _, target, port in rows(graph, "E05")} == {
        ("vcenter:vc", "8443"),
        ("esxi:lone", "444"),
    }
    assert {target for _, target, _ in rows(graph, "E19")} == {"esxi:managed", "esxi:lone"}


@pytest.mark.parametrize(
    ("family", "pushed", "expected"),
    [
        ("windows", True, ["E08", "E09", "E10"]),
        ("linux", True, ["E11"]),
        (None, True, ["E08", "E09", "E10", "E11"]),
        ("windows", False, []),
    ],
)
def test_push_installation_takes_the_ports_of_the_family(family, pushed: bool, expected: list[str]) -> None:
    group = MachineGroup(name="web", os_family=family, push_installation=pushed)
    graph = build_classic(replace(BARE, machine_groups=(group,)))
    assert [link.id for link in graph.links if link.target == "mobility:web"] == expected


def test_failed_over_machines_use_the_process_server_in_azure() -> None:
    failback = FailbackProcessServer(name="AZ", address="10.8.0.4", data_port=9555)
    machines = MachineGroup(name="away", failed_over=True)
    graph = build_classic(
        replace(BARE, failback_process_servers=(failback,), machine_groups=(machines,), s2s=True)
    )
    assert rows(graph, "E16") == [("mobility:away", "ps_failback:AZ", "9555")]
    assert rows(graph, "E02") == []
    assert rows(graph, "E18") == [("ps_failback:AZ", "mt_builtin:LYON-CS01", "9443")]
    assert graph.node("mobility:away").zone == "azure"
    assert graph.nodes_of("s2s")[0].attributes["carries"] == "E01, E17, E18"


def test_failed_over_machines_without_one_in_azure_come_home_to_the_built_in_process_server() -> None:
    graph = build_classic(
        replace(BARE, machine_groups=(MachineGroup(name="away", failed_over=True),), s2s=True)
    )
    assert rows(graph, "E16") == [("mobility:away", "ps_builtin:LYON-CS01", "9443")]
    assert graph.nodes_of("s2s")[0].attributes["carries"] == "E01, E16"


def test_machines_of_a_replication_group_speak_to_each_other() -> None:
    groups = (
        MachineGroup(name="db", count=2, replication_group="erp"),
        MachineGroup(name="app", count=1, replication_group="erp"),
        MachineGroup(name="other", count=5),
    )
    graph = build_classic(replace(BARE, machine_groups=groups))
    assert rows(graph, "E12") == [
        ("mobility:app", "mobility:db", "20004"),
        ("mobility:db", "mobility:db", "20004"),
    ]


def test_a_master_target_is_referred_to_by_its_key() -> None:
    site = replace(
        BARE,
        master_targets=(MasterTarget(name="MTL", address="10.0.0.9", family="linux"),),
        machine_groups=(MachineGroup(name="web", os_family="linux", failback=True, master_target="MTL"),),
    )
    assert build_classic(site).node("mobility:web").attributes["master_target"] == "mt_linux:MTL"


@pytest.mark.parametrize(
    ("site", "message"),
    [
        (
            replace(BARE, machine_groups=(MachineGroup(name="web", process_server="PS9"),)),
            "Process server “PS9” is not part of this site; known: LYON-CS01.",
        ),
        (
            replace(BARE, machine_groups=(MachineGroup(name="web", master_target="MT9"),)),
            "Windows master target “MT9” is not part of this site; known: LYON-CS01.",
        ),
        (
            replace(BARE, esxi_hosts=(EsxiHost(name="esx1", address="10.0.0.3", vcenter="vc"),)),
            "vCenter Server “vc” is not part of this site; known: –.",
        ),
        (
            replace(BARE, vcenters=(VCenterServer(name="vc", host="a"), VCenterServer(name="vc", host="b"))),
            "vCenter Server: two are called “vc”; names must differ.",
        ),
        (
            replace(BARE, machine_groups=(MachineGroup(name="web", count=0),)),
            "The group “web” has 0 machines; expected at least 1.",
        ),
    ],
)
def test_a_site_that_cannot_be_is_refused_with_what_was_found(site: ClassicSite, message: str) -> None:
    with pytest.raises(TopologyError) as caught:
        build_classic(site)
    assert str(caught.value) == message


def test_keys_stay_short_and_apart_for_names_of_any_length() -> None:
    one, other = node_key("vcenter", "x" * 300 + "1"), node_key("vcenter", "x" * 300 + "2")
    assert len(one) == len(other) == KEY_LENGTH
    assert one != other
    assert node_key("cs", "LYON") == "cs:LYON"


def test_a_physical_site_is_sound_without_vsphere_and_without_a_way_home() -> None:
    graph = build_classic(sites.physical())
    assert validate(graph) == ()
    assert {node.kind for node in graph.nodes} == {"cs", "ps_builtin", "vault", "cache_sa", "mobility"}
    assert not {link.id for link in graph.links} & {"E05", "E07", "E19"}
    assert graph.nodes_of("mobility")[0].attributes["platform"] == "physical"


def test_physical_machines_come_home_only_through_a_master_target_on_vmware() -> None:
    site = sites.physical()
    home = replace(site, machine_groups=(replace(site.machine_groups[0], failback=True),))
    assert [violation.rule for violation in validate(build_classic(home))] == ["T08"]
    target = MasterTarget(name="LYON-MT01", address="10.20.0.31", family="windows")
    graph = build_classic(
        replace(home, master_targets=(target,), esxi_hosts=(EsxiHost(name="esx1", address="10.20.1.1"),))
    )
    assert validate(graph) == ()
    assert rows(graph, "E07") == [("mt_windows:LYON-MT01", "cs:LYON-CS01", "443")]
    assert rows(graph, "E19") == [("mt_windows:LYON-MT01", "esxi:esx1", "443, 902")]


def test_a_group_that_nobody_named_has_a_name_that_is_told_in_the_readers_language(monkeypatch) -> None:
    (machines,) = build_classic(replace(BARE, machine_groups=(MachineGroup(),))).nodes_of("mobility")
    monkeypatch.setattr("wizard.text._translate", lambda template: template.upper())
    assert machines.name == "Protected machines"
    assert str(machines.label) == "PROTECTED MACHINES"
