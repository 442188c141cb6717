"""Machines for the tests of eligibility: one that passes every rule, to be spoiled in one respect at a time."""

from __future__ import annotations

from typing import Any

from wizard.planning.eligibility import (
    MachineFinding,
    SourceController,
    SourceDisk,
    SourceMachine,
    Surroundings,
    judge,
)

GB = 2**30
ALONE = Surroundings()
NO_DISKS: tuple[SourceDisk, ...] = ()

LINUX = {"guest_id": "rhel8_64Guest", "guest_full_name": "Red Hat Enterprise Linux 8 (64-bit)"}


def disk(gb: float = 40, unit: int | None = 0, **fields: Any) -> SourceDisk:
    defaults: dict[str, Any] = {
        "key": 2000 + (unit or 0),
        "label": f"Hard disk {(unit or 0) + 1}",
        "capacity_bytes": round(gb * GB),
        "backing": "flat",
        "disk_mode": "persistent",
        "sharing": "sharingNone",
        "controller_key": 1000,
        "unit_number": unit,
    }
    return SourceDisk(**defaults | fields)


def controller(key: int = 1000, **fields: Any) -> SourceController:
    return SourceController(**{"key": key, "kind": "lsilogic_sas", "shared_bus": "noSharing"} | fields)


def machine(**fields: Any) -> SourceMachine:
    """A Windows Server 2019 that passes every rule, but for `fields`."""
    defaults: dict[str, Any] = {
        "name": "srv01",
        "guest_id": "windows2019srv_64Guest",
        "guest_full_name": "Microsoft Windows Server 2019 (64-bit)",
        "power_state": "poweredOn",
        "connection_state": "connected",
        "tools_status": "guestToolsRunning",
        "firmware": "bios",
        "instance_uuid": "50000000-0000-0000-0000-000000000001",
        "bios_uuid": "42000000-0000-0000-0000-000000000001",
        "disks": (disk(),),
        "controllers": (controller(),),
        "ip_addresses": ("10.0.0.1", "fe80::1"),
    }
    return SourceMachine(**defaults | fields)


def linux(**fields: Any) -> SourceMachine:
    """A RHEL 8 that passes every rule, but for `fields`."""
    return machine(**LINUX | {"extra_config": {"disk.EnableUUID": "TRUE"}} | fields)


def findings(subject: SourceMachine, surroundings: Surroundings = ALONE) -> dict[str, str]:
    """Status by rule."""
    return {finding.rule: finding.status for finding in judge(subject, surroundings)}


def said(subject: SourceMachine, rule: str, surroundings: Surroundings = ALONE) -> MachineFinding:
    """The one finding of that rule."""
    (finding,) = [finding for finding in judge(subject, surroundings) if finding.rule == rule]
    return finding
