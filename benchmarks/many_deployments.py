"""Fill a scratch database with deployments and their tasks, and say on standard output what can be asked for there."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

STEPS: dict[str, dict[str, Any]] = {
    "source": {"protects": ["vmware"], "method": "ova"},
    "capacity": {"machines": 120, "daily_change_gb": 700},
}


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    print(json.dumps(_fill(int(sys.argv[1]))))


def _fill(count: int) -> dict[str, Any]:
    from django.utils import timezone

    from wizard.models import Deployment, Operator, StepAnswer, Task, TaskEvent
    from wizard.services import accounts, deployments
    from wizard.text import Text

    person = Operator.objects.create_user(username="benchmark", password="benchmark", role="operator")  # noqa: S106
    first = deployments.create(name="first", profile="asr-classic", actor=person)
    for step, answers in STEPS.items():
        deployments.answer(first, step, answers, actor=person)
    rest = Deployment.objects.bulk_create(
        [
            Deployment(name=f"site-{number:05}", profile="asr-classic", created_by=person)
            for number in range(count - 1)
        ],
        batch_size=500,
    )
    StepAnswer.objects.bulk_create(
        [
            StepAnswer(deployment=one, step=step, data=answers, changed_by=person)
            for one in rest
            for step, answers in STEPS.items()
        ],
        batch_size=500,
    )
    now = timezone.now()
    jobs = [
        Task(
            deployment=one,
            kind=kind,
            changing=False,
            state="succeeded",
            progress=100,
            result={"counts": {"pass": 80, "warn": 3, "fail": 1}, "blocked": True},
            requested_by=person,
            phase=Text("Done"),
            attempt=1,
            last_seq=2,
            started_at=now,
            finished_at=now + timedelta(seconds=20),
        )
        for one in [first, *rest]
        for kind in ("sign_in_vcenter", "preflight")
    ]
    Task.objects.bulk_create(jobs, batch_size=500)
    TaskEvent.objects.bulk_create(
        [TaskEvent(task=job, seq=seq, message=Text("A line.")) for job in jobs for seq in (1, 2)],
        batch_size=500,
    )
    running = Task.objects.create(
        deployment=first,
        kind="inspect_template",
        changing=False,
        state="running",
        progress=40,
        requested_by=person,
        phase=Text("Reading"),
        attempt=1,
        last_seq=1,
        started_at=now,
        lease_until=now + timedelta(days=1),
    )
    TaskEvent.objects.create(task=running, seq=1, message=Text("A line."))
    _row, token = accounts.create_token(user=person, actor=person, name="benchmark", scope="read")
    return {"session": _signed_in(person), "token": token, "paths": _paths(first, running)}


def _signed_in(person: Any) -> str:
    from django.test import Client

    client = Client()
    client.force_login(person)
    return client.cookies["sessionid"].value


def _paths(first: Any, job: Any) -> dict[str, str]:
    from wizard.web.live import Seen

    return {
        "step page": f"/deployments/{first.pk}/steps/vcenter/",
        "deployments": "/",
        "task list": "/tasks/",
        "task page": f"/tasks/{job.pk}/",
        # What the page of a task asks for once a second: where something changed, and where nothing did.
        "task partial": f"/tasks/{job.pk}/progress/?seen=0.0.0",
        "task unchanged": f"/tasks/{job.pk}/progress/?seen={Seen.of(job)}",
        "API deployments": "/api/v1/deployments/",
        "API tasks": "/api/v1/tasks/",
        "metrics": "/metrics",
    }


if __name__ == "__main__":
    main()
