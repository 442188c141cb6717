"""Whether the findings allow the next step. A pure function, so that every door gives the same answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from wizard.checks.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Ids of requirements, each in the order of the findings.

    `blocking`: what stands in the way. `waived`: what is not in order, and a person accepted it. `warnings`:
    what deserves a look and stops nothing.
    """

    blocked: bool
    blocking: tuple[str, ...]
    waived: tuple[str, ...]
    warnings: tuple[str, ...]


def gate(findings: Iterable[Finding], waivers: Collection[str]) -> Gate:
    """Decide with `waivers`, the ids of requirements whose waiver is in force.

    A requirement of severity block stands in the way unless it passed or warns: what failed, what is not
    known and what was skipped was not met. A waiver of a requirement that cannot be waived counts for
    nothing.
    """
    blocking, waived, warnings = [], [], []
    for finding in findings:
        if finding.status == "pass":
            continue
        if finding.waivable and finding.requirement_id in waivers:
            waived.append(finding.requirement_id)
        elif finding.severity != "block" or finding.status == "warn":
            warnings.append(finding.requirement_id)
        else:
            blocking.append(finding.requirement_id)
    return Gate(
        blocked=bool(blocking), blocking=tuple(blocking), waived=tuple(waived), warnings=tuple(warnings)
    )
