"""What the findings of a machine come to in one profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from wizard.planning.eligibility.finding import MachineFinding, Status
from wizard.planning.vocabulary import ProfileId
from wizard.text import _

Verdict = Literal["ready", "attention", "unknown", "blocked", "hidden"]

VERDICTS: Final[tuple[Verdict, ...]] = ("ready", "attention", "unknown", "blocked", "hidden")
"""From the best to the last."""

_WEIGHT: Final[Mapping[Status, int]] = {"info": 0, "warn": 1, "unknown": 2, "block": 3, "hide": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """How a verdict or a status is called, and what it means; both are message ids."""

    title: str
    hint: str


VERDICT_LABELS: Final[Mapping[Verdict, Label]] = MappingProxyType(
    {
        "ready": Label(
            title=_("Can be protected"),
            hint=_("Nothing that can be seen from here speaks against replication."),
        ),
        "attention": Label(
            title=_("Needs attention"),
            hint=_("Replication is possible; something should be put right before or after."),
        ),
        "unknown": Label(
            title=_("Not certain"),
            hint=_("A fact that decides is not known; it must be found out before replication."),
        ),
        "blocked": Label(
            title=_("Cannot be protected"),
            hint=_("Site Recovery does not support this machine as it is."),
        ),
        "hidden": Label(
            title=_("Not to be protected"),
            hint=_("A template, or a machine of Site Recovery itself."),
        ),
    }
)

STATUS_LABELS: Final[Mapping[Status, Label]] = MappingProxyType(
    {
        "info": Label(title=_("Note"), hint=_("Good to know; it hinders nothing.")),
        "warn": Label(title=_("Warning"), hint=_("It should be put right.")),
        "unknown": Label(title=_("Unknown"), hint=_("What decides is not known.")),
        "block": Label(title=_("Blocks"), hint=_("The machine cannot be replicated like this.")),
        "hide": Label(title=_("Left out"), hint=_("The machine is no candidate at all.")),
    }
)


def verdict_of(findings: Iterable[MachineFinding], profile: ProfileId) -> Verdict:
    """The verdict of the gravest finding that holds in `profile`: a further finding never makes it better."""
    weights = (_WEIGHT[finding.status] for finding in findings if profile in finding.profiles)
    return VERDICTS[max(weights, default=0)]
