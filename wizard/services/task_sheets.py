"""Task sheets: what is still open, on one sheet for each person who can mend it."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.checks import catalogue, task_sheets
from wizard.checks.requirement import Phase
from wizard.checks.task_sheets import TaskSheet
from wizard.models import Deployment, Operator
from wizard.services import results
from wizard.services.permissions import require


def sheets_of(deployment: Deployment, *, actor: Operator, phase: Phase = "before") -> list[TaskSheet]:
    """What did not pass and is not waived, by owner. Raises NotFound where nothing was judged yet."""
    require(actor, "task_sheets.see", deployment)
    found = results.report_of(deployment, phase)
    commands = {row.id: row.command for row in reversed(list(catalogue.load(deployment.profile)))}
    return task_sheets.task_sheets(found.findings, found.waivers.keys(), commands)


def in_markdown(deployment: Deployment, sheets: Sequence[TaskSheet]) -> str:
    """These sheets, to be put into tickets: all of a deployment, or those of one owner."""
    return task_sheets.as_markdown(sheets, deployment=deployment.name)


def as_markdown(deployment: Deployment, *, actor: Operator, phase: Phase = "before") -> str:
    return in_markdown(deployment, sheets_of(deployment, actor=actor, phase=phase))
