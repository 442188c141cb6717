"""The engine's face: collectors gather facts, pure judges decide, the gate says whether to go on."""

from __future__ import annotations

from wizard.checks.facts import FactSheet
from wizard.checks.findings import Finding, judge_all
from wizard.checks.gate import Gate, gate
from wizard.checks.gathering import Collector, gather

__all__ = ["Collector", "FactSheet", "Finding", "Gate", "gate", "gather", "judge_all"]
