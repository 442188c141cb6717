from __future__ import annotations

import csv
import io

from wizard.text import Text, verbatim
from wizard.topology.firewall import End, FirewallRule, as_csv, in_order
from wizard.topology.own_connections import OwnConnection, own_rules

VCENTER = OwnConnection(
    id="FH-VCENTER",
    target=End(name=verbatim("vcenter.lab.test"), address="vcenter.lab.test"),
    port=443,
    known_from=Text("Step"),
)
MACHINE = OwnConnection(
    id="FH-WINRM",
    target=End(name=verbatim("cs01"), address="192.0.2.10"),
    port=5986,
    known_from=Text("Step"),
    into_machine=True,
)


def host(*, only_tried: bool) -> OwnConnection:
    end = End(name=verbatim("esxi-01"), address="192.0.2.50")
    return OwnConnection(id="FH-ESXI", target=end, port=443, known_from=Text("Step"), only_tried=only_tried)


def test_what_foothold_opens_goes_from_foothold_and_says_what_it_follows_from() -> None:
    (rule,) = own_rules([VCENTER])
    assert (str(rule.source.name), rule.source.address) == ("Foothold", None)
    assert (rule.target.address, rule.protocol, rule.port) == ("vcenter.lab.test", "TCP", "443")
    assert (rule.needed_by, str(rule.known_from), rule.proved_by) == ("foothold", "Step", ())


def test_only_what_ends_at_the_machine_being_installed_comes_in() -> None:
    assert [rule.direction for rule in own_rules([VCENTER, MACHINE])] == ["between", "in"]


def test_the_same_connection_is_one_rule() -> None:
    assert len(own_rules([VCENTER, MACHINE, VCENTER])) == 2


def test_a_host_that_gets_no_disk_is_only_tried() -> None:
    (sent,), (tried,) = own_rules([host(only_tried=False)]), own_rules([host(only_tried=True)])
    assert "disks" in str(sent.why)
    assert "disks" not in str(tried.why)


def test_the_table_tells_them_from_what_site_recovery_needs() -> None:
    needed = FirewallRule(
        id="E05",
        source=End(name=verbatim("cs01"), address=None),
        target=VCENTER.target,
        protocol="TCP",
        port="443",
        direction="out",
        why=Text("Discovery"),
        proved_by=("NET-11",),
    )
    rules = in_order([needed, *own_rules([VCENTER, MACHINE])])
    lines = list(csv.DictReader(io.StringIO(as_csv(rules, {}))))
    assert [(line["Rule"], line["Needed by"], line["Known from"]) for line in lines] == [
        ("FH-WINRM", "Foothold", "Step"),
        ("E05", "Site Recovery", ""),
        ("FH-VCENTER", "Foothold", "Step"),
    ]
