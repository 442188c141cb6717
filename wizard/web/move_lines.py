"""A plan of moves, and what became of one, as the page shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _lazy

from wizard.models import Task
from wizard.planning.quoting import amount
from wizard.services.machine_moves import NewestPlan
from wizard.text import Text

_OUTCOMES: Final = {
    "failed": (_lazy("Failed"), "fail"),
    "refused": (_lazy("Not moved"), "warn"),
    "not_tried": (_lazy("Not tried"), "skipped"),
    "moved": (_lazy("Moved"), "pass"),
    "already": (_lazy("There already"), "pass"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadLine:
    """One server before and after; loads in machines and GB a day as text, limits "–" where none is published."""

    name: str
    row: str
    machines_before: int
    machines_after: int
    most_machines: str
    change_before: str
    change_after: str
    most_change: str
    over_before: bool
    over_after: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveLine:
    name: str
    source: str
    target: str
    change: str
    assumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLines:
    sha256: str
    made_at: datetime | None
    task: Task
    outdated: bool
    resolved: bool
    machines: int
    loads: list[LoadLine]
    moves: list[MoveLine]
    unbearable: list[tuple[str, Text]]
    why_not: list[Text]
    remarks: list[Text]
    strangers: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLine:
    name: str
    word: str
    tag: str
    text: Text
    remedy: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLines:
    task: Task
    undoes: bool
    counts: list[tuple[str, int, str]]
    lines: list[OutcomeLine]


def plan_lines(newest: NewestPlan) -> PlanLines:
    document: Mapping[str, Any] = newest.document
    plan = document["plan"]
    names = {server["id"]: server["name"] for server in document["servers"]}
    return PlanLines(
        sha256=newest.sha256,
        made_at=newest.task.finished_at,
        task=newest.task,
        outdated=newest.outdated,
        resolved=plan["resolved"],
        machines=document["machines"],
        loads=[
            LoadLine(
                name=before["name"],
                row=before["row"] or "–",
                machines_before=before["machines"],
                machines_after=after["machines"],
                most_machines=_limit(before["most_machines"]),
                change_before=amount(before["change_gb"]),
                change_after=amount(after["change_gb"]),
                most_change=_limit(before["most_change_gb"]),
                over_before=before["over"],
                over_after=after["over"],
            )
            for before, after in zip(plan["before"], plan["after"], strict=True)
        ],
        moves=[
            MoveLine(
                name=move["name"],
                source=names.get(move["source"], move["source"]),
                target=names.get(move["target"], move["target"]),
                change=amount(move["change_gb"]),
                assumed=move["assumed"],
            )
            for move in plan["moves"]
        ],
        unbearable=[(one["name"], Text.from_json(one["text"])) for one in plan["unbearable"]],
        why_not=_texts(plan["why_not"]),
        remarks=_texts(plan["remarks"]),
        strangers=document["strangers"],
    )


def outcome_lines(task: Task) -> OutcomeLines:
    """What the newest move did, machine by machine; what went wrong comes first."""
    result: Mapping[str, Any] = task.result or {}
    found = [
        OutcomeLine(
            name=one["name"],
            word=str(word),
            tag=tag,
            text=Text.from_json(one.get("text")),
            remedy=Text.from_json(one.get("remedy")),
        )
        for outcome, (word, tag) in _OUTCOMES.items()
        for one in result.get(outcome, [])
    ]
    counts = [(str(word), len(result.get(outcome, [])), tag) for outcome, (word, tag) in _OUTCOMES.items()]
    return OutcomeLines(
        task=task,
        undoes="undo" in task.inputs,
        counts=[count for count in counts if count[1]],
        lines=found,
    )


def _limit(most: float | None) -> str:
    return "–" if most is None else amount(most)


def _texts(stored: Iterable[Mapping[str, Any]]) -> list[Text]:
    return [Text.from_json(one) for one in stored]
