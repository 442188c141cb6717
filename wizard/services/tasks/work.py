"""The vocabulary of a kind of task: what it must have before it starts, and what it gives when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wizard.models import Deployment, Task
from wizard.services.tasks.progress import Progress
from wizard.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """`inputs` go into the task's row (never a secret); it starts only where nothing is `missing`.

    `begun` gets the task in the transaction that writes its row.
    """

    inputs: dict[str, Any] = field(default_factory=dict)
    missing: tuple[Text, ...] = ()
    begun: Callable[[Task], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How it went well. `commit` runs in the very transaction that marks the task as succeeded."""

    summary: Text
    result: dict[str, Any] = field(default_factory=dict)
    commit: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    id: str
    title: Text
    # What it needs, what it changes, whether it is safe to repeat: shown in the API's description.
    about: Text
    changing: bool
    repeatable: bool
    prepare: Callable[[Deployment, dict[str, Any]], Prepared]
    run: Callable[[Progress], Done]
    # Removes what a dead attempt, or one whose success could not be written, left behind; before a repetition, too, which
    # does not take place where this raises.
    tidy: Callable[[Progress], None] | None = None
