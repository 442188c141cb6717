"""What collectors really hand in, judged as a whole on the manual path."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.checks.builders import NOW
from tests.hosts.signing import document, signed
from wizard.checks.catalogue import load
from wizard.checks.engine import FactSheet, Finding, judge_all
from wizard.hosts.document import Observed, read

ANSWERS: dict[str, Any] = {
    "today": date(2026, 11, 22),
    "capacity.vcpu": 8,
    "capacity.memory_gb": 16,
    "capacity.cache_gb": 600,
    "installation.mysql": "download",
    "topology.bios_uuids": {},
}
MANUAL = frozenset({"cs", "manual", "physical", "physical_host"})
OURS = ("HW-", "OS-", "POL-", "IIS-", "SEC-", "SW-", "SVC-")


def collected(name: str, subject: str = "host", drive: str = "D:") -> FactSheet:
    sheet = FactSheet()
    for key, fact in read(signed(document(name))).facts.items():
        if isinstance(fact, Observed):
            sheet.known(f"{subject}.{key}", fact.value, observed_from=name, at=NOW)
        else:
            sheet.missing(f"{subject}.{key}", fact.reason, observed_from=name, at=NOW)
    for key, value in {**ANSWERS, "installation.install_drive": drive}.items():
        sheet.known(key, value, observed_from="Foothold", at=NOW)
    return sheet


def findings_of(
    name: str, profile: str = "asr-classic", component: str = "cs", phase: str = "before", drive: str = "D:"
) -> dict[str, Finding]:
    rows = load(profile).select(
        components={component}, circumstances=MANUAL | {component}, method="manual", phase=phase
    )
    wanted = [row for row in rows if row.kind == "probe" and row.id.startswith(OURS)]
    sheet = collected(name, "mt_linux" if component == "mt_linux" else "host", drive)
    return {item.requirement_id: item for item in judge_all(wanted, sheet, now=NOW)}


def with_status(findings: dict[str, Finding], *statuses: str) -> set[str]:
    return {name for name, finding in findings.items() if finding.status in statuses}


@pytest.mark.parametrize("name", ["2016", "2012r2"])
def test_a_healthy_machine_passes_as_a_whole(name: str):
    findings = findings_of(name)
    assert len(findings) >= 38
    assert with_status(findings, "fail", "unknown", "skipped", "warn") == set(), {
        key: str(finding.summary) for key, finding in findings.items() if finding.status != "pass"
    }


@pytest.mark.parametrize(
    ("name", "failing", "unknown"),
    [
        ("2019", {"OS-01"}, set()),
        # Somebody made a web server of it as well.
        ("domain-controller", {"OS-05", "OS-06", "IIS-01", "IIS-02"}, set()),
        ("core", {"OS-02"}, {"SW-11"}),
        ("german", {"OS-04"}, set()),
    ],
)
def test_a_machine_that_does_not_fit_fails_for_its_own_reasons_and_no_other(
    name: str, failing: set[str], unknown: set[str]
):
    findings = findings_of(name, drive="E:" if name == "2019" else "D:")
    assert with_status(findings, "fail") == failing, {
        key: str(finding.summary) for key, finding in findings.items() if finding.status != "pass"
    }
    assert with_status(findings, "unknown", "skipped") == unknown


def test_broken_wmi_leaves_things_unknown_and_nothing_of_it_passes():
    findings = findings_of("broken-wmi")
    unknown = with_status(findings, "unknown", "skipped")
    assert {"HW-01", "HW-02", "HW-04", "OS-01", "OS-04", "OS-05", "OS-06", "OS-10", "IIS-02"} <= unknown
    assert "WMI Win32_ComputerSystem: Invalid class" in str(findings["HW-01"].summary)
    assert findings["POL-01"].status == findings["SEC-01"].status == "pass", "what was read is judged"
    seen = collected("broken-wmi").values()
    rows = load("asr-classic").select(method="manual", phase="before")
    passed = with_status(findings, "pass")
    assert all(set(row.facts) <= seen.keys() for row in rows if row.id in passed)


def test_windows_2022_is_for_the_appliance():
    assert findings_of("2022")["OS-01"].status == "fail"
    findings = findings_of("2022", "asr-modernized", "appliance")
    assert with_status(findings, "fail", "unknown") == set(), {
        key: str(finding.summary) for key, finding in findings.items() if finding.status != "pass"
    }


def test_a_linux_master_target_passes_and_one_that_is_too_new_fails():
    assert (
        with_status(findings_of("linux-mt", component="mt_linux", phase="after"), "fail", "unknown", "warn")
        == set()
    )
    failing = with_status(findings_of("linux-too-new", component="mt_linux", phase="after"), "fail")
    assert {"OS-15", "OS-16", "OS-17", "OS-18"} <= failing
