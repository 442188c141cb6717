from __future__ import annotations

from typing import Any

import pytest

from tests.checks.target import judged, program

HEALTHY_IDS = [*(f"OS-{number:02}" for number in (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 14))]
EVALUATION = "Windows(R), ServerStandardEval edition, TIMEBASED_EVAL channel"
WINDOWS_2019 = {"os.build": 17763, "os.caption": "Microsoft Windows Server 2019 Standard"}
WINDOWS_2022 = {"os.build": 20348, "os.caption": "Microsoft Windows Server 2022 Standard"}
APPLIANCE = {"profile": "asr-modernized", "component": "appliance"}


def licence(status: int, days: float, description: str = "") -> dict[str, Any]:
    return {"os.licence": {"status": status, "grace_minutes": int(days * 1440), "description": description}}


@pytest.mark.parametrize("requirement_id", HEALTHY_IDS)
def test_a_healthy_windows_passes(requirement_id: str):
    finding = judged(requirement_id)
    assert finding.status == "pass", finding.summary
    assert not finding.remedy


@pytest.mark.parametrize(
    ("requirement_id", "changes", "status", "words"),
    [
        ("OS-01", {"os.build": 9600, "os.caption": "Windows Server 2012 R2"}, "pass", "2012 R2 is supported"),
        ("OS-01", WINDOWS_2019, "fail", "Microsoft Windows Server 2019 Standard is not supported."),
        ("OS-01", WINDOWS_2022, "fail", "2022 Standard is not supported."),
        ("OS-01", {"os.product_type": 1, "os.caption": "Windows 10 Pro"}, "fail", "not a server edition"),
        ("OS-02", {"os.installation_type": "Server Core"}, "fail", "“Server Core”"),
        ("OS-02", {"os.installation_type": "Nano Server"}, "fail", "“Nano Server”"),
        ("OS-04", {"os.system_locale": "en-GB"}, "warn", "not in US English"),
        ("OS-04", {"os.install_language": "0809"}, "warn", "not in US English"),
        ("OS-04", {"os.language": 2057}, "warn", "not in US English"),
        ("OS-04", {"os.system_locale": "de-DE"}, "fail", "not in English"),
        ("OS-04", {"os.language": 1031}, "fail", "not in English"),
        ("OS-04", {"os.install_language": "0407"}, "fail", "not in English"),
        ("OS-04", {"os.install_language": "english"}, "unknown", "not a Windows language number"),
        ("OS-05", {"identity.domain_role": 4}, "fail", "is a domain controller"),
        ("OS-05", {"identity.domain_role": 5}, "fail", "is a domain controller"),
        ("OS-05", {"roles.installed": ["ad-domain-services"]}, "fail", "Active Directory Domain Services"),
        ("OS-06", {"roles.installed": ["Web-Server"]}, "fail", "The role Web-Server is installed."),
        ("OS-07", {"roles.installed": ["Hyper-V"]}, "fail", "The role Hyper-V is installed."),
        ("OS-08", {"identity.fqdn": "configuration-server-1.site.test"}, "fail", "has 22 characters"),
        ("OS-08", {"identity.fqdn": "", "identity.computer_name": ""}, "fail", "has 0 characters"),
        ("OS-08", {"identity.fqdn": ".site.test"}, "pass", "“CS01” can be"),
        ("OS-09", {"os.is_administrator": False}, "fail", "SITE\\setup is not a local administrator."),
        ("OS-09", {"os.elevated": False}, "fail", "was not opened as one"),
        (
            "OS-10",
            {"topology.bios_uuids": {"{4c4c4544-0042-3510-8054-b4c04f4d3532}": "Lyon"}},
            "fail",
            "“Lyon” has a machine with the same UUID",
        ),
        (
            "OS-10",
            {"topology.bios_uuids": {"4C4C4544-0000-0000-0000-000000000000": "Lyon"}},
            "pass",
            "No other",
        ),
        ("OS-10", {"identity.bios_uuid": "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"}, "unknown", "no UUID"),
        ("OS-11", {"software.installed": [program("SQL Server 2017", "14.0")]}, "warn", "does not need: 1"),
        ("OS-14", {"os.pending_reboot": ["Windows Update"]}, "warn", "waits for a restart"),
    ],
)
def test_another_windows_is_told_what_differs(
    requirement_id: str, changes: dict[str, Any], status: str, words: str
):
    finding = judged(requirement_id, changes)
    assert finding.status == status
    assert words in str(finding.summary)
    assert bool(finding.remedy) is (status != "pass")


def test_a_program_that_does_not_belong_is_named_with_its_version():
    finding = judged(
        "OS-11", {"software.installed": [program("SQL Server 2017", "14.0"), program("VMware Tools")]}
    )
    assert [str(detail) for detail in finding.details] == ["SQL Server 2017 14.0"]


@pytest.mark.parametrize(
    ("changes", "status", "observed"),
    [
        (licence(1, 0), "pass", "activated"),
        (licence(1, 170, "VOLUME_KMSCLIENT channel"), "pass", "activated"),
        (licence(1, 31, EVALUATION), "pass", "days left: 31"),
        (licence(1, 30, EVALUATION), "warn", "days left: 30"),
        (licence(1, 0.9, EVALUATION), "fail", "not activated"),
        (licence(2, 12), "warn", "days left: 12"),
        (licence(5, 12), "fail", "not activated"),
        (licence(0, 60), "fail", "not activated"),
    ],
)
def test_days_of_an_evaluation_count(changes: dict[str, Any], status: str, observed: str):
    finding = judged("OS-03", changes, phase="after", method="ova")
    assert (finding.status, str(finding.observed)) == (status, observed)


@pytest.mark.parametrize(
    ("requirement_id", "changes", "phase", "status"),
    [
        ("OS-12", WINDOWS_2022, "before", "pass"),
        ("OS-12", WINDOWS_2019, "before", "fail"),
        ("OS-12", WINDOWS_2019, "after", "warn"),
        ("OS-12", {}, "before", "fail"),
        ("OS-13", {}, "before", "pass"),
        ("OS-13", {"os.system_locale": "en-IE"}, "before", "pass"),
        ("OS-13", {"os.system_locale": "fr-FR"}, "before", "fail"),
        ("OS-13", {"os.install_language": "?"}, "before", "unknown"),
        ("OS-13", {"roles.installed": ["Web-Server"]}, "before", "fail"),
        ("OS-13", {"roles.installed": ["Web-Server"]}, "after", "pass"),
        ("OS-13", {"identity.domain_role": 5}, "after", "fail"),
    ],
)
def test_an_appliance_has_a_windows_of_its_own(
    requirement_id: str, changes: dict[str, Any], phase: str, status: str
):
    assert judged(requirement_id, changes, phase=phase, **APPLIANCE).status == status


RELEASE = {"id": "ubuntu", "version_id": "16.04", "pretty_name": "Ubuntu 16.04.2 LTS"}


@pytest.mark.parametrize(
    ("requirement_id", "changes", "status"),
    [
        *((name, {}, "pass") for name in ("HW-15", "OS-15", "OS-16", "OS-17", "OS-18", "SW-12", "SW-13")),
        ("HW-15", {"mt_linux.hardware.logical_processors": 2}, "warn"),
        ("HW-15", {"mt_linux.hardware.disks": []}, "warn"),
        ("HW-15", {"mt_linux.hardware.mounts": []}, "warn"),
        ("OS-15", {"mt_linux.os.release": {**RELEASE, "version_id": "22.04"}}, "fail"),
        ("OS-15", {"mt_linux.os.release": {**RELEASE, "id": "centos", "version_id": "6.6"}}, "warn"),
        ("OS-15", {"mt_linux.identity.architecture": "i686"}, "fail"),
        ("OS-16", {"mt_linux.os.kernel": "4.4.0-81-generic"}, "pass"),
        ("OS-16", {"mt_linux.os.kernel": "4.4.0-82-generic"}, "fail"),
        ("OS-16", {"mt_linux.os.kernel": "4.10.0-24-generic"}, "pass"),
        ("OS-16", {"mt_linux.os.kernel": "4.9.1-1-generic"}, "fail"),
        ("OS-16", {"mt_linux.os.kernel": "custom"}, "unknown"),
        ("OS-17", {"mt_linux.os.automatic_updates": True}, "fail"),
        ("OS-18", {"mt_linux.hardware.mounts": []}, "unknown"),
        ("SW-12", {"mt_linux.services.states": [{"name": "open-vm-tools", "state": "inactive"}]}, "fail"),
        ("SW-12", {"mt_linux.services.states": []}, "fail"),
        ("SW-13", {"mt_linux.packages.installed": ["lvm2"]}, "fail"),
    ],
)
def test_a_linux_master_target_has_rules_of_its_own(
    requirement_id: str, changes: dict[str, Any], status: str
):
    assert judged(requirement_id, changes, phase="after", component="mt_linux").status == status


def test_a_root_file_system_on_lvm_fails():
    root = {
        "target": "/",
        "source": "/dev/mapper/vg-root",
        "file_system": "ext4",
        "size_bytes": 1,
        "free_bytes": 1,
        "lvm": True,
    }
    where = {"phase": "after", "component": "mt_linux"}
    finding = judged("OS-18", {"mt_linux.hardware.mounts": [root]}, **where)
    assert (finding.status, str(finding.observed)) == ("fail", "/dev/mapper/vg-root")
