"""Which requirements of the catalogue concern a deployment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from wizard.checks import catalogue
from wizard.checks.requirement import Phase, Requirement
from wizard.models import Deployment
from wizard.services.answers import answers_of, circumstances_of, components_of
from wizard.services.errors import NotFound
from wizard.text import Text, _


def requirements_for(deployment: Deployment, phase: Phase = "before") -> tuple[Requirement, ...]:
    """What applies to this deployment before its machine is set up, or after it was."""
    answers = answers_of(deployment)
    return catalogue.load(deployment.profile).select(
        components=components_of(deployment, answers),
        circumstances=circumstances_of(deployment, answers),
        method=answers.get("source", {}).get("method"),
        phase=phase,
        cloud=answers.get("vault", {}).get("cloud"),
    )


def fingerprint(rows: Iterable[Requirement]) -> str:
    """SHA-256 of what is asked for, by which a catalogue that asks for something else is told apart; wording does not count."""
    asked = [
        (row.id, row.kind, row.severity, row.waivable, row.judge, row.facts, row.requires, row.params)
        for row in rows
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=dict).encode()).hexdigest()


def find(deployment: Deployment, requirement_id: str) -> Requirement:
    """The requirement of that id in the deployment's profile. Raises NotFound."""
    requirement = catalogue.load(deployment.profile).get(requirement_id)
    if requirement is None:
        raise NotFound(Text(_("There is no requirement %(id)s."), id=requirement_id))
    return requirement
