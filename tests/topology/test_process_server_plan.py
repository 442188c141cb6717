from __future__ import annotations

from dataclasses import replace

import pytest

from tests.topology import sites
from wizard.topology.edges import EDGES
from wizard.topology.exports import tree
from wizard.topology.graph import Graph, TopologyError
from wizard.topology.process_server_plan import build_process_server
from wizard.topology.rules import validate
from wizard.topology.site import EsxiHost, MachineGroup

SITE = sites.process_server()
VIRTUAL = replace(SITE, process_server=replace(SITE.process_server, hypervisor="vmware"))


def rows(graph: Graph) -> dict[str, set[tuple[str, str, str]]]:
    found: dict[str, set[tuple[str, str, str]]] = {}
    for link in graph.links:
        found.setdefault(link.id, set()).add((link.source, link.target, link.port))
    return found


@pytest.mark.parametrize(
    "site", [SITE, VIRTUAL, replace(SITE, vault=sites.VAULT), replace(SITE, cs=sites.CS)]
)
def test_it_breaks_no_rule_whether_or_not_the_vault_is_known(site) -> None:
    graph = build_process_server(site)
    assert validate(graph) == ()
    assert all(graph.node(link.target).kind in EDGES[link.id].targets for link in graph.links)


def test_the_configuration_server_is_marked_as_there_already_and_the_new_server_is_not() -> None:
    graph = build_process_server(SITE)
    (cs,) = graph.nodes_of("cs")
    (ps,) = graph.nodes_of("ps_scaleout")
    assert cs.attributes["existing"] is True
    assert cs.address == "10.20.0.11"
    assert "existing" not in ps.attributes
    assert (ps.attributes["dns"], ps.attributes["ntp"]) == ("10.20.0.2", "time.windows.com")
    assert "Configuration server: 10.20.0.11 · There already" in tree(graph)


def test_the_links_are_those_of_the_new_server_and_of_the_machines_that_it_serves() -> None:
    ps, machines = "ps_scaleout:LYON-PS01", "mobility:Protected machines"
    assert rows(build_process_server(SITE)) == {
        "E01": {(machines, "cs:10.20.0.11", "443")},
        "E02": {(machines, ps, "9443")},
        "E04": {(ps, "cache_sa:lyoncache01", "443")},
        "E05": {(ps, "vcenter:lyon-vcenter", "8443")},
        "E06": {(ps, "cs:10.20.0.11", "443")},
        "E08": {(ps, machines, "135")},
        "E09": {(ps, machines, "139, 445")},
        "E10": {(ps, machines, "49152–65535")},
    }


def test_on_vmware_it_brings_a_master_target_and_a_known_vault_the_link_of_its_configuration_server() -> None:
    host = EsxiHost(name="esx1", address="10.20.1.1", vcenter="lyon-vcenter")
    found = rows(build_process_server(replace(VIRTUAL, vault=sites.VAULT, esxi_hosts=(host,))))
    assert found["E03"] == {("cs:10.20.0.11", "vault:lyon-recovery", "443")}
    assert found["E07"] == {("mt_builtin:LYON-PS01", "cs:10.20.0.11", "443")}
    assert found["E19"] == {("mt_builtin:LYON-PS01", "esxi:esx1", "443, 902")}


def test_a_process_server_newer_than_the_configuration_server_is_refused() -> None:
    site = replace(
        SITE,
        cs=replace(SITE.cs, version="9.56.1"),
        process_server=replace(SITE.process_server, version="9.57.1"),
    )
    assert [violation.rule for violation in validate(build_process_server(site))] == ["T04"]


def test_a_new_configuration_server_still_needs_its_vault() -> None:
    graph = build_process_server(SITE)
    nodes = tuple(replace(node, attributes={}) if node.kind == "cs" else node for node in graph.nodes)
    assert [violation.rule for violation in validate(Graph(nodes, graph.links))] == ["T01"]


def test_a_group_cannot_name_a_process_server_that_is_not_the_new_one() -> None:
    site = replace(SITE, machine_groups=(MachineGroup(name="web", process_server="LYON-CS01"),))
    with pytest.raises(TopologyError, match="known: LYON-PS01"):
        build_process_server(site)
