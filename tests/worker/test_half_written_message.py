"""A message that cannot be read costs time, never the worker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from tests.builders import make_deployment
from tests.waiting import wait_until
from tests.worker.conftest import Worker
from wizard.models import Operator, TaskState
from wizard.services import tasks

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("broker", ["filesystem"], indirect=True)
def test_half_written_messages_do_not_end_the_worker(
    start_worker: Callable[[], Worker], operator: Operator
) -> None:
    # Sorted before every real one, as their names begin with the time.
    messages = Path(settings.BROKER_DIR, "messages")
    (messages / "0_empty.celery.msg").write_bytes(b"")
    (messages / "0_half.celery.msg").write_bytes(b'{"body": "W1si')
    worker = start_worker()
    task = tasks.launch(
        "test_count", deployment=make_deployment(operator), actor=operator, inputs={"steps": 1}
    )

    def ended() -> bool:
        task.refresh_from_db()
        return not task.active

    wait_until(ended)
    assert task.state == TaskState.SUCCEEDED
    assert worker.process.poll() is None
