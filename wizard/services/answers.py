"""The answers of a deployment, and what follows from them: its circumstances, its components."""

from __future__ import annotations

from typing import Any

from wizard.journey import base as journey
from wizard.models import Deployment
from wizard.planning import circumstances as words

Answers = dict[str, dict[str, Any]]


def answers_of(deployment: Deployment) -> Answers:
    """The valid answers of each step, in the order of the journey."""
    stored = {row.step: row.data for row in deployment.steps.all() if row.data is not None}
    order = [step.id for step in journey.journey(deployment.profile)]
    return {step: stored[step] for step in order if step in stored}


def answers_in_play(deployment: Deployment) -> Answers:
    """The valid answers of the steps that apply: what was answered for another method before counts no more."""
    answers = answers_of(deployment)
    out = journey.not_applicable(deployment.profile, answers)
    return {step: data for step, data in answers.items() if step not in out}


def circumstances_of(deployment: Deployment, answers: Answers | None = None) -> frozenset[str]:
    """What holds for this deployment; see `wizard.planning.circumstances`. `answers` saves reading them again."""
    return words.circumstances(deployment.profile, answers_of(deployment) if answers is None else answers)


def components_of(deployment: Deployment, answers: Answers | None = None) -> frozenset[str]:
    """The kinds of components in play."""
    return words.components(deployment.profile, answers_of(deployment) if answers is None else answers)


# What a machine of its own is set up for; the first that holds is the one that this deployment is about.
_PRIMARY = ("appliance", "ps_scaleout", "cs")


def primary_component(deployment: Deployment, answers: Answers | None = None) -> str:
    """The component that is being installed."""
    held = circumstances_of(deployment, answers)
    return next(name for name in _PRIMARY if name in held)
