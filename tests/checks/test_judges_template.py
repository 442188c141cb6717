from __future__ import annotations

from typing import Any

import pytest

from wizard.checks.catalogue import load
from wizard.checks.judges import find_judge
from wizard.checks.verdict import Verdict

GB = 1024**3


def descriptor(**changes: Any) -> dict[str, Any]:
    """Microsoft's template as the OVF parser tells it."""
    return {
        "cpu_count": 8,
        "memory_mb": 16384,
        "disks": [{"capacity_bytes": size * GB} for size in (80, 600, 600)],
        "adapters": [{"network": "VM Network", "type": "VmxNet3"}],
        "controllers": [{"kind": "scsi", "type": "lsilogicsas"}, {"kind": "ide", "type": ""}],
        "guest_os": "Microsoft Windows Server 2016 (64-bit)",
        "guest_os_type": "windows9Server64Guest",
        "license_text": "Licence terms",
        "virtual_system_count": 1,
        **changes,
    }


def disks(*sizes_gb: float) -> dict[str, Any]:
    return descriptor(disks=[{"capacity_bytes": int(size * GB)} for size in sizes_gb])


def decide(
    requirement_id: str, template: dict[str, Any], profile: str = "asr-classic", **more: Any
) -> Verdict:
    """Judge a row of the real catalogue, with its own parameters, on the facts that it names."""
    row = load(profile).get(requirement_id)
    assert row is not None
    judge = find_judge(row.judge)
    assert judge is not None
    facts = {
        "template.descriptor": template,
        "capacity.vcpu": 8,
        "capacity.memory_gb": 16,
        "capacity.cache_gb": 300,
        **{key.replace("__", "."): value for key, value in more.items()},
    }
    return judge({key: facts[key] for key in row.facts}, row.params)


@pytest.mark.parametrize(
    "requirement_id",
    [
        "HW-01",
        "HW-02",
        "HW-03",
        "HW-04",
        "HW-06",
        "HW-10",
        "MT-07",
        "NET-02",
        "NET-03",
        "TPL-02",
        "TPL-03",
        "TPL-04",
    ],
)
def test_the_template_as_published_passes(requirement_id: str):
    verdict = decide(requirement_id, descriptor())
    assert verdict.status == "pass"
    assert verdict.summary
    assert verdict.observed
    assert verdict.expected


@pytest.mark.parametrize(
    ("requirement_id", "template", "status", "observed"),
    [
        ("HW-01", descriptor(cpu_count=7), "fail", "virtual processors: 7"),
        ("HW-02", descriptor(memory_mb=16383), "fail", "15.999 GB"),
        ("HW-03", disks(80), "fail", "disks: 1"),
        ("HW-03", disks(80, 600), "warn", "disks: 2"),
        ("HW-04", disks(80, 599.5, 100), "warn", "599.5 GB"),
        ("HW-04", disks(80, 300), "warn", "300 GB"),
        ("HW-04", disks(80, 299), "fail", "299 GB"),
        ("HW-04", disks(900), "fail", "no data disk"),
        ("HW-04", disks(80, 100, 600), "pass", "600 GB"),
        ("HW-06", disks(80, 600, 100), "fail", "100 GB"),
        ("HW-06", disks(80, 600), "fail", "no second data disk"),
        ("HW-10", disks(900), "fail", "disks: 1"),
        ("MT-07", descriptor(controllers=[{"kind": "scsi", "type": "VirtualSCSI"}]), "fail", "VirtualSCSI"),
        ("MT-07", descriptor(controllers=[]), "pass", "no SCSI controller"),
        ("NET-02", descriptor(adapters=[{"network": "a", "type": "E1000"}]), "fail", "E1000"),
        ("NET-02", descriptor(adapters=[{"network": "a", "type": "VMXNET3"}]), "pass", "VMXNET3"),
        ("NET-02", descriptor(adapters=[]), "fail", "no network adapter"),
        ("NET-03", descriptor(adapters=[{}] * 2), "pass", "network adapters: 2"),
        ("NET-03", descriptor(adapters=[{}] * 3), "fail", "network adapters: 3"),
        ("NET-03", descriptor(adapters=[]), "fail", "network adapters: 0"),
        ("TPL-02", descriptor(virtual_system_count=2), "fail", "virtual machines: 2"),
        ("TPL-03", descriptor(guest_os="Ubuntu", guest_os_type="ubuntu64Guest"), "fail", "Ubuntu"),
        (
            "TPL-03",
            descriptor(guest_os="", guest_os_type="windows9Server64Guest"),
            "pass",
            "windows9Server64Guest",
        ),
        ("TPL-03", descriptor(guest_os="", guest_os_type=""), "fail", "not named"),
        ("TPL-04", descriptor(license_text="  "), "fail", "no licence text"),
    ],
)
def test_another_template_is_told_what_differs(
    requirement_id: str, template: dict[str, Any], status: str, observed: str
):
    verdict = decide(requirement_id, template)
    assert (verdict.status, str(verdict.observed)) == (status, observed)


@pytest.mark.parametrize(
    ("requirement_id", "fact", "advised", "words"),
    [
        ("HW-01", "capacity__vcpu", 12, "12 are advised"),
        ("HW-02", "capacity__memory_gb", 18, "18 GB are advised"),
        ("HW-04", "capacity__cache_gb", 1024, "1024 GB are wanted"),
    ],
)
def test_less_than_the_sizing_advice_is_a_warning(requirement_id: str, fact: str, advised: int, words: str):
    verdict = decide(requirement_id, descriptor(), **{fact: advised})
    assert verdict.status == "warn"
    assert words in str(verdict.summary)
    assert str(advised) in str(verdict.expected)


@pytest.mark.parametrize(
    ("manifest", "status"),
    [
        ({"has_manifest": True, "verified": True, "has_certificate": False}, "pass"),
        ({"has_manifest": True, "verified": False, "has_certificate": False}, "fail"),
        ({"has_manifest": False, "verified": False, "has_certificate": False}, "warn"),
    ],
)
def test_a_manifest_vouches_for_the_template_or_not(manifest: dict[str, bool], status: str):
    assert decide("TPL-01", descriptor(), template__manifest=manifest).status == status


def test_a_certificate_beside_the_manifest_is_mentioned():
    manifest = {"has_manifest": True, "verified": True, "has_certificate": True}
    (detail,) = decide("TPL-01", descriptor(), template__manifest=manifest).details
    assert "certificate" in str(detail)


@pytest.mark.parametrize(("more", "status"), [(False, "pass"), (True, "fail")])
def test_further_process_servers_are_announced(more: bool, status: str):
    assert decide("CAP-01", descriptor(), capacity__needs_scaleout=more).status == status


@pytest.mark.parametrize(
    ("requirement_id", "template", "status"),
    [
        ("HW-12", descriptor(), "pass"),
        ("HW-13", descriptor(memory_mb=8192), "fail"),
        ("HW-14", disks(80, 619), "fail"),
        ("HW-14", disks(80, 620), "pass"),
    ],
)
def test_the_appliance_has_rules_of_its_own(requirement_id: str, template: dict[str, Any], status: str):
    assert decide(requirement_id, template, "asr-modernized").status == status


@pytest.mark.parametrize("requirement_id", ["HW-12", "HW-13"])
def test_a_small_template_of_the_appliance_is_not_measured_against_a_configuration_server(
    requirement_id: str,
):
    verdict = decide(requirement_id, descriptor(cpu_count=2, memory_mb=4096), profile="asr-modernized")
    assert verdict.status == "fail"
    assert "configuration server" not in str(verdict.summary)


def test_16_gb_of_appliance_memory_warn_where_the_older_text_asks_for_32():
    assert decide("HW-13", descriptor(), "asr-modernized", capacity__memory_gb=32).status == "warn"
