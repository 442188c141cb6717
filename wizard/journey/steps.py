"""The steps of both architectures: one table, from which each profile takes its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, get_args

from wizard.journey.appliance import ApplianceAnswers
from wizard.journey.capacity import ApplianceCapacityAnswers, CapacityAnswers
from wizard.journey.evidence import EvidenceAnswers
from wizard.journey.fields import StepAnswers
from wizard.journey.installation import ApplianceInstallationAnswers, InstallationAnswers
from wizard.journey.network import ApplianceNetworkAnswers, NetworkAnswers
from wizard.journey.placement import PlacementAnswers
from wizard.journey.profile import ProfileAnswers
from wizard.journey.source import ApplianceSourceAnswers, SourceAnswers
from wizard.journey.template import TemplateAnswers
from wizard.journey.vault import ExclusiveVaultAnswers, VaultAnswers
from wizard.journey.vcenter import VCenterAnswers
from wizard.planning.vocabulary import ProfileId
from wizard.text import _

Group = Literal["plan", "vsphere", "azure", "machine", "work"]
Kind = Literal["question", "work", "record"]

_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One page of the wizard. `title`, `short_title` (at most 16 characters) and `summary` are message ids.

    `answers` is None for a step of work. `requires` holds the ids of the steps that must be complete before
    this one can begin. `when` holds the circumstances (wizard.planning.circumstances) that must all be given,
    or else the step does not apply.
    """

    id: str
    title: str
    short_title: str
    summary: str
    group: Group
    kind: Kind = "question"
    answers: type[StepAnswers] | None = None
    task_kinds: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    when: frozenset[str] = _NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A step as classic has it, and what is different about it in the modernized architecture.

    `only` names the one profile that has the step.
    """

    step: Step
    modernized: Mapping[str, Any] = field(default_factory=dict)
    only: ProfileId | None = None


_TABLE: Final = (
    _Row(
        step=Step(
            id="profile",
            title=_("Name and architecture"),
            short_title=_("Architecture"),
            summary=_("What is set up, and under which name you will find it again."),
            group="plan",
            answers=ProfileAnswers,
        )
    ),
    _Row(
        step=Step(
            id="source",
            title=_("Source and method"),
            short_title=_("Source"),
            summary=_("Which machines are protected, and which server is installed how."),
            group="plan",
            answers=SourceAnswers,
            requires=("profile",),
        ),
        modernized={
            "answers": ApplianceSourceAnswers,
            "summary": _("Which machines are protected, and how the replication appliance is installed."),
        },
    ),
    _Row(
        step=Step(
            id="capacity",
            title=_("Capacity"),
            short_title=_("Capacity"),
            summary=_("How many machines and how much change, from which the size follows."),
            group="plan",
            answers=CapacityAnswers,
            requires=("source",),
        ),
        modernized={"answers": ApplianceCapacityAnswers},
    ),
    _Row(
        step=Step(
            id="vcenter",
            title=_("vCenter Server"),
            short_title=_("vCenter Server"),
            summary=_("Address, certificate, account and its privileges."),
            group="vsphere",
            answers=VCenterAnswers,
            task_kinds=("probe_vcenter", "sign_in_vcenter"),
            requires=("source",),
            when=frozenset({"vcenter"}),
        )
    ),
    _Row(
        step=Step(
            id="placement",
            title=_("Placement"),
            short_title=_("Placement"),
            summary=_("Where in vSphere the virtual machine is put."),
            group="vsphere",
            answers=PlacementAnswers,
            requires=("capacity", "vcenter"),
            when=frozenset({"ova"}),
        )
    ),
    _Row(
        step=Step(
            id="template",
            title=_("OVA template"),
            short_title=_("OVA template"),
            summary=_("The template, its licence terms and its networks."),
            group="vsphere",
            answers=TemplateAnswers,
            task_kinds=("inspect_template",),
            requires=("placement",),
            when=frozenset({"ova"}),
        )
    ),
    _Row(
        step=Step(
            id="network",
            title=_("Network identity"),
            short_title=_("Network"),
            summary=_("Host name, static address, name and time servers, proxy."),
            group="machine",
            answers=NetworkAnswers,
            requires=("source",),
        ),
        modernized={"answers": ApplianceNetworkAnswers},
    ),
    _Row(
        step=Step(
            id="vault",
            title=_("Recovery Services vault"),
            short_title=_("Vault"),
            summary=_("The vault that the server will belong to for good."),
            group="azure",
            answers=VaultAnswers,
            task_kinds=("look_up_vaults",),
            requires=("source",),
        ),
        modernized={
            "answers": ExclusiveVaultAnswers,
            "summary": _("The new vault that the replication appliance will have to itself, for good."),
        },
    ),
    _Row(
        step=Step(
            id="appliance",
            title=_("Replication appliance"),
            short_title=_("Appliance"),
            summary=_("How protected machines reach the replication appliance, and its name in the vault."),
            group="machine",
            answers=ApplianceAnswers,
            requires=("network",),
        ),
        only="asr-modernized",
    ),
    _Row(
        step=Step(
            id="installation",
            title=_("Installation settings"),
            short_title=_("Installation"),
            summary=_("What Unified Setup is told: drive, database, addresses, licence terms."),
            group="machine",
            answers=InstallationAnswers,
            requires=("network", "vault"),
            when=frozenset({"manual"}),
        ),
        modernized={
            "answers": ApplianceInstallationAnswers,
            "summary": _("Where the replication appliance is installed on its machine."),
        },
    ),
    _Row(
        step=Step(
            id="evidence",
            title=_("Evidence from the machine"),
            short_title=_("Evidence"),
            summary=_("How the facts of the target machine are collected, and when they last were."),
            group="machine",
            answers=EvidenceAnswers,
            task_kinds=("probe_host", "collect_facts"),
            requires=("network",),
            when=frozenset({"manual"}),
        )
    ),
    _Row(
        step=Step(
            id="preflight",
            title=_("Preflight checks"),
            short_title=_("Preflight"),
            summary=_("Everything that can be judged before anything is installed."),
            group="work",
            kind="work",
            task_kinds=("preflight",),
            requires=(
                "source",
                "capacity",
                "vcenter",
                "placement",
                "template",
                "network",
                "vault",
                "appliance",
                "installation",
                "evidence",
            ),
        )
    ),
    _Row(
        step=Step(
            id="deploy",
            title=_("Deploy the virtual machine"),
            short_title=_("Deploy"),
            summary=_("Import the template, upload its disks, power on, wait for the guest."),
            group="work",
            kind="work",
            task_kinds=("deploy_ova", "plan_deployment"),
            requires=("preflight",),
            when=frozenset({"ova"}),
        )
    ),
    _Row(
        step=Step(
            id="install",
            title=_("Install on the machine"),
            short_title=_("Install"),
            summary=_("Run the installation bundle on the target machine, and verify what it left there."),
            group="work",
            kind="work",
            task_kinds=("prepare_host", "verify_installation"),
            requires=("preflight",),
            when=frozenset({"manual"}),
        )
    ),
    _Row(
        step=Step(
            id="register",
            title=_("Register vCenter Server"),
            short_title=_("Register"),
            summary=_("Register vCenter Server and discover its machines."),
            group="work",
            kind="work",
            task_kinds=("register_vcenter", "discover_machines", "register_vault", "remove_vcenter"),
            requires=("deploy", "install"),
            # A vCenter that only carries the virtual machine has nothing to be discovered.
            when=frozenset({"vcenter", "vmware"}),
        )
    ),
    _Row(
        step=Step(
            id="record",
            title=_("Review and record"),
            short_title=_("Record"),
            summary=_("Look at the topology and record it for good."),
            group="work",
            kind="record",
            task_kinds=("record_topology",),
            requires=("register",),
        )
    ),
)


def _of(profile: ProfileId) -> tuple[Step, ...]:
    rows = [row for row in _TABLE if row.only in (None, profile)]
    ids = {row.step.id for row in rows}
    found = []
    for row in rows:
        step = replace(row.step, **row.modernized) if profile == "asr-modernized" else row.step
        found.append(replace(step, requires=tuple(wanted for wanted in step.requires if wanted in ids)))
    return tuple(found)


JOURNEYS: Final[dict[str, tuple[Step, ...]]] = {profile: _of(profile) for profile in get_args(ProfileId)}
