"""The profiles, the steps of each in order, and how far somebody has come."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from wizard.journey.fields import StepAnswers
from wizard.journey.steps import JOURNEYS, Step
from wizard.planning.circumstances import circumstances
from wizard.planning.vocabulary import ProfileId
from wizard.text import Text, _

__all__ = [
    "JOURNEYS",
    "PROFILES",
    "Profile",
    "Step",
    "StepAnswers",
    "StepStatus",
    "in_doubt",
    "journey",
    "not_applicable",
    "progress",
    "step",
]

Status = Literal["complete", "next", "ready", "blocked", "not_applicable"]

# A circumstance can be ruled out only after these fields of the source step are answered.
_DECIDED_BY: Final = {
    "ova": ("method",),
    "manual": ("method",),
    "vmware": ("protects",),
    "vcenter": ("method", "protects"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """An architecture that can be set up. `title` and `summary` are message ids."""

    id: ProfileId
    title: str
    summary: str


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


# The supported architecture first: in this order they are offered.
PROFILES: Final[dict[str, Profile]] = {
    "asr-modernized": Profile(
        id="asr-modernized",
        title=_("Modernized"),
        summary=_("The replication appliance, the supported architecture."),
    ),
    "asr-classic": Profile(
        id="asr-classic",
        title=_("Classic"),
        summary=_(
            "Configuration server, process server and master target. Retired by Microsoft in March 2026."
        ),
    ),
}


def journey(profile: str) -> tuple[Step, ...]:
    """The steps of a profile in order. KeyError for an unknown profile."""
    return JOURNEYS[profile]


def step(profile: str, step_id: str) -> Step:
    """One step. Raises KeyError for an unknown profile, and for a step that the profile does not have."""
    for known in JOURNEYS[profile]:
        if known.id == step_id:
            return known
    raise KeyError(step_id)


def not_applicable(profile: str, answers: Mapping[str, Mapping[str, Any]]) -> dict[str, Text]:
    """The steps that do not apply, by id, each with the reason. A step in doubt applies.

    `answers` are valid ones, as many as there are. KeyError for an unknown profile.
    """
    found = circumstances(profile, answers)
    doubtful = _doubtful(answers)
    lacking = {known.id: known.when - found - doubtful for known in journey(profile)}
    return {step_id: _why_not(words, found) for step_id, words in lacking.items() if words}


def in_doubt(profile: str, answers: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """The ids of the steps of which nobody can say yet whether they apply, for want of answers."""
    found, out_of_play = circumstances(profile, answers), not_applicable(profile, answers)
    return frozenset(
        known.id for known in journey(profile) if known.when - found and known.id not in out_of_play
    )


def progress(
    profile: str, complete: Collection[str], answers: Mapping[str, Mapping[str, Any]]
) -> list[StepStatus]:
    """The state of every step, in order. `answers` decides which steps apply; `complete` holds step ids."""
    statuses: list[StepStatus] = []
    steps = {known.id: known for known in journey(profile)}
    out_of_play = not_applicable(profile, answers)
    next_is_taken = False
    for known in steps.values():
        missing = _missing(known, steps, complete, out_of_play)
        if known.id in out_of_play:
            statuses.append(
                StepStatus(step=known, status="not_applicable", reason=out_of_play[known.id], blocked_by=())
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


def _doubtful(answers: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    source = answers.get("source", {})
    return frozenset(
        word for word, fields in _DECIDED_BY.items() if not all(source.get(field) for field in fields)
    )


def _why_not(lacking: Collection[str], found: frozenset[str]) -> Text:
    if "ova" in lacking or "manual" in lacking:
        return Text(_("Not needed for the chosen installation method."))
    if "vmware" not in found:
        return Text(_("Not needed: no VMware virtual machines are protected."))
    return Text(_("Not needed: vCenter Server is registered with the configuration server."))


def _missing(
    wanted: Step, steps: Mapping[str, Step], complete: Collection[str], out_of_play: Collection[str]
) -> tuple[str, ...]:
    """What has to be done before `wanted`; a step that does not apply passes on its own requirements.

    What is passed on is not named where something else that is missing waits for it anyway.
    """
    named = {step_id for step_id in wanted.requires if step_id not in out_of_play} - set(complete)
    passed_on = {
        found
        for step_id in wanted.requires
        if step_id in out_of_play
        for found in _missing(steps[step_id], steps, complete, out_of_play)
    }
    found = named | (passed_on - _before(named, steps))
    return tuple(step_id for step_id in steps if step_id in found)


def _before(later: Collection[str], steps: Mapping[str, Step]) -> frozenset[str]:
    """All that the steps `later` require, and what that requires."""
    direct = {step_id for known in later for step_id in steps[known].requires}
    return frozenset(direct) | _before(direct, steps) if direct else frozenset()
