"""Taking a component, or all of a deployment, out of service: what has to be done in which order, and what stands in the way.

Sources: asr-facts 8 (deleting a vCenter), 9 (removing process servers), 10 (master targets), 11.3 (deleting appliances),
and the articles manage-configuration-server, unregister-process-server and troubleshoot-configuration-server.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wizard.planning.decommission_order import steps_of
from wizard.planning.decommission_steps import Proof, Step, Subject
from wizard.text import Text, _

__all__ = ["FACTS_HOLD", "SILENT_FOR", "Seen", "StepState", "finishable", "states"]

FACTS_HOLD: Final = timedelta(hours=24)
"""For so long what the vault showed decides; afterwards a person's word counts."""
SILENT_FOR: Final = timedelta(minutes=30)
"""An appliance can be deleted once all its components were critical for so long (asr-facts 11.3)."""

Fact = bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of the subject; None where nobody said.

    `machines` replicate through it (for a deployment: to its vault), `failed_over` come home through it, `vcenters` are
    registered with it, `silent_for` is how long the last of its parts sent no heartbeat, `standing` are further components
    that the record holds. `observed_at`: when the vault was looked at. `never_shown`: no look at the vault showed the subject
    so far, so that it is not known whether it was ever there.
    """

    observed_at: datetime | None = None
    in_vault: bool | None = None
    machines: int | None = None
    failed_over: int | None = None
    vcenters: tuple[str, ...] | None = None
    silent_for: timedelta | None = None
    standing: tuple[str, ...] = ()
    never_shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """A step as it stands. `fact`: whether it is done as far as the vault or the record tells; None where neither does.

    A fact goes before what somebody confirmed. `blocked_by` is empty for what may be done, or is done already.
    """

    step: Step
    fact: Fact
    confirmed: bool
    done: bool
    evidence: Text
    blocked_by: tuple[Text, ...]


def states(subject: Subject, seen: Seen, confirmed: Collection[str]) -> tuple[StepState, ...]:
    """The steps of the subject in their order. `confirmed` are the ids of those that somebody says are done."""
    found: list[StepState] = []
    for step in steps_of(subject):
        fact, evidence = _fact(step.proof, seen)
        if step.proof and fact is None and seen.never_shown:
            evidence = Text(_NEVER_SHOWN)
        done = step.id in confirmed if fact is None else fact
        blocked: tuple[Text, ...] = ()
        if not done:
            # The next thing to do, not all that comes before this one.
            earlier = next((state.step.title for state in found if not state.done), None)
            turn = (Text(_("First: %(step)s"), step=earlier),) if earlier else ()
            blocked = (*_in_the_way(step.proof, seen), *turn)
        found.append(
            StepState(
                step=step,
                fact=fact,
                confirmed=step.id in confirmed,
                done=done,
                evidence=evidence,
                blocked_by=blocked,
            )
        )
    return tuple(found)


def finishable(found: Sequence[StepState]) -> bool:
    """Whether nothing is left but to write down that it is gone."""
    return all(state.done for state in found)


# --- inside -----------------------------------------------------------------------------------------------------------

_NEVER_SHOWN: Final = _(
    "No look at the vault that is kept has shown it, so the vault does not tell whether this is done. Look there yourself, also under "
    "another name or address, and then confirm it here."
)


def _fact(proof: Proof, seen: Seen) -> tuple[Fact, Text]:
    match proof:
        case "no_machines":
            return _none_left(
                seen.machines,
                Text(_("The vault shows no machine that replicates through it.")),
                Text.counted(
                    "The vault shows %(number)s machine that replicates through it.",
                    "The vault shows %(number)s machines that replicate through it.",
                    "number",
                    number=seen.machines or 0,
                ),
            )
        case "nothing_failed_over":
            return _none_left(
                seen.failed_over,
                Text(_("The vault shows no failed-over machine that comes home through it.")),
                Text.counted(
                    "The vault shows %(number)s failed-over machine that comes home through it.",
                    "The vault shows %(number)s failed-over machines that come home through it.",
                    "number",
                    number=seen.failed_over or 0,
                ),
            )
        case "no_vcenters":
            if seen.vcenters is None:
                return None, Text("")
            if seen.vcenters:
                return False, Text(_("The vault still lists: %(names)s."), names=list(seen.vcenters))
            return True, Text(_("The vault lists no vCenter."))
        case "not_in_vault":
            if seen.in_vault is None:
                return None, Text("")
            return not seen.in_vault, Text(
                _("The vault still shows it.") if seen.in_vault else _("The vault shows it no more.")
            )
        case "silent":
            return _silence(seen)
        case "none_standing":
            if seen.standing:
                return False, Text(_("The record still holds: %(names)s."), names=list(seen.standing))
            return True, Text(_("The record holds no further component."))
    return None, Text("")


def _none_left(number: int | None, none: Text, some: Text) -> tuple[Fact, Text]:
    if number is None:
        return None, Text("")
    return (False, some) if number else (True, none)


def _silence(seen: Seen) -> tuple[Fact, Text]:
    if seen.in_vault is False:
        return True, Text(_("The vault shows it no more."))
    if seen.silent_for is None:
        return None, Text("")
    minutes = int(seen.silent_for.total_seconds() // 60)
    return seen.silent_for >= SILENT_FOR, Text.counted(
        "The last heartbeat of any of its components is %(minutes)s minute old.",
        "The last heartbeat of any of its components is %(minutes)s minutes old.",
        "minutes",
        minutes=minutes,
    )


def _in_the_way(proof: Proof, seen: Seen) -> tuple[Text, ...]:
    """What must change elsewhere before this step can be done at all."""
    ways: list[Text] = []
    if proof == "no_machines" and seen.failed_over:
        ways.append(
            Text.counted(
                "%(number)s machine is failed over. Fail it back, or decide to leave it in Azure, before its "
                "replication is disabled.",
                "%(number)s machines are failed over. Fail them back, or decide to leave them in Azure, before "
                "their replication is disabled.",
                "number",
                number=seen.failed_over,
            )
        )
    if proof == "not_in_vault":
        if seen.machines:
            ways.append(
                Text.counted(
                    "%(number)s machine still replicates through it.",
                    "%(number)s machines still replicate through it.",
                    "number",
                    number=seen.machines,
                )
            )
        if seen.failed_over:
            ways.append(
                Text.counted(
                    "%(number)s failed-over machine still needs it.",
                    "%(number)s failed-over machines still need it.",
                    "number",
                    number=seen.failed_over,
                )
            )
        if seen.vcenters:
            ways.append(Text(_("vCenters are still registered: %(names)s."), names=list(seen.vcenters)))
        if seen.standing:
            ways.append(Text(_("Further components still stand: %(names)s."), names=list(seen.standing)))
    return tuple(ways)
