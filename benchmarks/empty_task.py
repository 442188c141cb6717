"""Launch empty tasks and bare Celery tasks in turns, and say on standard output how many seconds each took."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path


def main() -> None:
    import django

    django.setup()
    from benchmarks.tasks import timed
    from wizard.config.celery import app
    from wizard.models import Operator, Task
    from wizard.models.task import ACTIVE_STATES
    from wizard.services import deployments, tasks

    person = Operator.objects.create_user(username="benchmark", password="benchmark", role="operator")  # noqa: S106
    deployment = deployments.create(name="first", profile="asr-classic", actor=person)
    with tempfile.TemporaryDirectory() as folder:

        def task() -> float:
            return timed(
                lambda: tasks.launch("benchmark_empty", deployment=deployment, actor=person).pk,
                lambda pk: not Task.objects.filter(pk=pk, state__in=ACTIVE_STATES).exists(),
            )

        def bare(number: int) -> float:
            mark = Path(folder) / str(number)
            return timed(
                lambda: app.send_task("benchmarks.touch", [str(mark)], retry=False),
                lambda _sent: mark.exists(),
            )

        # The first of each waits for the worker to be there.
        task(), bare(0)
        pairs = [(task(), bare(number)) for number in range(1, int(sys.argv[1]) + 1)]
    print(json.dumps({"task": [one for one, _ in pairs], "bare": [one for _, one in pairs]}))


if __name__ == "__main__":
    main()
