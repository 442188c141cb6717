"""The steps of the manual path with what is known of each: proven by the machine, confirmed by a person, or open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from django.db import transaction
from django.utils import timezone

from wizard.journey.errors import FieldError
from wizard.models import CheckResult, Deployment, HostFacts, ManualStepConfirmation, Operator
from wizard.planning.manual_path import manual_path
from wizard.planning.manual_step import ManualStep, Proof
from wizard.services import audit, deployments, evidence, results
from wizard.services.answers import Answers, answers_in_play, circumstances_of
from wizard.services.applicable import requirements_for
from wizard.services.approval_standing import refuse_unapproved
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.services.manual_proofs import PRODUCTS, shows
from wizard.services.storable import storable
from wizard.text import Text, _, verbatim

MAX_NOTE_CHARACTERS: Final = 4000

State = Literal["proven", "confirmed", "contradicted", "open"]
# What a proof says: that it is so, that it is not so, or nothing yet.
Says = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofState:
    """`at` is when the machine was asked; None where it was not. `says` of an attestation follows from the confirmation."""

    proof: Proof
    says: Says
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """`proven`: the machine shows it. `confirmed`: a person said so. `contradicted`: after that the machine showed otherwise."""

    step: ManualStep
    state: State
    proofs: tuple[ProofState, ...]
    note: str = ""
    confirmed_by: str = ""
    confirmed_at: datetime | None = None


def overview(deployment: Deployment) -> list[StepState]:
    """Every step in order. Raises Conflict `no_manual_path` where the template is used or nothing was chosen yet."""
    answers = answers_in_play(deployment)
    seen = _Seen(deployment, answers)
    said = {row.step: row for row in deployment.manual_steps.select_related("confirmed_by")}
    return [_state_of(step, seen, said.get(step.id)) for step in _steps(deployment, answers)]


@transaction.atomic
def confirm(
    deployment: Deployment, step_id: str, *, note: str = "", actor: Operator
) -> ManualStepConfirmation:
    """Say that a step is done; it takes the place of what was said before.

    Raises NotFound for a step that is not on the path, Conflict `no_manual_path`, NotReady without an approval where one is
    needed, Invalid for a note that is too long.
    """
    deployments.hold_for(actor, "manual_step.confirm", deployment)
    found = _find(deployment, step_id)
    refuse_unapproved(deployment, Text(_("Nothing may be installed yet.")))
    note = storable(note).strip()
    if len(note) > MAX_NOTE_CHARACTERS:
        text = Text(
            _("The note has %(found)s characters; expected are at most %(limit)s."),
            found=len(note),
            limit=MAX_NOTE_CHARACTERS,
        )
        raise Invalid([FieldError(path="note", message=text, code="too_long")])
    row, _created = ManualStepConfirmation.objects.update_or_create(
        deployment=deployment,
        step=step_id,
        defaults={"note": note, "confirmed_by": actor, "confirmed_at": timezone.now()},
    )
    audit.record(
        "manual_step.confirmed",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s confirmed the step “%(step)s” of %(name)s."),
            who=actor.username,
            step=found.title,
            name=deployment.name,
        ),
        after={"step": step_id, "note": note},
    )
    return row


@transaction.atomic
def take_back(deployment: Deployment, step_id: str, *, actor: Operator) -> None:
    """Raises NotFound where nobody has confirmed this step."""
    deployments.hold_for(actor, "manual_step.confirm", deployment)
    row = deployment.manual_steps.filter(step=step_id).first()
    if row is None:
        raise NotFound(Text(_("Nobody has confirmed step %(step)s."), step=step_id))
    before = {"step": step_id, "note": row.note}
    row.delete()
    audit.record(
        "manual_step.taken_back",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s took back the step “%(step)s” of %(name)s."),
            who=actor.username,
            step=_title(deployment, step_id),
            name=deployment.name,
        ),
        before=before,
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _steps(deployment: Deployment, answers: Answers) -> tuple[ManualStep, ...]:
    held = circumstances_of(deployment, answers)
    if "manual" not in held:
        raise Conflict(
            Text(_("%(name)s is not installed by hand."), name=deployment.name),
            remedy=Text(_("Choose the installation by hand in the step about the source.")),
            code="no_manual_path",
        )
    return manual_path(held)


def _find(deployment: Deployment, step_id: str) -> ManualStep:
    for step in _steps(deployment, answers_in_play(deployment)):
        if step.id == step_id:
            return step
    raise NotFound(Text(_("There is no step %(step)s here."), step=step_id))


def _title(deployment: Deployment, step_id: str) -> Text:
    """Of a step that may not be on the path any more."""
    steps = _steps(deployment, answers_in_play(deployment))
    return next((step.title for step in steps if step.id == step_id), verbatim(step_id))


class _Seen:
    """What the machine said last, and what was judged last: after the installation where that was, else before."""

    def __init__(self, deployment: Deployment, answers: Answers) -> None:
        self.answers = answers
        self._facts: HostFacts | None = evidence.of_the_machine(deployment, answers)
        before = results.latest_results(deployment)
        after = results.latest_results(deployment, "after")
        self._results: dict[str, CheckResult] = {row.requirement_id: row for row in (*before, *after)}

        rows = (*requirements_for(deployment), *requirements_for(deployment, "after"))
        self._asked = {row.id for row in rows}

    def concerns(self, proof: Proof) -> bool:
        """Whether it is for the machine to say: requirements that do not apply here prove nothing."""
        return proof.kind == "host_fact" or (proof.kind == "requirement" and proof.key in self._asked)

    def judge(self, proof: Proof) -> ProofState:
        return self._by_fact(proof) if proof.kind == "host_fact" else self._by_requirement(proof)

    def _by_requirement(self, proof: Proof) -> ProofState:
        row = self._results.get(proof.key)
        if row is None:
            return ProofState(proof=proof, says="unknown")
        says: Says = "yes" if row.status in ("pass", "warn") else "no" if row.status == "fail" else "unknown"
        return ProofState(proof=proof, says=says, at=row.observed_at)

    def _by_fact(self, proof: Proof) -> ProofState:
        fact = self._facts.facts.get(proof.key) if self._facts else None
        if self._facts is None or fact is None or "value" not in fact:
            return ProofState(proof=proof, says="unknown")
        shown = shows(proof.key, fact["value"], self.answers)
        says: Says = "unknown" if shown is None else "yes" if shown else "no"
        return ProofState(proof=proof, says=says, at=self._facts.collected_at)

    @property
    def installed(self) -> bool:
        found: Mapping[str, Any] = self._facts.facts.get(PRODUCTS, {}) if self._facts else {}
        return bool(found.get("value"))


def _state_of(step: ManualStep, seen: _Seen, said: ManualStepConfirmation | None) -> StepState:
    looked = tuple(seen.judge(proof) for proof in step.proofs if seen.concerns(proof))
    asked = tuple(
        ProofState(proof=proof, says="yes" if said else "unknown", at=said.confirmed_at if said else None)
        for proof in step.proofs
        if proof.kind == "attestation"
    )
    state: State
    if said is not None:
        later = any(proof.says == "no" and proof.at and proof.at > said.confirmed_at for proof in looked)
        state = "contradicted" if later else "confirmed"
    else:
        # However fit a machine may be, nothing was done there before something is installed; and where a person is asked,
        # what the machine shows is only half of it.
        fits = seen.installed and bool(looked) and all(proof.says == "yes" for proof in looked)
        state = "proven" if fits and not asked else "open"
    return StepState(
        step=step,
        state=state,
        proofs=(*looked, *asked),
        note=said.note if said else "",
        confirmed_by=said.confirmed_by.get_username() if said else "",
        confirmed_at=said.confirmed_at if said else None,
    )
