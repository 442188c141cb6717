"""What is left to do, on one sheet for each person who does it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from wizard.checks.findings import Finding, Status
from wizard.checks.report import escaped
from wizard.checks.report_parts import OWNER_WORDS, STATUS_WORDS
from wizard.checks.requirement import Severity
from wizard.text import Text, _

_URGENCY: dict[Severity, int] = {"block": 0, "warn": 1, "info": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskItem:
    """One open finding. `found` is what was found, in one sentence; `command` is to be copied, or None."""

    requirement_id: str
    title: Text
    status: Status
    severity: Severity
    found: Text
    details: tuple[Text, ...]
    remedy: Text
    command: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSheet:
    """What one owner ("network", "windows", ...) has to do; `title` names the owner for people."""

    owner: str
    title: Text
    items: tuple[TaskItem, ...]


def task_sheets(
    findings: Iterable[Finding],
    waivers: Collection[str],
    commands: Mapping[str, str | None] | None = None,
) -> list[TaskSheet]:
    """Everything that did not pass and is not waived, by owner.

    `waivers` are the ids of requirements whose waiver is in force, `commands` the commands of the catalogue by
    id. Owners come in the order of OWNER_WORDS, items with what blocks first, else in the order given; an owner
    with nothing to do has no sheet.
    """
    known = commands or {}
    still_open = [
        finding
        for finding in findings
        if finding.status != "pass" and not (finding.waivable and finding.requirement_id in waivers)
    ]
    still_open.sort(key=lambda finding: _URGENCY[finding.severity])
    sheets = []
    for owner, title in OWNER_WORDS.items():
        own = [finding for finding in still_open if finding.owner == owner]
        if own:
            items = tuple(_item(finding, known.get(finding.requirement_id)) for finding in own)
            sheets.append(TaskSheet(owner=owner, title=title, items=items))
    return sheets


def as_markdown(sheets: Sequence[TaskSheet], *, deployment: str) -> str:
    """All sheets one after the other, to be put into tickets."""
    heading = Text(_("Tasks of %(deployment)s"), deployment=deployment)
    lines = [f"# {escaped(str(heading))}"]
    if not sheets:
        lines += ["", str(Text(_("Nothing is left to do.")))]
    for sheet in sheets:
        lines += ["", f"## {escaped(str(sheet.title))}"]
        for item in sheet.items:
            lines += _item_lines(item)
    return "\n".join(lines) + "\n"


def _item(finding: Finding, command: str | None) -> TaskItem:
    return TaskItem(
        requirement_id=finding.requirement_id,
        title=finding.title,
        status=finding.status,
        severity=finding.severity,
        found=finding.summary,
        details=finding.details,
        remedy=finding.remedy,
        command=command,
    )


def _item_lines(item: TaskItem) -> list[str]:
    lines = [
        "",
        f"### {escaped(f'{item.requirement_id} {item.title}')}",
        "",
        f"{STATUS_WORDS[item.status]}: {escaped(str(item.found))}",
        *(f"- {escaped(str(detail))}" for detail in item.details),
        "",
        escaped(str(item.remedy)),
    ]
    if item.command:
        # Commands are ours, of one line each, and hold no fence.
        lines += ["", "```", item.command, "```"]
    return lines
