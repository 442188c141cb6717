"""Kinds of task that do little, and what the tests of the engine ask of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from wizard.models import Deployment
from wizard.services import audit
from wizard.services.errors import UserError
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Kind, Prepared
from wizard.text import Text


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    return Prepared(inputs=inputs, missing=(Text("the key"),) if inputs.get("locked") else ())


def count(progress: Progress) -> Done:
    """Count to `steps` with a `pause`; note each step in the file `diary`, to see who really worked."""
    steps, pause = progress.task.inputs.get("steps", 3), progress.task.inputs.get("pause", 0)
    progress.phase(Text("Counting"), 1)
    progress.leave(tower="half built")
    for step in range(1, steps + 1):
        time.sleep(pause)
        progress.check()
        progress.percent(100 * step / steps)
        progress.info(Text("Step %(step)s", step=step))
    _note(progress, f"attempt {progress.task.attempt} counted to {steps}")
    return Done(summary=Text("Counted."), result={"counted": steps})


def tidy(progress: Progress) -> None:
    _note(progress, f"tidied {progress.task.leftovers.get('tower')}")


def refuse(progress: Progress) -> Done:
    raise UserError(Text("The bridge is closed."), remedy=Text("Take the ferry."), code="closed")


def crash(progress: Progress) -> Done:
    raise ZeroDivisionError("canary-secret-in-a-message")


def record(progress: Progress) -> Done:
    task = progress.task
    audit.record("test.recorded", subject=task, actor=task.requested_by, sentence=Text("Recorded."))
    return Done(summary=Text("Recorded."))


def half_commit(progress: Progress) -> Done:
    progress.leave(tower="built")

    def commit() -> None:
        deployment = progress.task.deployment
        Deployment.objects.filter(pk=deployment.pk).update(revision=4711)
        raise UserError(Text("The last step failed."), code="late")

    return Done(summary=Text("Never said."), commit=commit)


def _note(progress: Progress, line: str) -> None:
    if diary := progress.task.inputs.get("diary"):
        with Path(diary).open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _kind(
    kind_id: str, run: Any, *, changing: bool = False, repeatable: bool = True, with_tidy: bool = False
) -> Kind:
    return Kind(
        id=kind_id,
        title=Text(kind_id),
        about=Text("For tests."),
        changing=changing,
        repeatable=repeatable,
        prepare=prepare,
        run=run,
        tidy=tidy if with_tidy else None,
    )


ALL = (
    _kind("test_count", count),
    _kind("test_build", count, changing=True, repeatable=False, with_tidy=True),
    _kind("test_change", count, changing=True),
    _kind("test_refuse", refuse),
    _kind("test_crash", crash),
    _kind("test_record", record),
    _kind("test_half_commit", half_commit, repeatable=False, with_tidy=True),
)
