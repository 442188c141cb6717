"""A real worker tells a real receiver."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.builders import make_deployment
from tests.waiting import wait_until
from tests.webhooks.receiver import receiving
from tests.worker.conftest import Worker
from wizard.models import Operator
from wizard.services import tasks
from wizard.services.webhooks import registry
from wizard.services.webhooks.registry import WebhookWish

pytestmark = [pytest.mark.worker, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("broker", ["filesystem"], indirect=True)
def test_a_task_is_followed_by_a_webhook_from_its_start_to_its_end(
    start_worker: Callable[[], Worker], admin: Operator, operator: Operator
) -> None:
    deployment = make_deployment(operator)
    with receiving(None) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/"
        wish = WebhookWish(name="chat", url=url, secret="a-long-secret-of-tests")
        registry.create(wish, actor=admin)
        start_worker()
        tasks.launch("test_count", deployment=deployment, actor=operator, inputs={"steps": 1})
        wait_until(lambda: len(receiver.received) >= 3)
    assert sorted(receiver.events) == ["task.queued", "task.started", "task.succeeded"]
