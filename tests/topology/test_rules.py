"""Each constraint T01 to T12, kept and broken. The sound site keeps all of them, so each case changes one thing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.topology import sites
from wizard.topology.graph import Graph, Kind, Link, Node, Value
from wizard.topology.plan import build_classic
from wizard.topology.rules import Violation, validate
from wizard.topology.site import (
    ClassicSite,
    FailbackProcessServer,
    MachineGroup,
    MasterTarget,
    ProcessServer,
)
from wizard.topology.versions import is_newer

BARE = ClassicSite(cs=sites.CS, vault=sites.VAULT)


def broken(graph: Graph, rule: str) -> list[Violation]:
    """The violations of one rule; there must be none of another."""
    found = validate(graph)
    assert {violation.rule for violation in found} <= {rule}
    return list(found)


def changed(graph: Graph, key: str, **attributes: Value) -> Graph:
    nodes = tuple(
        replace(node, attributes={**node.attributes, **attributes}) if node.key == key else node
        for node in graph.nodes
    )
    return Graph(nodes, graph.links)


def without_links(graph: Graph, row: str, source: str) -> Graph:
    return Graph(graph.nodes, tuple(link for link in graph.links if (link.id, link.source) != (row, source)))


def with_link(graph: Graph, row: str, source: str, target: str, *nodes: Node) -> Graph:
    model = next(link for link in graph.links if link.id == row)
    link: Link = replace(model, source=source, target=target)
    return Graph((*graph.nodes, *nodes), (*graph.links, link))


def node(kind: Kind, name: str, zone: Any = "site", **attributes: Value) -> Node:
    return Node(key=f"{kind}:{name}", kind=kind, name=name, zone=zone, attributes=attributes)


def site_with(**more: Any) -> Graph:
    return build_classic(replace(BARE, **more))


# --- T01: exactly one configuration server, each with exactly one vault ---


def test_t01_holds_for_one_configuration_server_with_one_vault() -> None:
    assert broken(build_classic(BARE), "T01") == []


def test_t01_an_empty_record_has_no_configuration_server() -> None:
    (violation,) = broken(Graph(), "T01")
    assert str(violation.text) == "A site record has exactly one configuration server; found 0: –."
    assert (violation.severity, violation.keys) == ("block", ())


def test_t01_two_configuration_servers_are_one_too_many() -> None:
    graph = build_classic(BARE)
    graph = with_link(graph, "E03", "cs:SECOND", "vault:lyon-recovery", node("cs", "SECOND"))
    (violation,) = broken(graph, "T01")
    assert (
        str(violation.text)
        == "A site record has exactly one configuration server; found 2: LYON-CS01, SECOND."
    )
    assert violation.keys == ("cs:LYON-CS01", "cs:SECOND")


def test_t01_a_configuration_server_without_a_vault_is_refused() -> None:
    (violation,) = broken(without_links(build_classic(BARE), "E03", "cs:LYON-CS01"), "T01")
    assert str(violation.text) == "A configuration server serves exactly one vault; LYON-CS01 serves 0."


def test_t01_a_configuration_server_never_serves_two_vaults() -> None:
    graph = with_link(build_classic(BARE), "E03", "cs:LYON-CS01", "vault:b", node("vault", "b", "azure"))
    (violation,) = broken(graph, "T01")
    assert violation.keys == ("cs:LYON-CS01", "vault:b", "vault:lyon-recovery")


# --- T02: every further process server and every master target belongs to exactly one configuration server ---


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ("E06", "ps_scaleout:LYON-PS01"),
        ("E17", "ps_failback:AZ-PS01"),
        ("E07", "mt_linux:LYON-MTL01"),
        ("E07", "mt_builtin:LYON-CS01"),
    ],
)
def test_t02_a_server_that_belongs_to_no_configuration_server_is_refused(row: str, key: str) -> None:
    (violation,) = broken(without_links(build_classic(sites.big()), row, key), "T02")
    assert violation.keys == (key,)
    assert str(violation.text).endswith("belongs to exactly one configuration server; found 0.")


def test_t02_a_server_of_two_configuration_servers_is_refused() -> None:
    graph = with_link(build_classic(sites.big()), "E06", "ps_scaleout:LYON-PS01", "cs:X", node("cs", "X"))
    assert [violation.keys for violation in validate(graph) if violation.rule == "T02"] == [
        ("ps_scaleout:LYON-PS01", "cs:LYON-CS01", "cs:X")
    ]


# --- T03: every protected machine uses exactly one process server ---


def test_t03_holds_at_home_and_failed_over() -> None:
    assert {group.failed_over for group in sites.big().machine_groups} == {True, False}
    assert broken(build_classic(sites.big()), "T03") == []


def test_t03_machines_without_a_process_server_are_refused() -> None:
    graph = without_links(build_classic(sites.minimal()), "E02", "mobility:Protected machines")
    (violation,) = broken(graph, "T03")
    expected = "A protected machine uses exactly one process server; Protected machines uses 0."
    assert str(violation.text) == expected


def test_t03_machines_with_two_process_servers_are_refused() -> None:
    graph = build_classic(sites.big())
    graph = with_link(graph, "E02", "mobility:Lyon Windows", "ps_scaleout:LYON-PS01")
    (violation,) = broken(graph, "T03")
    assert violation.keys == ("mobility:Lyon Windows", "ps_builtin:LYON-CS01", "ps_scaleout:LYON-PS01")


# --- T04: process servers not newer than the configuration server, master targets not newer than either ---


def versioned(ps: str | None, mt: str | None, cs: str | None = "9.57.6920.1") -> Graph:
    return build_classic(
        ClassicSite(
            cs=replace(sites.CS, version=cs, hypervisor="physical"),
            vault=sites.VAULT,
            process_servers=(
                ProcessServer(name="PS", address="10.0.0.2", hypervisor="physical", version=ps),
            ),
            master_targets=(MasterTarget(name="MT", address="10.0.0.3", family="windows", version=mt),),
        )
    )


@pytest.mark.parametrize(
    ("ps", "mt"),
    [
        ("9.57.6920.1", "9.57.6920.1"),
        ("9.56.6879.1", "9.56.6879.1"),
        ("9.56.6879.1", "9.55"),
        (None, None),
        ("unknown", "9.57"),
    ],
)
def test_t04_holds_for_equal_older_and_unknown_versions(ps: str | None, mt: str | None) -> None:
    assert broken(versioned(ps, mt), "T04") == []


@pytest.mark.parametrize(
    ("ps", "mt", "keys"),
    [
        ("9.58.1.1", None, [("ps_scaleout:PS", "cs:LYON-CS01")]),
        (None, "9.57.6920.2", [("mt_windows:MT", "cs:LYON-CS01"), ("mt_windows:MT", "ps_builtin:LYON-CS01")]),
        ("9.56.6879.1", "9.57.6920.1", [("mt_windows:MT", "ps_scaleout:PS")]),
        ("9.6", "9.10", [("mt_windows:MT", "ps_scaleout:PS")]),
    ],
)
def test_t04_a_newer_part_is_refused(ps: str | None, mt: str | None, keys: list[tuple[str, str]]) -> None:
    assert [violation.keys for violation in broken(versioned(ps, mt), "T04")] == keys


def test_t04_says_both_versions() -> None:
    (violation,) = broken(versioned("9.58.1.1", None), "T04")
    assert str(violation.text) == (
        "Scale-out process server PS has version 9.58.1.1; it must not be newer than LYON-CS01 with 9.57.6920.1."
    )


def test_versions_are_compared_number_by_number() -> None:
    assert is_newer("9.10", "9.9")
    assert not is_newer("9.57.0.0", "9.57")
    assert not is_newer("9.57", "9.57.0.0")
    assert is_newer("9.57.0.1", "9.57")
    assert not is_newer("9.57-beta", "9.1")
    assert not is_newer(9, "1.0")


# --- T05: families of machines, master targets and replication groups fit ---


LINUX_MT = MasterTarget(name="MTL", address="10.0.0.9", family="linux")


@pytest.mark.parametrize(("family", "target"), [("linux", "MTL"), ("windows", "LYON-CS01"), (None, "MTL")])
def test_t05_holds_where_the_families_fit(family: Any, target: str) -> None:
    group = MachineGroup(name="web", os_family=family, master_target=target, failback=True)
    assert broken(site_with(master_targets=(LINUX_MT,), machine_groups=(group,)), "T05") == []


@pytest.mark.parametrize(("family", "target"), [("windows", "MTL"), ("linux", "LYON-CS01")])
def test_t05_a_master_target_of_the_other_family_is_refused(family: Any, target: str) -> None:
    group = MachineGroup(name="web", os_family=family, master_target=target, failback=True)
    (violation,) = broken(site_with(master_targets=(LINUX_MT,), machine_groups=(group,)), "T05")
    assert violation.keys[0] == "mobility:web"
    assert str(violation.text).startswith("web needs a master target of its own family;")


def test_t05_a_master_target_that_is_not_recorded_is_refused() -> None:
    graph = site_with(machine_groups=(MachineGroup(name="web"),))
    (violation,) = broken(changed(graph, "mobility:web", master_target="mt_linux:GONE"), "T05")
    expected = "web is to fail back through mt_linux:GONE, which is no recorded master target."
    assert str(violation.text) == expected


def replication_group(*members: dict[str, Any]) -> Graph:
    groups = tuple(
        MachineGroup(name=f"m{place}", replication_group="erp", **member)
        for place, member in enumerate(members)
    )
    return site_with(master_targets=(LINUX_MT,), machine_groups=groups)


def test_t05_holds_for_a_replication_group_of_one_family_and_target() -> None:
    member = {"os_family": "linux", "master_target": "MTL"}
    assert broken(replication_group(member, member), "T05") == []


def test_t05_a_replication_group_of_two_families_is_refused() -> None:
    (violation,) = broken(replication_group({"os_family": "linux"}, {"os_family": "windows"}), "T05")
    expected = "All machines of replication group erp must share one operating system family."
    assert str(violation.text) == expected
    assert violation.keys == ("mobility:m0", "mobility:m1")


def test_t05_a_replication_group_with_two_master_targets_is_refused() -> None:
    (violation,) = broken(replication_group({"master_target": "MTL"}, {"master_target": "LYON-CS01"}), "T05")
    assert str(violation.text) == "All machines of replication group erp must share one master target."


# --- T06: a master target is a VMware virtual machine ---


@pytest.mark.parametrize("hypervisor", ["physical", "hyperv"])
def test_t06_a_master_target_elsewhere_is_refused(hypervisor: Any) -> None:
    graph = site_with(master_targets=(replace(LINUX_MT, hypervisor=hypervisor),))
    (violation,) = broken(graph, "T06")
    assert (violation.severity, violation.keys) == ("block", ("mt_linux:MTL",))
    assert hypervisor in str(violation.text)


def test_t06_a_master_target_of_unknown_kind_is_a_warning() -> None:
    graph = site_with(master_targets=(LINUX_MT,))
    (violation,) = broken(changed(graph, "mt_linux:MTL", hypervisor=None), "T06")
    assert violation.severity == "warn"


def test_t06_holds_on_vmware() -> None:
    assert broken(site_with(master_targets=(LINUX_MT,)), "T06") == []


# --- T07: Linux machines fail back through a Linux master target ---


def test_t07_linux_machines_without_a_linux_master_target_cannot_fail_back() -> None:
    group = MachineGroup(name="web", os_family="linux", failback=True)
    (violation,) = broken(site_with(machine_groups=(group,)), "T07")
    assert violation.keys == ("mobility:web",)
    assert "needs at least one Linux master target" in str(violation.text)


@pytest.mark.parametrize(
    ("group", "targets"),
    [
        (MachineGroup(name="web", os_family="linux", failback=True), (LINUX_MT,)),
        (MachineGroup(name="web", os_family="linux", failback=False), ()),
        (MachineGroup(name="web", os_family="windows", failback=True), ()),
    ],
)
def test_t07_holds_with_one_or_where_none_is_needed(group: MachineGroup, targets: Any) -> None:
    assert broken(site_with(machine_groups=(group,), master_targets=targets), "T07") == []


# --- T08: a physical configuration server needs a separate master target for failback ---


PHYSICAL = replace(sites.CS, hypervisor="physical")
HOME = MachineGroup(name="web", os_family="windows", failback=True)


def test_t08_a_physical_configuration_server_alone_cannot_fail_back() -> None:
    (violation,) = broken(site_with(cs=PHYSICAL, machine_groups=(HOME,)), "T08")
    assert (violation.severity, violation.keys) == ("block", ("cs:LYON-CS01",))


@pytest.mark.parametrize(
    "more",
    [
        {"cs": PHYSICAL, "machine_groups": (HOME,), "master_targets": (LINUX_MT,)},
        {"cs": PHYSICAL, "machine_groups": (HOME,), "master_targets": (replace(LINUX_MT, family="windows"),)},
        {"cs": PHYSICAL, "machine_groups": (replace(HOME, failback=False),)},
        {"machine_groups": (HOME,)},
    ],
)
def test_t08_holds_with_a_separate_master_target_or_without_failback(more: dict[str, Any]) -> None:
    assert broken(site_with(**more), "T08") == []


# --- T09: the data port is never 443 ---


def test_t09_the_data_port_443_is_refused_on_every_process_server() -> None:
    graph = site_with(
        cs=replace(sites.CS, data_port=443),
        process_servers=(ProcessServer(name="PS", address="10.0.0.2", data_port=443),),
        failback_process_servers=(FailbackProcessServer(name="AZ", address="10.8.0.4", data_port=443),),
        s2s=True,
    )
    found = broken(graph, "T09")
    assert [violation.keys for violation in found] == [
        ("ps_builtin:LYON-CS01",),
        ("ps_scaleout:PS",),
        ("ps_failback:AZ",),
    ]
    assert "data port 443, which must never be used; 9443 is usual" in str(found[0].text)


def test_t09_a_link_to_port_443_betrays_the_data_port() -> None:
    graph = build_classic(sites.minimal())
    links = tuple(replace(link, port="443") if link.id == "E02" else link for link in graph.links)
    assert [violation.keys for violation in broken(Graph(graph.nodes, links), "T09")] == [
        ("ps_builtin:LYON-CS01",)
    ]


def test_t09_holds_for_any_other_port() -> None:
    assert broken(site_with(cs=replace(sites.CS, data_port=9444)), "T09") == []


# --- T10: no two machines are clones ---


@pytest.mark.parametrize("fact", ["instance_uuid", "bios_uuid"])
def test_t10_a_clone_is_found_however_its_uuid_is_written(fact: str) -> None:
    uuid = "{" + str(getattr(sites.CS, fact)).upper().replace("-", "") + "}"
    clone = ProcessServer(name="PS", address="10.0.0.2", hypervisor="physical", **{fact: uuid})
    (violation,) = broken(site_with(process_servers=(clone,)), "T10")
    assert violation.keys == ("cs:LYON-CS01", "ps_scaleout:PS")
    assert "Build it anew" in str(violation.text)


def test_t10_two_machines_are_reported_once_though_they_carry_several_parts() -> None:
    clone = ProcessServer(
        name="PS", address="10.0.0.2", instance_uuid=sites.CS.instance_uuid, bios_uuid=sites.CS.bios_uuid
    )
    assert len(broken(site_with(process_servers=(clone,)), "T10")) == 1


def test_t10_holds_for_parts_of_one_machine_and_for_unknown_uuids() -> None:
    others = (ProcessServer(name="PS1", address="10.0.0.2"), ProcessServer(name="PS2", address="10.0.0.3"))
    assert broken(site_with(process_servers=others), "T10") == []


# --- T11: a failback process server needs a private connection ---


AZURE = FailbackProcessServer(name="AZ", address="10.8.0.4")


def test_t11_a_failback_process_server_without_vpn_or_peering_is_refused() -> None:
    (violation,) = broken(site_with(failback_process_servers=(AZURE,)), "T11")
    assert violation.keys == ("ps_failback:AZ",)


def test_t11_holds_with_one() -> None:
    assert broken(site_with(failback_process_servers=(AZURE,), s2s=True), "T11") == []


# --- T12: no process server behind NAT ---


def test_t12_a_process_server_behind_nat_is_refused() -> None:
    graph = site_with(
        cs=replace(sites.CS, nat=True),
        process_servers=(ProcessServer(name="PS", address="10.0.0.2", nat=True),),
    )
    assert [violation.keys for violation in broken(graph, "T12")] == [
        ("ps_builtin:LYON-CS01",),
        ("ps_scaleout:PS",),
    ]


def test_t12_holds_without_nat() -> None:
    assert broken(site_with(process_servers=(ProcessServer(name="PS", address="10.0.0.2"),)), "T12") == []
