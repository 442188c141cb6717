"""A healthy target machine as its collector tells it, and rows of the real catalogue judged on it."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.checks.builders import NOW, make_sheet
from wizard.checks.catalogue import load
from wizard.checks.engine import Finding, judge_all
from wizard.checks.requirement import Requirement

GIB = 1024**3

SERVICES = (
    *("ProcessServer", "ProcessServerMonitor", "cxprocessserver", "InMage PushInstall", "LogUpload"),
    *("InMage Scout Application Service", "obengine", "svagents", "tmansvc", "W3SVC", "MySQL57", "dra"),
)


def volume(drive: str | None, free_gb: float, disk: int | None, **changes: Any) -> dict[str, Any]:
    return {
        "drive": drive,
        "label": "",
        "file_system": "NTFS",
        "size_bytes": int(free_gb * GIB),
        "free_bytes": int(free_gb * GIB),
        "disk_number": disk,
        **changes,
    }


def disk(number: int, size_gb: float) -> dict[str, Any]:
    return {"number": number, "size_bytes": int(size_gb * GIB), "bus": "SAS", "model": "Virtual disk"}


def service(name: str, state: str = "Running", start_mode: str = "Auto") -> dict[str, str]:
    return {"name": name, "display_name": name, "state": state, "start_mode": start_mode}


def program(name: str, version: str = "1.0") -> dict[str, str]:
    return {"name": name, "version": version}


def schannel(tls10: int | None = None, tls12: int | None = None, off: int | None = None) -> dict[str, Any]:
    return {
        "TLS 1.0": {"enabled": tls10, "disabled_by_default": None},
        "TLS 1.2": {"enabled": tls12, "disabled_by_default": off},
    }


HEALTHY: dict[str, Any] = {
    "host.identity.computer_name": "CS01",
    "host.identity.fqdn": "cs01.site.test",
    "host.identity.bios_uuid": "4C4C4544-0042-3510-8054-B4C04F4D3532",
    "host.identity.domain_role": 3,
    "host.os.caption": "Microsoft Windows Server 2016 Standard",
    "host.os.build": 14393,
    "host.os.product_type": 3,
    "host.os.installation_type": "Server",
    "host.os.language": 1033,
    "host.os.system_locale": "en-US",
    "host.os.install_language": "0409",
    "host.os.licence": {"status": 1, "grace_minutes": 0, "description": "VOLUME_MAK channel"},
    "host.os.pending_reboot": [],
    "host.os.user": "SITE\\setup",
    "host.os.elevated": True,
    "host.os.is_administrator": True,
    "host.hardware.logical_processors": 8,
    "host.hardware.memory_bytes": int(15.9 * GIB),
    "host.hardware.max_clock_mhz": 2600,
    "host.hardware.disks": [disk(0, 80), disk(1, 650), disk(2, 600)],
    "host.hardware.volumes": [
        volume("C:", 60, 0, label="System"),
        volume("D:", 640, 1, label="Cache"),
        volume("E:", 599.9, 2, label="Retention"),
        volume(None, 0.5, 0),
    ],
    "host.hardware.cpu_load_percent": 4.5,
    "host.hardware.memory_in_use_percent": 21,
    "host.roles.installed": ["FileAndStorage-Services", "PowerShell"],
    "host.software.installed": [program("VMware Tools"), program("Microsoft Visual C++ 2015 x64")],
    "host.software.dotnet_release": 394802,
    "host.software.vmware_modules": [],
    "host.policy.disable_registry_tools": None,
    "host.policy.disable_cmd": None,
    "host.policy.use_trusted_handlers": None,
    "host.policy.execution_policies": {"MachinePolicy": "Undefined", "LocalMachine": "RemoteSigned"},
    "host.policy.script_execution": {"enable_scripts": None, "execution_policy": None},
    "host.policy.user_disable_registry_tools": None,
    "host.policy.user_disable_cmd": None,
    "host.crypto.fips_documented": None,
    "host.crypto.fips_enabled": 0,
    "host.crypto.schannel": schannel(),
    "host.crypto.strong_crypto": {"native": None, "wow64": None},
    "host.iis.sites": [],
    "host.iis.anonymous": None,
    "host.iis.fastcgi": {"installed": False, "locked": None},
    "host.certificates.bound_443": None,
    "host.network.listeners": [],
    "host.services.states": [],
    "host.antivirus.defender": None,
    "host.antivirus.products": [],
    "host.site_recovery.passphrase_file": False,
    "host.site_recovery.products": [],
    "capacity.vcpu": 8,
    "capacity.memory_gb": 16,
    "capacity.cache_gb": 600,
    "installation.install_drive": "D:",
    "installation.mysql": "download",
    "topology.bios_uuids": {},
    "today": date(2026, 11, 22),
}
"""Before setup: Windows Server 2016 as a configuration server wants it."""

INSTALLED: dict[str, Any] = {
    **HEALTHY,
    "host.roles.installed": ["Web-Server", "Web-CGI"],
    "host.iis.sites": [{"name": "Default Web Site", "state": "Started", "bindings": ["https *:443:"]}],
    "host.iis.anonymous": True,
    "host.iis.fastcgi": {"installed": True, "locked": False},
    "host.certificates.bound_443": {
        "subject": "CN=Scout",
        "thumbprint": "AB" * 20,
        "not_after": "2029-11-20T00:00:00+00:00",
    },
    "host.services.states": [service(name) for name in SERVICES],
    "host.software.installed": [*HEALTHY["host.software.installed"], program("MySQL Server 5.7", "5.7.20")],
    "host.site_recovery.passphrase_file": True,
    "host.site_recovery.products": [program("Configuration Server", "9.57.6920.1")],
}
"""The same machine after setup."""

LINUX: dict[str, Any] = {
    "mt_linux.identity.architecture": "x86_64",
    "mt_linux.os.release": {"id": "ubuntu", "version_id": "16.04", "pretty_name": "Ubuntu 16.04.2 LTS"},
    "mt_linux.os.kernel": "4.4.0-62-generic",
    "mt_linux.os.automatic_updates": False,
    "mt_linux.hardware.logical_processors": 4,
    "mt_linux.hardware.memory_bytes": 6 * GIB,
    "mt_linux.hardware.disks": [
        {"name": "sda", "size_bytes": 100 * GIB},
        {"name": "sdb", "size_bytes": 1024 * GIB},
    ],
    "mt_linux.hardware.mounts": [
        {
            "target": "/",
            "source": "/dev/sda1",
            "file_system": "ext4",
            "size_bytes": 92 * GIB,
            "free_bytes": 80 * GIB,
            "lvm": False,
        },
        {
            "target": "/mnt/retention",
            "source": "/dev/sdb1",
            "file_system": "ext4",
            "size_bytes": 1008 * GIB,
            "free_bytes": 1000 * GIB,
            "lvm": False,
        },
    ],
    "mt_linux.packages.installed": ["multipath-tools", "lsscsi", "python-pyasn1", "lvm2", "kpartx"],
    "mt_linux.services.states": [{"name": "open-vm-tools.service", "state": "active"}],
}


def pick(
    requirement_id: str,
    *,
    phase: str = "before",
    component: str = "cs",
    method: str = "manual",
    profile: str = "asr-classic",
    circumstances: frozenset[str] | None = None,
) -> Requirement:
    rows = load(profile).select(
        components={component}, circumstances=circumstances, method=method, phase=phase
    )
    return next(row for row in rows if row.id == requirement_id)


def judge_row(row: Requirement, facts: dict[str, Any]) -> Finding:
    (finding,) = judge_all([row], make_sheet(facts), now=NOW)
    return finding


def judged(requirement_id: str, changes: dict[str, Any] | None = None, **where: Any) -> Finding:
    """A row of the real catalogue, judged on the healthy machine with some facts changed.

    Keys are those of the schema, without "host."; those that name another subject are taken as they are.
    """
    after = where.get("phase") == "after"
    facts = {**(INSTALLED if after else HEALTHY), **LINUX}
    for key, value in (changes or {}).items():
        facts[key if key in facts else f"host.{key}"] = value
    return judge_row(pick(requirement_id, **where), facts)


PLANNED: dict[str, Any] = {
    "identity.address": "10.0.0.10",
    "identity.netmask": "255.255.255.0",
    "identity.gateway": "10.0.0.1",
    "identity.fqdn": "cs01.site.test",
    "identity.data_port": 9443,
    "identity.proxy": "http://proxy.site.test:3128",
    "appliance.connectivity": "fqdn",
    "appliance.several_subnets": False,
}


def judged_as_planned(requirement_id: str, facts: dict[str, Any], **where: Any) -> Finding:
    row = pick(requirement_id, **where)
    (finding,) = judge_all([row], make_sheet({**PLANNED, **facts}), now=NOW)
    assert "could not be read" not in str(finding.summary)
    return finding


def clock(server: str, offset: float | None, error: str | None = None) -> dict[str, Any]:
    return {"server": server, "offset_s": offset, "error": error}
