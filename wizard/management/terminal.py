"""How the commands talk: progress bars for tasks, a table of checks, errors with their remedy."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Final

from rich import box
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from wizard.models import CheckResult, Task, TaskEvent, TaskState
from wizard.services.errors import UserError
from wizard.services.tasks import events_after
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text, _

POLL_SECONDS = 0.25
NO_WORKER_SECONDS = 15
# Of a log or a pipe, which have no width of their own.
PLAIN_COLUMNS = 100

_STATUS_STYLE: Final = {
    "pass": "green",
    "warn": "yellow",
    "fail": "bold red",
    "unknown": "magenta",
    "skipped": "dim",
}
_LEVEL_STYLE: Final = {TaskEvent.Level.WARNING: "yellow", TaskEvent.Level.ERROR: "bold red"}
_OUTCOME: Final = {
    TaskState.SUCCEEDED: ("green", Text(_("Done in %(seconds)s s."))),
    TaskState.FAILED: ("bold red", Text(_("Failed after %(seconds)s s."))),
    TaskState.CANCELLED: ("yellow", Text(_("Cancelled after %(seconds)s s."))),
}


def terminal(*, stderr: bool = False) -> Console:
    """Words as they are: the `:CD:` of a fingerprint is no picture of a disc."""
    console = Console(stderr=stderr, highlight=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(stderr=stderr, highlight=False, emoji=False, width=PLAIN_COLUMNS)
    return console


def follow(console: Console, task: Task) -> Task:
    """Show a task until it ends, and give it back as it ended. Ctrl-C leaves it to its worker."""
    console.print(f"[bold]{escape(str(KINDS[task.kind].title))}[/]")
    seen, begun, warned = 0, time.monotonic(), False
    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task("", total=100)
        while True:
            task.refresh_from_db()
            for event in events_after(task, seen):
                console.print(_line(event.message, _LEVEL_STYLE.get(TaskEvent.Level(event.level), "dim")))
                seen = event.seq
            bars.update(bar, completed=task.progress, description=escape(str(task.phase)))
            if not task.active:
                break
            if task.state == TaskState.QUEUED and not warned and time.monotonic() - begun > NO_WORKER_SECONDS:
                warned = True
                console.print(_line(Text(_("No worker has taken this up yet; is one running?")), "yellow"))
            time.sleep(POLL_SECONDS)
    style, words = _OUTCOME[TaskState(task.state)]
    console.print(_line(words.with_values(seconds=_seconds_of(task)), style))
    return task


def checks_table(rows: Sequence[CheckResult]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), expand=True)
    table.add_column(str(Text(_("Requirement"))), ratio=5, overflow="fold")
    table.add_column(str(Text(_("Status"))), no_wrap=True)
    table.add_column(str(Text(_("Observed"))), ratio=4, overflow="fold")
    table.add_column(str(Text(_("Expected"))), ratio=4, overflow="fold")
    for row in rows:
        table.add_row(
            f"[bold]{row.requirement_id}[/] {escape(str(row.title))}",
            f"[{_STATUS_STYLE[row.status]}]{escape(row.get_status_display())}[/]",
            escape(str(row.observed)),
            escape(str(row.expected)),
        )
    return table


def show_checks(console: Console, rows: Sequence[CheckResult]) -> None:
    """The table, and below it what is to be done about what is not in order."""
    if not rows:
        return
    console.print()
    console.print(checks_table(rows))
    open_rows = [row for row in rows if row.status != "pass" and (row.remedy or row.summary)]
    for row in open_rows:
        style = _STATUS_STYLE[row.status]
        console.print(f"[{style}]{row.requirement_id}[/] {escape(str(row.summary))}")
        for detail in row.details:
            console.print(_line(Text.from_json(detail), "dim"))
        if row.remedy:
            console.print(_line(row.remedy, ""))
    if open_rows:
        console.print()


def say_error(console: Console, error: UserError) -> None:
    """The message, each field with its own unless that is the message itself, and what to do."""
    console.print(f"[bold red]{escape(str(error))}[/]")
    for field in error.errors:
        if str(field.message) == str(error):
            continue
        where = f"[bold]{escape(field.path)}[/]: " if field.path else ""
        console.print(_indented(f"{where}{escape(str(field.message))}"))
    if error.remedy:
        console.print(_line(error.remedy, ""))


def _line(text: Text, style: str) -> RenderableType:
    words = escape(str(text))
    return _indented(f"[{style}]{words}[/]" if style else words)


def _indented(markup: str) -> RenderableType:
    # Not expanded, as a log would be full of blanks at the ends of its lines.
    return Padding(markup, (0, 0, 0, 2), expand=False)


def _seconds_of(task: Task) -> int:
    if task.started_at is None or task.finished_at is None:
        return 0
    return round((task.finished_at - task.started_at).total_seconds())
