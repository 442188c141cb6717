"""How the commands talk: progress bars for tasks, a table of checks, errors with their remedy."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from wizard.models import CheckResult, Task, TaskEvent, TaskState
from wizard.services.errors import UserError
from wizard.services.tasks import events_after
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text, _

POLL_SECONDS = 0.25
NO_WORKER_SECONDS = 15

_STATUS_STYLE = {
    "pass": "green",
    "warn": "yellow",
    "fail": "bold red",
    "unknown": "magenta",
    "skipped": "dim",
}
_LEVEL_STYLE = {TaskEvent.Level.WARNING: "yellow", TaskEvent.Level.ERROR: "bold red"}


def follow(console: Console, task: Task) -> Task:
    """Show a task until it ends, and give it back as it ended. Ctrl-C leaves it to its worker."""
    title = str(KINDS[task.kind].title)
    seen, begun, warned = 0, time.monotonic(), False
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=not console.is_terminal) as bars:
        bar = bars.add_task(escape(title), total=100)
        while True:
            task.refresh_from_db()
            for event in events_after(task, seen):
                style = _LEVEL_STYLE.get(TaskEvent.Level(event.level), "dim")
                bars.console.print(f"  [{style}]{escape(str(event.message))}[/]", highlight=False)
                seen = event.seq
            bars.update(bar, completed=task.progress)
            if not task.active:
                return task
            if task.state == TaskState.QUEUED and not warned and time.monotonic() - begun > NO_WORKER_SECONDS:
                warned = True
                bars.console.print(
                    f"  [yellow]{escape(str(Text(_('No worker has taken this up yet; is one running?'))))}[/]"
                )
            time.sleep(POLL_SECONDS)


def checks_table(rows: Sequence[CheckResult]) -> Table:
    table = Table(title=str(Text(_("Preflight"))), title_justify="left")
    table.add_column(str(Text(_("Requirement"))), no_wrap=True)
    table.add_column(str(Text(_("Status"))), no_wrap=True)
    table.add_column(str(Text(_("Title"))), ratio=2)
    table.add_column(str(Text(_("Observed"))), ratio=2)
    table.add_column(str(Text(_("Expected"))), ratio=2)
    for row in rows:
        style = _STATUS_STYLE[row.status]
        table.add_row(
            row.requirement_id,
            f"[{style}]{escape(row.get_status_display())}[/]",
            escape(str(row.title)),
            escape(str(row.observed)),
            escape(str(row.expected)),
        )
    return table


def say_error(console: Console, error: UserError) -> None:
    """The message, each field with its own, and what to do."""
    console.print(f"[bold red]{escape(str(error))}[/]", highlight=False)
    for field in error.errors:
        where = f"{field.path}: " if field.path else ""
        console.print(f"  {escape(where)}{escape(str(field.message))}", highlight=False)
    if error.remedy:
        console.print(f"  {escape(str(error.remedy))}", highlight=False)
