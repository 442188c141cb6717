"""Whether a machine can be protected, as far as that is seen from outside (asr-facts 12)."""

from __future__ import annotations

from wizard.planning.eligibility.catalogue import RULES, Rule, unseen
from wizard.planning.eligibility.finding import MachineFinding, Status
from wizard.planning.eligibility.judge import judge
from wizard.planning.eligibility.machine import SourceController, SourceDisk, SourceMachine, Surroundings
from wizard.planning.eligibility.verdict import (
    STATUS_LABELS,
    VERDICT_LABELS,
    VERDICTS,
    Label,
    Verdict,
    verdict_of,
)

__all__ = [
    "RULES",
    "STATUS_LABELS",
    "VERDICTS",
    "VERDICT_LABELS",
    "Label",
    "MachineFinding",
    "Rule",
    "SourceController",
    "SourceDisk",
    "SourceMachine",
    "Status",
    "Surroundings",
    "Verdict",
    "judge",
    "unseen",
    "verdict_of",
]
