"""Added components, their findings and the servers of a vault as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from wizard.models import Addition, Deployment
from wizard.services import additions
from wizard.services.additions import Seen
from wizard.text import Text

# The word of a finding, and the look of its tag.
TAGS: Final = {"pass": "pass", "info": "info", "warn": "warn", "unknown": "unknown", "block": "block"}
_STATE_TAGS: Final = {
    Addition.State.PLANNED: "ready",
    Addition.State.CHECKED: "complete",
    Addition.State.APPEARED: "running",
    Addition.State.RECORDED: "pass",
    Addition.State.REMOVED: "skipped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditionLine:
    """One row of the list; `machines` is "" where the vault shows none of it."""

    row: Addition
    url: str
    title: Text
    tag: str
    blocking: int
    health: str
    machines: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    rule: str
    tag: str
    text: Text
    remedy: Text


def addition_lines(
    deployment: Deployment, rows: Iterable[Addition], seen: dict[str, Seen]
) -> list[AdditionLine]:
    return [_line(deployment, row, seen.get(str(row.pk), additions.ABSENT)) for row in rows]


def finding_lines(addition: Addition) -> list[FindingLine]:
    """What was broken first, then what nobody knows, then the rest; the rules in their order."""
    order = list(reversed(TAGS))
    found = [
        FindingLine(rule=one.rule, tag=TAGS[one.status], text=one.text, remedy=one.remedy)
        for one in additions.findings_of(addition)
    ]
    return sorted(found, key=lambda line: order.index(line.tag))


def counts(lines: Sequence[FindingLine]) -> dict[str, int]:
    return {tag: sum(line.tag == tag for line in lines) for tag in reversed(TAGS)}


def state_tag(addition: Addition) -> str:
    return _STATE_TAGS[Addition.State(addition.state)]


def _line(deployment: Deployment, row: Addition, seen: Seen) -> AdditionLine:
    component = seen.component
    return AdditionLine(
        row=row,
        url=reverse("component", args=[deployment.pk, row.pk]),
        title=additions.title_of(row),
        tag=state_tag(row),
        blocking=sum(one.status == "block" for one in additions.findings_of(row)),
        health=component.health if component else "",
        machines=str(component.machines) if component and component.machines is not None else "",
    )
