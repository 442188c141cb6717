"""The steps of each profile, in order, and how far somebody has come."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from wizard.journey.capacity import CapacityAnswers
from wizard.journey.fields import StepAnswers
from wizard.journey.network import NetworkAnswers
from wizard.journey.placement import PlacementAnswers
from wizard.journey.profile import AVAILABLE, ProfileAnswers
from wizard.journey.source import SourceAnswers
from wizard.journey.template import TemplateAnswers
from wizard.journey.vault import VaultAnswers
from wizard.journey.vcenter import VCenterAnswers
from wizard.planning.vocabulary import Method, ProfileId
from wizard.text import Text, _

__all__ = [
    "JOURNEYS",
    "PROFILES",
    "Profile",
    "Step",
    "StepAnswers",
    "StepStatus",
    "journey",
    "progress",
    "step",
]

Group = Literal["plan", "vsphere", "azure", "work"]
Kind = Literal["question", "work", "record"]
Status = Literal["complete", "next", "ready", "blocked", "not_applicable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """An architecture that can be set up. `title` and `summary` are message ids."""

    id: ProfileId
    title: str
    summary: str
    available: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One page of the wizard. `title`, `short_title` (at most 16 characters) and `summary` are message ids.

    `answers` is None for a step of work. `requires` holds the ids of the steps that must be complete before
    this one can begin. `only_for_method` limits a step to one installation method.
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
    only_for_method: Method | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStatus:
    """How a step stands. `reason` says in words what `blocked_by` (step ids, in order) says to programs.

    `next` is the first step that can be done now, `ready` every other one. `reason` is empty unless the step
    is blocked or does not apply.
    """

    step: Step
    status: Status
    reason: Text
    blocked_by: tuple[str, ...]


PROFILES: Final[dict[str, Profile]] = {
    "asr-classic": Profile(
        id="asr-classic",
        title=_("Classic"),
        summary=_(
            "Configuration server, process server and master target. Retired by Microsoft in March 2026."
        ),
        available=AVAILABLE["asr-classic"],
    ),
    "asr-modernized": Profile(
        id="asr-modernized",
        title=_("Modernized"),
        summary=_("The replication appliance, the supported architecture. Arrives later."),
        available=AVAILABLE["asr-modernized"],
    ),
}

_CLASSIC: Final = (
    Step(
        id="profile",
        title=_("Name and architecture"),
        short_title=_("Architecture"),
        summary=_("What is set up, and under which name you will find it again."),
        group="plan",
        answers=ProfileAnswers,
    ),
    Step(
        id="source",
        title=_("Source and method"),
        short_title=_("Source"),
        summary=_("Which machines are protected, and how the configuration server is installed."),
        group="plan",
        answers=SourceAnswers,
        requires=("profile",),
    ),
    Step(
        id="capacity",
        title=_("Capacity"),
        short_title=_("Capacity"),
        summary=_("How many machines and how much change, from which the size follows."),
        group="plan",
        answers=CapacityAnswers,
        requires=("source",),
    ),
    Step(
        id="vcenter",
        title=_("vCenter Server"),
        short_title=_("vCenter Server"),
        summary=_("Address, certificate, account and its privileges."),
        group="vsphere",
        answers=VCenterAnswers,
        task_kinds=("probe_vcenter", "sign_in_vcenter"),
        requires=("source",),
    ),
    Step(
        id="placement",
        title=_("Placement"),
        short_title=_("Placement"),
        summary=_("Where in vSphere the virtual machine is put."),
        group="vsphere",
        answers=PlacementAnswers,
        requires=("capacity", "vcenter"),
        only_for_method="ova",
    ),
    Step(
        id="template",
        title=_("OVA template"),
        short_title=_("OVA template"),
        summary=_("The template, its licence terms and its networks."),
        group="vsphere",
        answers=TemplateAnswers,
        task_kinds=("inspect_template",),
        requires=("placement",),
        only_for_method="ova",
    ),
    Step(
        id="network",
        title=_("Network identity"),
        short_title=_("Network"),
        summary=_("Host name, static address, name and time servers, proxy."),
        group="vsphere",
        answers=NetworkAnswers,
        requires=("source",),
    ),
    Step(
        id="vault",
        title=_("Recovery Services vault"),
        short_title=_("Vault"),
        summary=_("The vault that the configuration server will belong to for good."),
        group="azure",
        answers=VaultAnswers,
        requires=("source",),
    ),
    Step(
        id="preflight",
        title=_("Preflight checks"),
        short_title=_("Preflight"),
        summary=_("Everything that can be judged before the machine exists."),
        group="work",
        kind="work",
        task_kinds=("preflight",),
        requires=("source", "capacity", "vcenter", "placement", "template", "network", "vault"),
    ),
    Step(
        id="deploy",
        title=_("Deploy the configuration server"),
        short_title=_("Deploy"),
        summary=_("Import the template, upload its disks, power on, wait for the guest."),
        group="work",
        kind="work",
        task_kinds=("deploy_ova",),
        requires=("preflight",),
        only_for_method="ova",
    ),
    Step(
        id="register",
        title=_("Register vCenter Server"),
        short_title=_("Register"),
        summary=_("Register vCenter Server and discover its machines."),
        group="work",
        kind="work",
        task_kinds=("register_vcenter", "discover_machines"),
        requires=("deploy",),
    ),
    Step(
        id="record",
        title=_("Review and record"),
        short_title=_("Record"),
        summary=_("Look at the topology and record it for good."),
        group="work",
        kind="record",
        task_kinds=("record_topology",),
        requires=("register",),
    ),
)

JOURNEYS: Final[dict[str, tuple[Step, ...]]] = {"asr-classic": _CLASSIC, "asr-modernized": ()}


def journey(profile: str) -> tuple[Step, ...]:
    """The steps of a profile in order, none while it is not available. KeyError for an unknown profile."""
    return JOURNEYS[profile]


def step(profile: str, step_id: str) -> Step:
    """One step. Raises KeyError for an unknown profile, and for a step that the profile does not have."""
    for known in JOURNEYS[profile]:
        if known.id == step_id:
            return known
    raise KeyError(step_id)


def progress(
    profile: str, complete: Collection[str], answers: Mapping[str, Mapping[str, Any]]
) -> list[StepStatus]:
    """The state of every step, in order. `answers` decides which steps apply; `complete` holds step ids."""
    statuses: list[StepStatus] = []
    steps = {known.id: known for known in journey(profile)}
    method = answers.get("source", {}).get("method")
    out_of_play = {
        known.id for known in steps.values() if method and known.only_for_method not in (None, method)
    }
    next_is_taken = False
    for known in steps.values():
        missing = _missing(known, steps, complete, out_of_play)
        if known.id in out_of_play:
            statuses.append(
                StepStatus(
                    step=known,
                    status="not_applicable",
                    reason=Text(_("Not needed for the chosen installation method.")),
                    blocked_by=(),
                )
            )
        elif known.id in complete:
            statuses.append(StepStatus(step=known, status="complete", reason=Text(""), blocked_by=()))
        elif missing:
            titles = [Text(steps[step_id].title) for step_id in missing]
            statuses.append(
                StepStatus(
                    step=known,
                    status="blocked",
                    reason=Text(_("Cannot start yet. First complete: %(steps)s."), steps=titles),
                    blocked_by=missing,
                )
            )
        else:
            statuses.append(
                StepStatus(
                    step=known, status="ready" if next_is_taken else "next", reason=Text(""), blocked_by=()
                )
            )
            next_is_taken = True
    return statuses


def _missing(
    wanted: Step, steps: Mapping[str, Step], complete: Collection[str], out_of_play: Collection[str]
) -> tuple[str, ...]:
    """What has to be done before `wanted`; a step that does not apply passes on its own requirements."""
    found: set[str] = set()
    waiting = list(wanted.requires)
    while waiting:
        step_id = waiting.pop()
        if step_id in out_of_play:
            waiting.extend(steps[step_id].requires)
        elif step_id not in complete:
            found.add(step_id)
    return tuple(step_id for step_id in steps if step_id in found)
