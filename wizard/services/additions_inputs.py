"""Which added component a task is about."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from wizard.journey.errors import FieldError
from wizard.models import Addition, Deployment, Task
from wizard.services import additions
from wizard.services.errors import Conflict, Invalid
from wizard.text import Text, _


def addition_in(deployment: Deployment, inputs: dict[str, Any]) -> Addition:
    """The one that the inputs of a task name. Raises Invalid, NotFound, Conflict `removed`."""
    try:
        wanted = UUID(str(inputs.get("addition")))
    except ValueError:
        text = Text(_("Say which component is meant, by its id."))
        raise Invalid([FieldError(path="addition", message=text, code="missing")]) from None
    row = additions.get(deployment, wanted)
    if row.state == Addition.State.REMOVED:
        raise Conflict(Text(_("%(name)s is removed already."), name=row.name), code="removed")
    return row


def addition_of(task: Task) -> Addition:
    """The one that a running task is about. Raises NotFound, Conflict `removed`."""
    return addition_in(task.deployment, task.inputs)
