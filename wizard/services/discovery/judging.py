"""Verdicts on machines: computed when a row is written, and again when what they rest on outside the row has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from django.db.models import Count

from wizard.models import Machine, VCenter
from wizard.planning.eligibility import (
    MachineFinding,
    SourceController,
    SourceDisk,
    SourceMachine,
    Surroundings,
    judge,
    verdict_of,
)
from wizard.planning.eligibility.finding import CLASSIC, MODERNIZED
from wizard.planning.eligibility.systems import distribution_of, identify
from wizard.planning.vocabulary import ProfileId
from wizard.services.discovery.own_machines import own_machines
from wizard.services.discovery.stored_form import digest_of_row
from wizard.vsphere.machines import MachineFacts

# What other rows decide: the same instance UUID twice, and the machines of Site Recovery itself.
_DUPLICATE: Final = "SM-17"
_OWN: Final = "SM-30"
_AT_ONCE: Final = 500
ONLY_IN: Final[Mapping[frozenset[ProfileId], str]] = {CLASSIC: "c", MODERNIZED: "m"}
"""What stands behind a rule in Machine.rules that found something in one profile only."""
_AS_STORED: Final = (
    "name", "guest_id", "guest_full_name", "power_state", "connection_state", "tools_status", "firmware",
    "secure_boot", "encrypted", "is_template", "instance_uuid", "bios_uuid", "snapshot_count", "extra_config",
    "ip_addresses", "host_name",
)  # fmt: skip
_JUDGED: Final = ["findings", "rules", "verdict_classic", "verdict_modernized", "system", "digest"]


def around(vcenter: VCenter) -> Surroundings:
    """What the rules know beside a machine of this vCenter itself, as the tables hold it now."""
    twice = (
        vcenter.machines.filter(gone_at=None)
        .exclude(instance_uuid="")
        .order_by()
        .values_list("instance_uuid")
        .annotate(count=Count("pk"))
        .filter(count__gt=1)
    )
    return Surroundings(
        duplicate_instance_uuids=frozenset(uuid.lower() for uuid, _count in twice),
        own_machines=own_machines(vcenter),
    )


def judged(machine: SourceMachine, surroundings: Surroundings) -> dict[str, Any]:
    """What the rules say of a machine, by the columns that hold it."""
    findings = judge(machine, surroundings)
    return {
        "system": _family(machine),
        "findings": [finding.to_json() for finding in findings],
        "rules": _rules(findings),
        "verdict_classic": verdict_of(findings, "asr-classic"),
        "verdict_modernized": verdict_of(findings, "asr-modernized"),
    }


def _rules(findings: Iterable[MachineFinding]) -> str:
    """The rules that found something, as Machine.rules holds them."""
    profiles: dict[str, frozenset[ProfileId]] = {}
    for finding in findings:
        profiles[finding.rule] = profiles.get(finding.rule, frozenset()) | finding.profiles
    return " ".join(rule + ONLY_IN.get(only, "") for rule, only in sorted(profiles.items()))


def judge_row(row: Machine, surroundings: Surroundings) -> None:
    """Set (unsaved) what the rules say of a row as it is."""
    for name, value in judged(source_of_row(row), surroundings).items():
        setattr(row, name, value)
    row.digest = digest_of_row(row)


def findings_of(row: Machine) -> tuple[MachineFinding, ...]:
    """What the rules said when the row was written."""
    return tuple(MachineFinding.from_json(stored) for stored in row.findings)


def judge_again(vcenter: VCenter) -> int:
    """Judge those machines of this vCenter anew of which other rows say something else by now. Returns how many.

    To be called in the transaction that changed the other rows: after a refresh, when a machine of Site Recovery is registered
    or recorded, and when others see this vCenter, to whom a machine of Site Recovery may not be told by its name. Waits for the batch of a refresh that is being written: what is judged must be what is kept.
    """
    # A refresh writes to this row first in each of its transactions. Without it, a row that it replaces meanwhile would
    # get back a verdict on what is no longer in it.
    list(VCenter.objects.select_for_update(no_key=True).filter(pk=vcenter.pk).values_list("pk"))
    surroundings = around(vcenter)
    here = vcenter.machines.filter(gone_at=None).order_by()
    # A template is judged by that alone.
    identities = here.filter(is_template=False).values_list("pk", "rules", "instance_uuid", "bios_uuid")
    doubtful = []
    for pk, rules, instance_uuid, bios_uuid in identities.iterator(_AT_ONCE):
        found = {_DUPLICATE, _OWN}.intersection(rules.split())
        # Of the few machines of Site Recovery the words may be others, though the rule is the same.
        if _OWN in found or found != _expected(surroundings, instance_uuid, bios_uuid):
            doubtful.append(pk)
    changed = 0
    for start in range(0, len(doubtful), _AT_ONCE):
        rows = []
        for row in Machine.objects.filter(pk__in=doubtful[start : start + _AT_ONCE]):
            before = row.digest
            judge_row(row, surroundings)
            if row.digest != before:
                rows.append(row)
        Machine.objects.bulk_update(rows, _JUDGED)
        changed += len(rows)
    return changed


def _expected(surroundings: Surroundings, instance_uuid: str, bios_uuid: str) -> set[str]:
    """Which of the two rules has something to say; of a machine of Site Recovery itself only that is said."""
    instance_uuid, bios_uuid = instance_uuid.lower(), bios_uuid.lower()
    if {instance_uuid, bios_uuid}.intersection(surroundings.own_machines):
        return {_OWN}
    return {_DUPLICATE} if instance_uuid in surroundings.duplicate_instance_uuids else set()


@lru_cache(maxsize=4096)
def _family_of(guest_id: str, full_name: str, distribution: str) -> str:
    # Thousands of machines share a few systems.
    return identify(guest_id, full_name, distribution).family or "other"


def _family(machine: SourceMachine) -> str:
    detailed = machine.setting("guestInfo.detailed.data") or ""
    return _family_of(machine.guest_id, machine.guest_full_name, distribution_of(detailed))


def source_of(facts: MachineFacts) -> SourceMachine:
    """The machine as the rules want it, from what vCenter told just now."""
    return SourceMachine(
        name=facts.name,
        guest_id=facts.guest_id,
        guest_full_name=facts.guest_full_name,
        power_state=facts.power_state,
        connection_state=facts.connection_state,
        tools_status=facts.tools_status,
        firmware=facts.firmware,
        secure_boot=facts.secure_boot,
        encrypted=facts.encrypted,
        is_template=facts.is_template,
        instance_uuid=facts.instance_uuid,
        bios_uuid=facts.bios_uuid,
        disks=facts.disks,
        controllers=facts.controllers,
        snapshot_count=facts.snapshot_count,
        extra_config=facts.extra_config,
        ip_addresses=facts.ip_addresses,
        host_name=facts.host_name,
    )


def source_of_row(row: Machine) -> SourceMachine:
    """The machine as the rules want it, from what was written of it."""
    return SourceMachine(
        kind="physical" if row.kind == Machine.Kind.PHYSICAL else "vm",
        disks=tuple(SourceDisk(**disk) for disk in row.disks),
        controllers=tuple(SourceController(**controller) for controller in row.controllers),
        **{name: getattr(row, name) for name in _AS_STORED},
    )
