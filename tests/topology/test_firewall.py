from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology import sites
from tests.topology.graphs import graphs
from wizard.checks.catalogue import load
from wizard.checks.requirement import PROFILES
from wizard.text import Text
from wizard.topology.appliance_plan import build_appliance
from wizard.topology.edges import EDGES
from wizard.topology.firewall import EndpointNeed, FirewallRule, firewall_rules
from wizard.topology.graph import KINDS, Graph, TopologyError
from wizard.topology.plan import build_classic
from wizard.topology.process_server_plan import build_process_server
from wizard.topology.proofs import PROOFS, proved_by
from wizard.topology.site import MasterTarget

CLASSIC = build_classic(sites.minimal())
MODERNIZED = build_appliance(sites.modernized())
PROCESS_SERVER = build_process_server(sites.process_server())


def need(id: str, pattern: str, *needed_by: str, port: int = 443, protocol: Any = "TCP") -> EndpointNeed:
    return EndpointNeed(
        id=id, pattern=pattern, port=port, protocol=protocol, needed_by=needed_by, purpose=Text("Because")
    )


BACKUP = need("URL-01", "*.backup.windowsazure.com", "cs", "ps_builtin", "ps_scaleout")
TIME = need("URL-06", "time.windows.com", "cs", port=123, protocol="UDP")
MYSQL = need("URL-16", "cdn.mysql.com", "cs")
KEY_VAULT = need("URL-KV", "*.vault.azure.net", "appliance", "mobility")


def told(rules: tuple[FirewallRule, ...]) -> list[tuple[str, str, str | None, str, str]]:
    return [
        (rule.id, str(rule.source.name), rule.target.address, rule.port, rule.direction) for rule in rules
    ]


def of(rules: tuple[FirewallRule, ...], id: str) -> list[FirewallRule]:
    return [rule for rule in rules if rule.id == id]


def test_every_connection_of_the_graph_that_leaves_a_machine_is_one_rule() -> None:
    rules = firewall_rules(CLASSIC)
    assert [(rule.id, rule.direction, rule.port) for rule in rules] == [
        ("E01", "in", "443"),
        ("E02", "in", "9443"),
        ("E15", "in", "44315"),
        ("E03", "out", "443"),
        ("E04", "out", "443"),
        ("E05", "out", "443"),
        ("E08", "out", "135"),
        ("E09", "out", "139, 445"),
        ("E10", "out", "49152–65535"),
        ("E19", "out", "443, 902"),
        ("E19", "out", "443, 902"),
        ("E19", "out", "443, 902"),
    ]


def test_a_rule_names_both_ends_with_their_addresses_and_says_why_and_what_proves_it() -> None:
    (rule,) = of(firewall_rules(CLASSIC), "E05")
    assert (str(rule.source.name), rule.source.address) == ("LYON-CS01", "10.20.0.11")
    assert (str(rule.target.name), rule.target.address) == ("lyon-vcenter", "vcenter.corp.example")
    assert (rule.protocol, str(rule.why)) == ("TCP", "Discovery and virtual machine operations")
    assert rule.proved_by == ("NET-11",)


def test_machines_that_nobody_named_are_told_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    (rule,) = of(firewall_rules(CLASSIC), "E02")
    monkeypatch.setattr("wizard.text._translate", lambda template: template.replace("machines", "maskiner"))
    assert str(rule.source.name) == "Protected maskiner"


def test_endpoints_stand_for_the_links_to_azure_and_are_there_once_for_each_machine() -> None:
    rules = firewall_rules(CLASSIC, endpoints=[BACKUP])
    assert not of(rules, "E03") + of(rules, "E04")
    (rule,) = of(rules, "URL-01")
    assert (str(rule.source.name), rule.target.address, rule.port) == (
        "LYON-CS01",
        "*.backup.windowsazure.com",
        "443",
    )
    assert (rule.proved_by, str(rule.why), rule.direction) == (("URL-01",), "Because", "out")


def test_endpoints_that_this_machine_does_not_need_replace_nothing() -> None:
    rules = firewall_rules(CLASSIC, endpoints=[KEY_VAULT])
    assert of(rules, "E03")
    assert {str(rule.source.name) for rule in of(rules, "URL-KV")} == {"Protected machines"}


def test_a_proxy_takes_the_place_of_the_endpoints_of_the_sites_servers_alone() -> None:
    rules = firewall_rules(
        MODERNIZED,
        endpoints=[KEY_VAULT, need("URL-B", "management.azure.com", "appliance")],
        proxy="http://user:secret@proxy.corp.example:3128",
    )
    (rule,) = of(rules, "PROXY")
    assert (rule.target.address, rule.port, rule.direction) == ("proxy.corp.example", "3128", "out")
    assert rule.proved_by == ("PRX-05", "URL-KV", "URL-B")
    assert "secret" not in repr(rules)
    assert not of(rules, "URL-B") + of(rules, "URL-KV") + of(rules, "M03")
    (vault,) = of(rules, "M05")
    assert vault.target.address == "*.vault.azure.net"


def test_without_the_lists_the_proxy_still_takes_the_place_of_the_links_to_azure() -> None:
    rules = firewall_rules(CLASSIC, proxy="proxy.corp.example")
    (rule,) = of(rules, "PROXY")
    assert (rule.port, rule.proved_by) == ("80", ("PRX-05", "URL-03", "URL-02"))
    assert not of(rules, "E03") + of(rules, "E04")


@pytest.mark.parametrize("proxy", ["", "http://", "http://proxy:port", "http://[::1"])
def test_a_proxy_without_a_host_is_refused(proxy: str) -> None:
    with pytest.raises(TopologyError, match="expected is one like"):
        firewall_rules(CLASSIC, proxy=proxy)


def test_time_and_name_servers_become_rules_and_a_listed_time_host_adds_its_proof() -> None:
    rules = firewall_rules(
        CLASSIC, endpoints=[TIME], ntp=["time.windows.com", "10.20.0.3"], dns=["10.20.0.2"], proxy="http://p"
    )
    assert [(rule.target.address, rule.proved_by) for rule in of(rules, "E13")] == [
        ("10.20.0.3", ("TIME-03",)),
        ("time.windows.com", ("TIME-03", "URL-06")),
    ]
    (dns,) = of(rules, "DNS")
    assert (dns.target.address, dns.protocol, dns.port, dns.proved_by) == (
        "10.20.0.2",
        "UDP, TCP",
        "53",
        ("NET-12",),
    )
    assert not of(rules, "URL-06")


def test_time_of_an_appliance_is_no_row_of_the_classic_table() -> None:
    rules = firewall_rules(MODERNIZED, ntp=["10.20.0.3"], dns=["10.20.0.2"])
    assert [(rule.target.address, rule.proved_by) for rule in of(rules, "NTP")] == [("10.20.0.3", ())]
    assert [rule.proved_by for rule in of(rules, "DNS")] == [("NET-13",)]
    assert not of(rules, "E13")


@pytest.mark.parametrize(
    ("endpoints", "host"),
    [([], "dev.mysql.com"), ([MYSQL], "cdn.mysql.com"), ([MYSQL, BACKUP], "cdn.mysql.com")],
)
def test_the_download_of_mysql_is_a_rule_where_setup_does_it(endpoints: Any, host: str) -> None:
    (rule,) = of(firewall_rules(CLASSIC, endpoints=endpoints, mysql_download=True), "E14")
    assert (rule.target.address, rule.proved_by) == (host, ("URL-16",))
    assert not of(firewall_rules(CLASSIC, endpoints=endpoints, mysql_download=True), "URL-16")


def test_a_staged_mysql_needs_no_rule_and_a_process_server_never_does() -> None:
    assert "cdn.mysql.com" not in repr(firewall_rules(CLASSIC, endpoints=[MYSQL]))
    assert "mysql" not in repr(firewall_rules(PROCESS_SERVER, endpoints=[MYSQL], mysql_download=True))


@pytest.mark.parametrize(("graph", "row", "port"), [(CLASSIC, "E15", "44315"), (MODERNIZED, "M06", "44368")])
def test_operators_come_in_from_where_they_are_or_from_anywhere(graph: Graph, row: str, port: str) -> None:
    rules = of(firewall_rules(graph, operators=["10.9.0.0/24", "10.9.1.7"]), row)
    assert [(rule.source.address, rule.port, rule.direction) for rule in rules] == [
        ("10.9.0.0/24", port, "in"),
        ("10.9.1.7", port, "in"),
    ]
    assert [rule.source.address for rule in of(firewall_rules(graph), row)] == [None]


def test_an_appliance_counts_once_whatever_part_opens_the_connection() -> None:
    rules = firewall_rules(MODERNIZED)
    assert len(of(rules, "M03")) == 1
    assert [rule.target.address for rule in of(rules, "M04")].count("vcenter.corp.example") == 1


@pytest.mark.parametrize(
    ("cloud", "pattern"),
    [
        ("public", "*.vault.azure.net"),
        ("us_government", "*.vault.usgovcloudapi.net"),
        ("china", "*.vault.azure.cn"),
    ],
)
def test_protected_machines_reach_the_key_vault_of_their_cloud(cloud: Any, pattern: str) -> None:
    site = replace(sites.modernized(), vault=replace(sites.VAULT, cloud=cloud))
    (rule,) = of(firewall_rules(build_appliance(site)), "M05")
    assert (rule.target.address, rule.direction) == (pattern, "between")


def test_what_was_tried_on_the_machine_proves_nothing_about_two_others() -> None:
    (vault,) = of(firewall_rules(MODERNIZED, endpoints=[KEY_VAULT]), "M05")
    assert vault.proved_by == ("SRC-VAULT",)
    big = firewall_rules(build_classic(sites.big()), endpoints=[BACKUP])
    assert {(rule.direction, rule.proved_by) for rule in of(big, "URL-01")} == {
        ("out", ("URL-01",)),
        ("between", ()),
    }
    assert {rule.proved_by for rule in of(big, "E02")} == {("NET-05", "NET-15"), ("NET-15",)}


def test_of_a_configuration_server_that_was_there_before_only_the_new_connections_are_told() -> None:
    graph = build_process_server(replace(sites.process_server(), vault=sites.VAULT))
    rules = firewall_rules(graph, endpoints=[BACKUP, TIME], ntp=["10.0.0.9"], dns=["10.0.0.2"])
    assert told(rules) == [
        ("E02", "Protected machines", "10.20.0.21", "9443", "in"),
        ("DNS", "LYON-PS01", "10.0.0.2", "53", "out"),
        ("E05", "LYON-PS01", "vcenter.corp.example", "8443", "out"),
        ("E06", "LYON-PS01", "10.20.0.11", "443", "out"),
        ("E08", "LYON-PS01", None, "135", "out"),
        ("E09", "LYON-PS01", None, "139, 445", "out"),
        ("E10", "LYON-PS01", None, "49152–65535", "out"),
        ("E13", "LYON-PS01", "10.0.0.9", "123", "out"),
        ("URL-01", "LYON-PS01", "*.backup.windowsazure.com", "443", "out"),
        ("E01", "Protected machines", "10.20.0.11", "443", "between"),
    ]


def test_the_machine_being_installed_can_be_named() -> None:
    rules = firewall_rules(build_classic(sites.big()), machine="LYON-PS01")
    assert {(rule.id, str(rule.source.name)) for rule in rules if rule.direction == "in"} == {
        ("E02", "Lyon Linux"),
        ("E18", "AZ-PS01"),
    }
    assert {str(rule.source.name) for rule in rules if rule.direction == "out"} == {"LYON-PS01"}


def test_machines_of_one_replication_group_speak_to_each_other() -> None:
    site = replace(
        sites.minimal(), machine_groups=(replace(sites.big().machine_groups[2], process_server=None),)
    )
    (rule,) = of(firewall_rules(build_classic(site)), "E12")
    assert (rule.source, rule.direction) == (rule.target, "between")


@pytest.mark.parametrize("row", [edge.id for edge in EDGES.values() if edge.recorded])
def test_every_row_that_holds_says_what_proves_it_and_where_that_is_written(row: str) -> None:
    assert PROOFS[row].source.startswith("asr-facts ")


def test_windows_and_linux_master_targets_are_proved_by_the_requirements_about_them() -> None:
    (own,) = {rule.proved_by for rule in of(firewall_rules(CLASSIC), "E19")}
    assert own == ("NET-10-WIN",)
    targets = (
        MasterTarget(name="LYON-MTW01", address="10.20.0.30", family="windows"),
        MasterTarget(name="LYON-MTL01", address="10.20.0.31", family="linux"),
    )
    rules = firewall_rules(build_classic(replace(sites.minimal(), master_targets=targets)))
    assert {(str(rule.source.name), rule.proved_by) for rule in (*of(rules, "E07"), *of(rules, "E19"))} == {
        ("LYON-CS01", ("NET-10-WIN",)),
        ("LYON-MTW01", ("NET-09-WIN",)),
        ("LYON-MTW01", ("NET-10-WIN",)),
        ("LYON-MTL01", ("NET-09",)),
        ("LYON-MTL01", ("NET-10",)),
    }
    site = sites.process_server()
    virtual = replace(site, process_server=replace(site.process_server, hypervisor="vmware"))
    (own,) = {rule.proved_by for rule in of(firewall_rules(build_process_server(virtual)), "E07")}
    assert own == ("NET-08",)


@pytest.mark.parametrize("row", [edge.id for edge in EDGES.values() if edge.recorded])
def test_what_proves_a_link_is_in_the_catalogue(row: str) -> None:
    known = {requirement.id for profile in PROFILES for requirement in load(profile)}
    assert {proof for kind in KINDS for proof in proved_by(row, kind)} <= known


def test_nothing_is_proved_for_rows_that_do_not_hold() -> None:
    assert set(PROOFS) == {edge.id for edge in EDGES.values() if edge.recorded}


needs = st.builds(
    EndpointNeed,
    id=st.sampled_from(["URL-01", "URL-06", "URL-16"]),
    pattern=st.sampled_from(["*.a.example", "b.example"]),
    port=st.sampled_from([123, 443]),
    protocol=st.sampled_from(["TCP", "UDP"]),
    needed_by=st.sets(st.sampled_from(["cs", "ps_builtin", "appliance", "mobility"])).map(tuple),
    purpose=st.just(Text("why")),
)


@given(graphs(), st.lists(needs, max_size=4), st.sampled_from([None, "http://proxy.example:3128"]))
@settings(deadline=None, max_examples=80)
def test_the_matrix_of_any_graph_has_no_rule_twice_and_one_order(
    graph: Graph, endpoints: list[EndpointNeed], proxy: str | None
) -> None:
    def matrix(shown: Graph) -> tuple[FirewallRule, ...]:
        return firewall_rules(
            shown, endpoints=endpoints, proxy=proxy, ntp=["10.0.0.3"], dns=["10.0.0.2"], mysql_download=True
        )

    rules = matrix(graph)
    assert len({(rule.id, rule.source, rule.target, rule.protocol, rule.port) for rule in rules}) == len(
        rules
    )
    assert [rule.direction for rule in rules] == sorted(
        (rule.direction for rule in rules), key=["in", "out", "between"].index
    )
    assert all(len(set(rule.proved_by)) == len(rule.proved_by) for rule in rules)
    assert matrix(Graph(tuple(reversed(graph.nodes)), tuple(reversed(graph.links)))) == rules
