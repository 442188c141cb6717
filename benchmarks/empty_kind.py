"""A kind of task that does nothing, and a Celery task that does as little, for `benchmarks.tasks`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import shared_task
from django.apps import AppConfig

if TYPE_CHECKING:
    from wizard.services.tasks.progress import Progress


class EmptyKindConfig(AppConfig):
    name = "benchmarks"
    label = "benchmarks"

    def ready(self) -> None:
        from wizard.services.tasks.kinds import KINDS
        from wizard.services.tasks.work import Done, Kind, Prepared
        from wizard.text import Text

        def prepare(_deployment: Any, _inputs: Any) -> Prepared:
            return Prepared()

        def run(_progress: Progress) -> Done:
            return Done(summary=Text("Done."))

        KINDS["benchmark_empty"] = Kind(
            id="benchmark_empty",
            title=Text("Nothing"),
            about=Text("Does nothing."),
            changing=False,
            repeatable=True,
            prepare=prepare,
            run=run,
        )


@shared_task(name="benchmarks.touch")
def touch(path: str) -> None:
    Path(path).touch()
