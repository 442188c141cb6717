"""Nothing changes beneath a task that works: what it was started with holds until it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests import stories
from wizard.models import Deployment, Operator, Task
from wizard.services import deployments, preflight, tasks
from wizard.services.errors import Conflict, NotFound, NotReady

pytestmark = pytest.mark.django_db


def waive(deployment: Deployment, operator: Operator) -> None:
    preflight.waive(deployment, "VC-01", reason="for now", until=timezone.localdate(), actor=operator)


def take_back(deployment: Deployment, operator: Operator) -> None:
    preflight.take_back_waiver(deployment, "VC-01", actor=operator)


@pytest.mark.parametrize("change", [waive, take_back])
def test_waivers_stay_as_they_are_while_the_appliance_is_being_deployed(
    operator: Operator, change: Callable[[Deployment, Operator], None]
) -> None:
    deployment = stories.answered(operator, "checked")
    deployment.checks.filter(requirement_id="TPL-02").update(requirement_id="VC-01", status="fail")
    deployment.waivers.create(
        requirement_id="VC-01",
        reason="for now",
        until=date(2098, 1, 1),
        asked_by=operator,
        approved_by=operator,
        approved_at=timezone.now(),
    )
    tasks.launch("deploy_ova", deployment=deployment, actor=operator, inputs=stories.approval(deployment))
    with pytest.raises(Conflict) as refused:
        change(deployment, operator)
    assert refused.value.code == "task_running"
    deployment.refresh_from_db()
    assert (deployment.state, deployment.waivers.get().until) == ("checked", date(2098, 1, 1))


def beside(what: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    """Begin `what` in another connection; the exceptions that came of it, once the thread has ended."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            what()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, raised


@pytest.mark.django_db(transaction=True)
def test_a_task_is_not_started_with_an_answer_that_is_just_being_changed(operator: Operator) -> None:
    deployment = stories.answered(operator, "checked")
    with transaction.atomic():
        deployments.answer(deployment, "capacity", {"machines": 5, "daily_change_gb": 7}, actor=operator)
        late = Deployment.objects.get(pk=deployment.pk)
        late.state = "checked"
        thread, raised = beside(
            lambda: tasks.launch("deploy_ova", deployment=late, actor=operator, inputs=stories.approval(late))
        )
        thread.join(0.5)
        assert thread.is_alive(), "it waits for the one who answers"
    thread.join(20)
    assert [type(error) for error in raised] == [NotReady]
    assert not Task.objects.filter(kind="deploy_ova").exists()


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_not_changed_beneath_a_task_that_is_just_being_started(operator: Operator) -> None:
    deployment = stories.answered(operator, "checked")
    with transaction.atomic():
        tasks.launch("deploy_ova", deployment=deployment, actor=operator, inputs=stories.approval(deployment))
        thread, raised = beside(
            lambda: deployments.answer(
                Deployment.objects.get(pk=deployment.pk),
                "capacity",
                {"machines": 5, "daily_change_gb": 7},
                actor=operator,
            )
        )
        thread.join(0.5)
        assert thread.is_alive(), "it waits for the one who starts the task"
    thread.join(20)
    assert [type(error) for error in raised] == [Conflict]
    deployment.refresh_from_db()
    assert deployment.state == "checked"


@pytest.mark.django_db(transaction=True)
def test_a_draft_is_not_deleted_beneath_a_task_that_is_just_being_started(operator: Operator) -> None:
    deployment = stories.answered(operator, "checked")
    with transaction.atomic():
        task = tasks.launch("preflight", deployment=deployment, actor=operator)
        thread, raised = beside(
            lambda: deployments.delete(Deployment.objects.get(pk=deployment.pk), actor=operator)
        )
        thread.join(0.5)
        assert thread.is_alive(), "it waits for the one who starts the task"
    thread.join(20)
    assert [type(error) for error in raised] == [Conflict]
    assert Task.objects.filter(pk=task.pk).exists()


def test_a_deployment_that_somebody_has_just_deleted_is_not_there(operator: Operator) -> None:
    deployment: Any = stories.answered(operator, "source")
    late = Deployment.objects.get(pk=deployment.pk)
    deployments.delete(deployment, actor=operator)
    with pytest.raises(NotFound):
        tasks.launch("probe_vcenter", deployment=late, actor=operator, inputs={"host": "vcenter.lab.test"})
    with pytest.raises(NotFound):
        deployments.keep_draft(late, "capacity", {"machines": 5}, actor=operator)
