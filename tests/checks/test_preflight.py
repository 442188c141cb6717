"""The whole room at once: real probes against far ends, the rest of the facts as vSphere would tell them."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from typing import Any

from tests.checks.builders import NOW
from tests.checks.conftest import Authority
from tests.checks.test_judges_template import descriptor
from tests.checks.test_judges_vsphere import host, store
from tests.checks.test_network_collectors import Site
from wizard.checks.catalogue import load
from wizard.checks.engine import Collector, Finding, gate, gather, judge_all
from wizard.checks.network_collectors import network_collectors

ENTERED: dict[str, Any] = {
    "today": date(2026, 11, 22),
    "capacity.vcpu": 8,
    "capacity.memory_gb": 16,
    "capacity.cache_gb": 300,
    "capacity.needs_scaleout": False,
    "template.descriptor": descriptor(),
    "template.manifest": {"has_manifest": True, "verified": True, "has_certificate": False},
    "placement.disk_provisioning": "eagerZeroedThick",
    "placement.need_gb": 1300.0,
    "identity.host_name": "cs01",
    "identity.fqdn": "cs01.site.test",
    "identity.address": "10.0.0.10",
    "identity.netmask": "255.255.255.0",
    "identity.gateway": "10.0.0.1",
    "identity.data_port": 9443,
    "identity.proxy": None,
}
COMPONENTS = {"cs", "ps_builtin", "mobility", "vault", "vcenter", "esxi", "mt_builtin", "ps_failback"}
IN_VCENTER: dict[str, Any] = {
    "vcenter.signed_in": True,
    "vcenter.about": {"version": "8.0.2", "api_version": "8.0.2.0"},
    "vcenter.clock_offset_s": 0.4,
    "vcenter.certificate": {"not_after": "2027-11-22T00:00:00+00:00", "matches_host": True, "sha256": "AB"},
    "vcenter.privileges.discovery": [],
    "vcenter.privileges.full": [],
    "vcenter.privileges.ova": [],
    "placement.datastore": store(),
    "placement.hosts": [host()],
    "placement.network": {"name": "VM Network", "on_all_hosts": True},
    "placement.vm_name_taken": False,
}


def deliver(name: str, facts: dict[str, Any]) -> Collector:
    return Collector(
        name=name,
        provides=tuple(facts),
        collect=lambda known: facts,
        deadline_s=5,
        observed_from=name,
    )


def run(authority: Authority, in_vcenter: Collector) -> dict[str, Finding]:
    rows = load("asr-classic").select(
        components=COMPONENTS,
        circumstances={"cs", "ova", "vmware", "vmware_host", "vcenter", "failback"},
        method="ova",
        phase="before",
        cloud="public",
    )
    said = {"answer": "yes", "note": "", "by": "anna", "at": NOW}
    confirmed = {f"attested.{row.id}": said for row in rows if row.kind == "attested"}
    with ExitStack() as stack:
        site = Site(authority, stack, with_proxy=False)
        answers = deliver("answers", {**ENTERED, **confirmed})
        sheet = gather([answers, in_vcenter, *network_collectors(site.plan)])
    return {finding.requirement_id: finding for finding in judge_all(rows, sheet, now=NOW)}


def test_a_healthy_site_passes_everything_but_the_retirement(authority: Authority):
    findings = run(authority, deliver("vcenter.site.test", IN_VCENTER))
    assert {name for name, finding in findings.items() if finding.status != "pass"} == {"LIFE-01"}
    assert not gate(findings.values(), ()).blocked
    assert {"URL-01", "HW-01", "PLC-01", "AZ-01", "NET-11", "MT-07"} <= findings.keys()


def test_a_vcenter_that_goes_away_blocks_and_leaves_the_rest_judged(authority: Authority):
    def lose(known: object) -> dict[str, Any]:
        raise ConnectionError("gone")

    lost = Collector(
        name="inventory",
        provides=tuple(IN_VCENTER),
        collect=lose,
        deadline_s=5,
        observed_from="vcenter.site.test",
    )
    findings = run(authority, lost)
    assert findings["NET-11"].status == "pass"
    assert findings["VC-02"].status == "unknown"
    assert findings["PV-28"].status == findings["PLC-01"].status == findings["TIME-01"].status == "skipped"
    assert findings["PLC-05"].status == "skipped"
    assert findings["URL-01"].status == findings["HW-01"].status == "pass"
    decision = gate(findings.values(), ())
    assert decision.blocked
    assert {"VC-02", "PV-28", "PLC-01"} <= set(decision.blocking)
