"""All that can be said about one machine from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from wizard.planning.eligibility.disk_rules import disks
from wizard.planning.eligibility.finding import MachineFinding
from wizard.planning.eligibility.firmware_rules import firmware
from wizard.planning.eligibility.identity_rules import duplicate_instance_uuid, own_machine, template
from wizard.planning.eligibility.machine import SourceMachine, Surroundings
from wizard.planning.eligibility.name_rules import name
from wizard.planning.eligibility.network_rules import ipv6_only
from wizard.planning.eligibility.state_rules import disk_uuids, power, snapshots, tools
from wizard.planning.eligibility.storage_rules import (
    encryption,
    independent_disks,
    nvme,
    paravirtual,
    raw_devices,
    shared_disks,
)
from wizard.planning.eligibility.system_rules import architecture, operating_system
from wizard.planning.eligibility.systems import OperatingSystem, distribution_of, identify

OfMachine = Callable[[SourceMachine, OperatingSystem], Iterator[MachineFinding]]
OfIdentity = Callable[[SourceMachine, Surroundings], Iterator[MachineFinding]]

_HIDING: Final[tuple[OfIdentity, ...]] = (template, own_machine)
_OF_EVERY_MACHINE: Final[tuple[OfMachine, ...]] = (disks, firmware)
_OF_VIRTUAL_MACHINES: Final[tuple[OfMachine, ...]] = (
    encryption, shared_disks, raw_devices, independent_disks, power, tools,
    disk_uuids, snapshots, ipv6_only, paravirtual, nvme,
)  # fmt: skip


def judge(machine: SourceMachine, surroundings: Surroundings) -> tuple[MachineFinding, ...]:
    """What does not simply pass, in the order of the rules; nothing is ever raised.

    Of a machine that is no candidate (a template, one of Site Recovery's own) only that is said. Of a physical server
    nobody but its operator tells anything: name, operating system, firmware and disks are judged (SM-01 to SM-07,
    SM-16), what vSphere alone knows is not.
    """
    for hiding in _HIDING:
        hidden = tuple(hiding(machine, surroundings))
        if hidden:
            return hidden
    system, about_system = _judged_system(
        machine.guest_id,
        machine.guest_full_name,
        distribution_of(machine.setting("guestInfo.detailed.data") or ""),
    )
    findings = list(about_system)
    for rule in _OF_EVERY_MACHINE:
        findings.extend(rule(machine, system))
    findings.extend(name(machine))
    if machine.kind == "vm":
        for rule in _OF_VIRTUAL_MACHINES:
            findings.extend(rule(machine, system))
        findings.extend(duplicate_instance_uuid(machine, surroundings))
    findings.sort(key=_by_rule)
    return tuple(findings)


@lru_cache(maxsize=4096)
def _judged_system(
    guest_id: str, full_name: str, distribution: str
) -> tuple[OperatingSystem, tuple[MachineFinding, ...]]:
    # Thousands of machines share a few systems.
    system = identify(guest_id, full_name, distribution)
    return system, (*operating_system(system), *architecture(system))


def _by_rule(finding: MachineFinding) -> str:
    return finding.rule
