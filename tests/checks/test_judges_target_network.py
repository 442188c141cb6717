"""Network, time and proxy as the machine that is set up saw them, judged by rows of the real catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from tests.checks.target import clock, judged_as_planned, pick
from tests.checks.test_judges_network import item
from wizard.checks.catalogue import load


def adapter(*addresses: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Ethernet0",
        "description": "vmxnet3 Ethernet Adapter",
        "dhcp": False,
        "physical": True,
        "ipv4": [{"address": address, "prefix": 24} for address in addresses],
        "gateways": ["10.0.0.1"],
        "dns": ["10.0.0.2"],
        **changes,
    }


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize(
    ("adapters", "status", "words"),
    [
        ([adapter("10.0.0.10")], "pass", "has the static address 10.0.0.10"),
        ([adapter("10.0.1.7"), adapter("10.0.0.9", "10.0.0.10")], "pass", "has the static address"),
        ([adapter("10.0.0.10", dhcp=True)], "fail", "of “Ethernet0” comes from DHCP"),
        ([adapter("10.0.0.11")], "fail", "No network adapter of the machine has the address 10.0.0.10"),
        ([], "fail", "No network adapter of the machine"),
    ],
)
def test_the_planned_address_must_be_on_an_adapter_and_not_from_dhcp(
    phase: str, adapters: list[Any], status: str, words: str
):
    finding = judged_as_planned("NET-01", {"host.network.adapters": adapters}, phase=phase)
    assert (finding.status, words in str(finding.summary)) == (status, True)


def test_a_plan_that_is_wrong_in_itself_is_wrong_on_the_machine_too():
    facts = {"host.network.adapters": [adapter("10.0.0.10")], "identity.gateway": "10.0.1.1"}
    assert "not in the subnet" in str(judged_as_planned("NET-01", facts).summary)


@pytest.mark.parametrize(
    ("adapters", "status"),
    [
        ([adapter()], "pass"),
        ([adapter(), adapter(description="Intel(R) 82574L")], "warn"),
        ([adapter(), adapter(description="Hyper-V Virtual Adapter", physical=False)], "pass"),
        ([], "warn"),
    ],
)
def test_adapters_of_a_virtual_machine_are_vmxnet3(adapters: list[Any], status: str):
    vmware = frozenset({"manual", "vmware_host"})
    finding = judged_as_planned("NET-02", {"host.network.adapters": adapters}, circumstances=vmware)
    assert finding.status == status


def test_adapters_of_a_physical_machine_may_be_of_any_kind():
    rows = load("asr-classic").select(
        components={"cs"}, circumstances={"manual", "physical_host"}, method="manual", phase="before"
    )
    assert "NET-02" not in {row.id for row in rows}


@pytest.mark.parametrize(
    ("adapters", "status"),
    [
        ([adapter("10.0.0.10")], "pass"),
        ([adapter("10.0.0.10"), adapter("10.0.1.10")], "pass"),
        ([adapter("10.0.0.10"), adapter("10.0.1.10"), adapter("10.0.2.10")], "warn"),
        ([adapter("10.0.0.10"), adapter(), adapter()], "pass"),
        ([adapter()], "warn"),
    ],
)
def test_adapters_with_an_address_are_counted(adapters: list[Any], status: str):
    assert judged_as_planned("NET-03", {"host.network.adapters": adapters}).status == status


@pytest.mark.parametrize(
    ("adapters", "status"),
    [
        ([adapter("10.0.0.10")], "pass"),
        ([adapter("169.254.7.7")], "fail"),
        ([adapter("10.0.0.10", physical=False)], "fail"),
        ([adapter()], "fail"),
    ],
)
def test_a_physical_adapter_needs_an_address_that_others_reach(adapters: list[Any], status: str):
    assert judged_as_planned("NET-07", {"host.network.adapters": adapters}).status == status


def listener(port: int, address: str = "0.0.0.0", process: str = "nginx") -> dict[str, Any]:
    return {"port": port, "address": address, "process": process}


@pytest.mark.parametrize(
    ("listeners", "before", "after"),
    [
        ([], "pass", "fail"),
        ([listener(443)], "fail", "pass"),
        ([listener(443, "127.0.0.1")], "fail", "fail"),
        ([listener(443, "[::]", "")], "fail", "pass"),
        ([listener(8443)], "pass", "fail"),
    ],
)
def test_port_443_is_free_before_and_answers_after(listeners: list[Any], before: str, after: str):
    facts = {"host.network.listeners": listeners}
    assert judged_as_planned("NET-04", facts).status == before
    assert judged_as_planned("NET-04", facts, phase="after").status == after


def test_who_took_the_port_is_named():
    finding = judged_as_planned(
        "NET-04", {"host.network.listeners": [listener(443), listener(443, "::", "")]}
    )
    assert str(finding.summary) == "Port 443 is taken by nginx."
    assert str(finding.observed) == "0.0.0.0:443 nginx, :::443"


@pytest.mark.parametrize(
    ("port", "listeners", "status"),
    [
        (9443, [], "pass"),
        (9443, [listener(9443)], "fail"),
        (9433, [], "warn"),
        (9433, [listener(9433)], "fail"),
        (443, [], "fail"),
    ],
)
def test_the_data_port_is_another_than_443_and_free(port: int, listeners: list[Any], status: str):
    facts = {"identity.data_port": port, "host.network.listeners": listeners}
    assert judged_as_planned("NET-05", facts, component="ps_builtin").status == status


def test_the_data_port_answers_after_the_setup():
    facts = {"identity.data_port": 9444, "host.network.listeners": [listener(9444, process="cxps")]}
    assert judged_as_planned("NET-05", facts, component="ps_scaleout", phase="after").status == "pass"


def peer(name: str, tcp: bool = True, tls: bool | None = True, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "host": f"{name}.test",
        "port": 443,
        "tcp": tcp,
        "tls": tls,
        "error": None,
        **changes,
    }


@pytest.mark.parametrize(
    ("peers", "status"),
    [
        ([peer("cs")], "pass"),
        ([peer("cs", tls=None)], "pass"),
        ([peer("cs", tls=False)], "fail"),
        ([peer("cs", tcp=False, tls=None, error="timed out")], "fail"),
        ([peer("vcenter")], "unknown"),
        ([peer("csx")], "unknown"),
    ],
)
def test_a_process_server_must_reach_its_configuration_server(peers: list[Any], status: str):
    finding = judged_as_planned("NET-08", {"host.reach.peers": peers}, component="ps_scaleout")
    assert finding.status == status


def test_each_closed_port_of_an_esxi_host_is_named():
    peers = [
        peer("esxi:esx1", host="esx1.test"),
        peer("esxi:esx1", host="esx1.test", port=902, tcp=False, tls=None, error="refused"),
    ]
    finding = judged_as_planned(
        "NET-10", {"mt_linux.reach.peers": peers}, component="mt_linux", phase="after"
    )
    assert finding.status == "warn"
    assert str(finding.summary) == "The machine cannot reach esx1.test:902."
    assert [str(detail) for detail in finding.details] == ["esx1.test:902: refused"]


OWN_WAY = {"address": "vcenter.test", "port": 443, "reached": True, "detail": item("x")["detail"]}


@pytest.mark.parametrize(
    ("own", "peers", "status"),
    [
        (True, [peer("vcenter")], "pass"),
        (True, [peer("vcenter", tcp=False, tls=None)], "fail"),
        (False, [peer("vcenter")], "fail"),
        (True, None, "unknown"),
        (True, [], "unknown"),
    ],
)
def test_both_this_server_and_the_machine_must_reach_vcenter(own: bool, peers: Any, status: str):
    facts: dict[str, Any] = {"vcenter.reach": {**OWN_WAY, "reached": own}}
    if peers is not None:
        facts["host.reach.peers"] = peers
    assert judged_as_planned("NET-11", facts, component="vcenter").status == status


def named(name: str, *addresses: str, error: str | None = None) -> dict[str, Any]:
    return {"name": name, "addresses": list(addresses), "error": error}


@pytest.mark.parametrize(
    ("found", "status"),
    [
        ([named("CS01.site.test", "10.0.0.10"), named("10.0.0.10", "cs01.site.test.")], "pass"),
        ([named("cs01.site.test", "10.0.0.11"), named("10.0.0.10", "cs01.site.test")], "warn"),
        ([named("cs01.site.test", "10.0.0.10"), named("10.0.0.10", error="no such name")], "warn"),
        ([named("cs01.site.test", "10.0.0.10")], "warn"),
    ],
)
def test_the_machine_itself_finds_its_name_and_its_address(found: list[Any], status: str):
    assert judged_as_planned("NET-12", {"host.reach.dns": found}).status == status


def test_a_machine_with_another_name_than_planned_is_told_so():
    finding = judged_as_planned("NET-12", {"host.reach.dns": [named("win-7f3k", "10.0.0.10")]})
    assert [str(detail) for detail in finding.details] == [
        "cs01.site.test is not among the machine's own names and addresses.",
        "10.0.0.10 is not among the machine's own names and addresses.",
    ]


def test_what_the_machine_was_told_by_dns_is_repeated():
    found = [named("cs01.site.test", "10.0.0.10"), named("10.0.0.10", error="DNS name does not exist")]
    assert [str(detail) for detail in judged_as_planned("NET-12", {"host.reach.dns": found}).details] == [
        "DNS name does not exist"
    ]


@pytest.mark.parametrize(
    ("mode", "name", "addresses", "status"),
    [
        ("fqdn", "app.site.test", ["10.0.0.10"], "pass"),
        ("fqdn", "app.site.test", [], "fail"),
        ("fqdn", "app.site.test", ["10.0.0.10", "10.0.0.11"], "fail"),
        ("fqdn", "app", ["10.0.0.10"], "fail"),
        ("ip", "app", [], "pass"),
    ],
)
def test_an_appliance_that_is_found_by_name_has_one_stable_name(
    mode: str, name: str, addresses: list[str], status: str
):
    facts = {
        "appliance.connectivity": mode,
        "identity.fqdn": name,
        "dns.forward": {"name": name, "addresses": addresses, "error": None},
    }
    finding = judged_as_planned("NET-13", facts, component="appliance", profile="asr-modernized")
    assert finding.status == status


@pytest.mark.parametrize(
    ("mode", "several", "status"),
    [("fqdn", True, "pass"), ("fqdn", False, "pass"), ("ip", False, "pass"), ("ip", True, "warn")],
)
def test_machines_in_several_subnets_need_a_name(mode: str, several: bool, status: str):
    facts = {"appliance.connectivity": mode, "appliance.several_subnets": several}
    finding = judged_as_planned("NET-14", facts, component="appliance", profile="asr-modernized")
    assert finding.status == status


@pytest.mark.parametrize(
    ("entries", "addresses", "status"),
    [
        (
            [named("mt01", "10.0.0.20"), named("MT01.site.test", "10.0.1.20")],
            ["10.0.0.20", "10.0.1.20"],
            "pass",
        ),
        ([named("mt01", "10.0.0.20")], ["10.0.0.20", "10.0.1.20"], "fail"),
        ([named("mt01", "127.0.1.1")], ["10.0.0.20"], "fail"),
        ([named("other", "10.0.0.20")], ["10.0.0.20"], "fail"),
        ([named("mt01", "10.0.0.20")], ["10.0.0.20", "fe80::1", "127.0.0.1"], "pass"),
        ([], [], "fail"),
    ],
)
def test_the_hosts_file_names_every_address_of_the_master_target(
    entries: list[Any], addresses: list[str], status: str
):
    facts = {
        "mt_linux.network.hosts_file": entries,
        "mt_linux.network.addresses": addresses,
        "mt_linux.identity.computer_name": "mt01.site.test",
    }
    assert judged_as_planned("NET-17", facts, component="mt_linux", phase="after").status == status


@pytest.mark.parametrize(
    ("servers", "status", "words"),
    [
        ([clock("a", 0.2), clock("b", -0.1)], "pass", "shows real time"),
        ([clock("a", -301.0)], "fail", "is +301 s from real time"),
        ([clock("a", 300.0)], "warn", "is -300 s from real time"),
        ([clock("a", 61.0), clock("b", None, "timed out")], "warn", "is -61 s from real time"),
        ([clock("a", 0.0), clock("b", 70.0)], "warn", "disagree by 70 s"),
        ([clock("a", None, "timed out")], "unknown", "real time is not known"),
        ([], "unknown", "real time is not known"),
    ],
)
def test_the_clock_of_the_machine_is_held_against_real_time(servers: list[Any], status: str, words: str):
    finding = judged_as_planned("TIME-01", {"host.time.ntp": servers})
    assert (finding.status, words in str(finding.summary)) == (status, True), str(finding.summary)
    assert finding.owner == "windows"


@pytest.mark.parametrize(
    ("servers", "status"),
    [
        ([clock("a", 0.0)], "pass"),
        ([clock("a", 0.0), clock("b", None, "timed out")], "warn"),
        ([clock("a", None)], "warn"),
    ],
)
def test_time_servers_answer_the_machine(servers: list[Any], status: str):
    assert judged_as_planned("TIME-03", {"host.time.ntp": servers}).status == status


SETTINGS: dict[str, Any] = {
    "host.proxy.winhttp": "http=proxy.site.test:3128;https=proxy.site.test:3128",
    "host.proxy.system": {"enabled": True, "server": "Proxy.site.test:3128", "bypass": "*.site.test;<local>"},
    "host.proxy.site_recovery": {
        "address": "http://proxy.site.test",
        "port": 3128,
        "bypass": "vcenter.site.test",
    },
    "host.proxy.backup_agent": {"server": "http://proxy.site.test/", "port": 3128},
}


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({}, []),
        ({"host.proxy.winhttp": None}, ["Windows services (WinHTTP)"]),
        (
            {"host.proxy.system": {"enabled": False, "server": "proxy.site.test:3128", "bypass": ""}},
            ["the account SYSTEM"],
        ),
        (
            {"host.proxy.backup_agent": {"server": "proxy.site.test", "port": 8080}},
            ["Recovery Services agent"],
        ),
        ({"host.proxy.site_recovery": None}, ["Site Recovery Provider"]),
    ],
)
def test_every_place_that_keeps_a_proxy_keeps_the_same(changes: dict[str, Any], places: list[str]):
    proxied = frozenset({"proxy", "vcenter"})
    finding = judged_as_planned("PRX-03", {**SETTINGS, **changes}, phase="after", circumstances=proxied)
    assert finding.status == ("warn" if places else "pass")
    assert [str(detail).partition(": ")[0] for detail in finding.details] == places


def test_before_the_setup_only_windows_can_have_a_proxy():
    row = pick("PRX-03", circumstances=frozenset({"proxy"}))
    assert row.facts == ("identity.proxy", "host.proxy.winhttp", "host.proxy.system")


@pytest.mark.parametrize(
    ("system", "provider", "status"),
    [
        ("*.site.test;<local>", "vcenter.site.test", "pass"),
        ("VCENTER.site.test", "https://vcenter.site.test", "pass"),
        ("", "vcenter.site.test", "fail"),
        ("*.site.test", "esx1.site.test", "fail"),
        ("<local>", "vcenter.site.test", "fail"),
    ],
)
def test_vcenter_is_among_the_exceptions_of_the_proxy(system: str, provider: str, status: str):
    facts = {
        "vcenter.reach": {**OWN_WAY, "address": "vcenter.site.test"},
        "host.proxy.system": {**SETTINGS["host.proxy.system"], "bypass": system},
        "host.proxy.site_recovery": {**SETTINGS["host.proxy.site_recovery"], "bypass": provider},
    }
    finding = judged_as_planned("PRX-04", facts, phase="after", circumstances=frozenset({"proxy", "vcenter"}))
    assert finding.status == status


def test_where_no_proxy_is_set_nothing_stands_between_the_machine_and_vcenter():
    facts = {
        "vcenter.reach": {**OWN_WAY, "address": "vcenter.site.test"},
        "host.proxy.system": {"enabled": False, "server": "", "bypass": ""},
        "host.proxy.site_recovery": None,
    }
    finding = judged_as_planned("PRX-04", facts, phase="after", circumstances=frozenset({"proxy", "vcenter"}))
    assert finding.status == "pass"


@pytest.mark.parametrize(("vault", "status"), [("vault-lyon", "pass"), (None, "fail"), ("", "fail")])
def test_the_server_is_registered_in_a_vault(vault: str | None, status: str):
    assert (
        judged_as_planned("INST-02", {"host.site_recovery.registered_vault": vault}, phase="after").status
        == status
    )
