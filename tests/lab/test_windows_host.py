"""What the lab's Windows machines are: ready for what they are to become, or not, before and after setup."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

import pytest

from tests.hosts.far_hosts import to
from wizard.checks.catalogue import load
from wizard.checks.endpoints import endpoints
from wizard.checks.facts import FactSheet
from wizard.checks.findings import judge_all
from wizard.hosts.collector import CollectorOrder, Peer, powershell
from wizard.hosts.connection import open_host
from wizard.hosts.document import HostDocument, Observed, Unobserved, read
from wizard.hosts.install_protocol import INSTALLED, read_line, start_command
from wizard.lab.windows_host import SCENARIOS, WindowsHost

KINDS = [
    ("healthy", "asr-classic", "cs"),
    ("process_server", "asr-classic", "ps_scaleout"),
    ("appliance", "asr-modernized", "appliance"),
]
ANSWERS = {
    "identity.address": "192.0.2.11",
    "identity.netmask": "255.255.255.0",
    "identity.gateway": "192.0.2.1",
    "identity.data_port": 9443,
    "identity.proxy": None,
    "installation.install_drive": "D:",
    "installation.mysql": "download",
    "installation.cs_address": "cs01.lab.test",
    "capacity.vcpu": 8,
    "capacity.memory_gb": 16,
    "capacity.cache_gb": 600,
    "appliance.connectivity": "fqdn",
    "appliance.several_subnets": False,
    "topology.bios_uuids": {},
}


def collect(
    host: WindowsHost, component: str = "cs", *, profile: str = "asr-classic", **changes: Any
) -> HostDocument:
    """Facts as the product gets them: by the real script, over real WinRM."""
    there = endpoints(profile, "public", "manual")
    order = CollectorOrder(
        nonce="0123456789abcdef" * 2,
        key=b"k" * 32,
        deployment=str(uuid4()),
        component=component,
        **(
            {
                "peers": (
                    Peer(name="cs", host="cs01.lab.test", port=443),
                    Peer(name="vcenter", host="vcenter.lab.test", port=443),
                    Peer(name="esxi:esx-01", host="esx-01.lab.test", port=902),
                ),
                "time_servers": ("time.windows.com",),
                "endpoints": tuple(
                    dict.fromkeys((end.probe_host, end.port) for end in there if end.probe_host)
                ),
            }
            | changes
        ),
    )
    with open_host(to(host)) as session:
        document = read(session.run_script(powershell(order), deadline_s=20).stdout.encode())
    document.verify(order.key)
    return document


def findings(
    document: HostDocument, profile: str, component: str, phase: Literal["before", "after"]
) -> dict[str, str]:
    """Requirement ids and statuses, of all that read something from the machine and nothing that only this server saw."""
    sheet = FactSheet()
    for key, fact in document.facts.items():
        if isinstance(fact, Observed):
            sheet.known(f"host.{key}", fact.value, observed_from="lab")
        else:
            sheet.missing(f"host.{key}", fact.reason)
    name = document.facts["identity.fqdn"]
    assert isinstance(name, Observed)
    extra = ANSWERS | {"identity.fqdn": name.value, "today": datetime.now(UTC).date()}
    for key, value in extra.items():
        sheet.known(key, value, observed_from="answers")
    rows = load(profile).select(
        components={component},
        circumstances={component, "manual", "physical"},
        method="manual",
        phase=phase,
        cloud="public",
    )
    asked = [
        row
        for row in rows
        if any(fact.startswith("host.") for fact in row.facts) and "urls.reach" not in row.facts
    ]
    return {
        finding.requirement_id: finding.status for finding in judge_all(asked, sheet, now=datetime.now(UTC))
    }


@pytest.mark.parametrize(("scenario", "profile", "component"), KINDS)
def test_a_healthy_machine_meets_every_requirement_before_and_after_setup(
    scenario: str, profile: str, component: str
) -> None:
    with WindowsHost(scenario) as host:
        before = findings(collect(host, component, profile=profile), profile, component, "before")
        with open_host(to(host)) as session:
            session.run_script(start_command("C:\\Temp\\Foothold", "Install.ps1"), deadline_s=20)
        after = findings(collect(host, component, profile=profile), profile, component, "after")
    assert len(before) >= 10
    assert len(after) >= 10
    assert {id_: status for id_, status in {**before, **after}.items() if status != "pass"} == {}


def test_the_machine_that_needs_work_has_more_than_a_dozen_failures_and_something_unknown() -> None:
    with WindowsHost("needs_work") as host:
        found = findings(collect(host), "asr-classic", "cs", "before")
    failed = {id_ for id_, status in found.items() if status in ("fail", "warn")}
    assert len(failed) > 12
    assert {"HW-01", "OS-04", "OS-06", "POL-04", "IIS-02", "SEC-01", "NET-01", "TIME-01"} <= failed
    assert found["POL-05"] == "unknown"


def test_what_is_not_there_before_setup_is_there_afterwards() -> None:
    with WindowsHost() as host:
        before = collect(host).facts
        with open_host(to(host)) as session:
            result = session.run_script(start_command("C:\\Temp\\Foothold", "Install.ps1"), deadline_s=20)
        after = collect(host).facts

    def value(facts: Any, key: str) -> Any:
        return facts[key].value

    lines = [line for text in result.stdout.splitlines() if (line := read_line(text))]
    assert result.exit_code == INSTALLED
    assert [line.number for line in lines if line.kind == "progress"][::9] == [0, 100]
    assert (lines[-1].kind, lines[-1].number) == ("result", INSTALLED)
    assert value(before, "site_recovery.products") == []
    ports = {item["port"] for item in value(after, "network.listeners")}
    assert {443, 9443} <= ports
    running = {item["name"] for item in value(after, "services.states") if item["state"] == "Running"}
    assert {"ProcessServer", "cxprocessserver", "svagents", "obengine", "W3SVC", "dra"} <= running
    assert value(after, "site_recovery.passphrase_file") is True
    ends = datetime.fromisoformat(value(after, "certificates.bound_443")["not_after"])
    assert timedelta(days=1090) < ends - datetime.now(UTC) < timedelta(days=1100)


def test_a_dry_run_changes_nothing() -> None:
    with WindowsHost() as host:
        with open_host(to(host)) as session:
            result = session.run_script(
                start_command("C:\\Temp\\Foothold", "Install.ps1", dry_run=True), deadline_s=20
            )
        products = collect(host).facts["site_recovery.products"]
    assert (result.exit_code, products) == (INSTALLED, Observed(value=[]))


def test_a_pending_restart_is_over_after_the_restart() -> None:
    with WindowsHost("reboots") as host:
        before = collect(host).facts
        with open_host(to(host), timeout_s=10) as session:
            session.restart(back_within_s=20)
        after = collect(host).facts
    assert before["os.pending_reboot"] == Observed(value=["Windows Update"])
    assert after["os.pending_reboot"] == Observed(value=[])
    assert before["os.last_boot"] != after["os.last_boot"]


def test_what_the_script_was_told_to_test_comes_back_as_reached() -> None:
    endpoints = (("login.microsoftonline.com", 443), ("it's.example", 80))
    peers = (Peer(name="vcenter", host="vc.lab.test", port=443), Peer(name="esxi:e1", host="e1", port=902))
    with WindowsHost() as host:
        facts = collect(
            host, endpoints=endpoints, peers=peers, time_servers=("time.nist.gov",), proxy="http://p:3128"
        ).facts
    found = {key: fact.value for key, fact in facts.items() if isinstance(fact, Observed)}
    assert [(item["host"], item["port"], item["tls"]) for item in found["reach.endpoints"]] == [
        ("login.microsoftonline.com", 443, True),
        ("it's.example", 80, False),
    ]
    assert all(item["via_proxy"] for item in found["reach.endpoints"])
    assert [(item["name"], item["port"], item["tls"]) for item in found["reach.peers"]] == [
        ("vcenter", 443, True),
        ("esxi:e1", 902, None),
    ]
    assert [item["server"] for item in found["time.ntp"]] == ["time.nist.gov"]
    assert (found["proxy.winhttp"], found["proxy.system"]["server"]) == ("p:3128", "p:3128")
    assert found["reach.dns"] == [
        {"name": "healthy.lab.test", "addresses": ["192.0.2.11"], "error": None},
        {"name": "192.0.2.11", "addresses": ["healthy.lab.test"], "error": None},
    ]


def test_a_test_can_change_single_facts() -> None:
    with WindowsHost(changes={"os.build": 17763, "crypto.fips_enabled": OSError("no access")}) as host:
        facts = collect(host).facts
    assert facts["os.build"] == Observed(value=17763)
    assert isinstance(facts["crypto.fips_enabled"], Unobserved)


def test_every_scenario_starts_under_a_name_that_can_be_one() -> None:
    for scenario in SCENARIOS:
        with WindowsHost(scenario) as host:
            assert "_" not in host.name
            assert host.describe()["port"] == host.port
