"""Moves that do not go through in one piece: stopped, left by their worker, overtaken by what happens in the vault."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.move_stories import crowded, move_orders, moved, on_servers, planned, posts, run
from tests.vault_stories import SERVER, VAULT
from tests.waiting import wait_until
from wizard.azure import gateways
from wizard.lab.arm import LabAzure
from wizard.models import Deployment, Operator, Task, TaskState, VaultWatch
from wizard.services import azure_access, machine_moves, tasks
from wizard.services.errors import Conflict
from wizard.services.machine_moves_running import undo_orders
from wizard.services.tasks.runner import claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment(azure: LabAzure, operator: Operator) -> Deployment:
    """Thirty machines are too many: two jobs."""
    found = crowded(azure, operator)
    azure.control.add_protected_items(VAULT, None, 10, SERVER, prefix="more")
    return found


def while_it_runs(azure: LabAzure, act: Callable[[], object]) -> threading.Thread:
    """Do something while the first job runs, then let that end."""
    azure.control.configure(job_seconds=60)

    def watch() -> None:
        try:
            wait_until(lambda: posts(azure, "reassociateGateway") == 1)
            act()
        finally:
            azure.control.advance(60)
            azure.control.configure(job_seconds=0)
            connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    return watcher


@pytest.mark.django_db(transaction=True)
def test_a_wish_to_stop_is_heard_when_the_job_that_runs_has_ended(
    azure: LabAzure, deployment: Deployment, operator: Operator, settings: Any
) -> None:
    settings.TASK_LEASE_SECONDS = 1
    plan = planned(deployment, operator)
    task = tasks.launch(
        "move_machines", deployment=deployment, actor=operator, inputs={"plan_sha256": plan.sha256}
    )
    watcher = while_it_runs(azure, lambda: tasks.cancel(Task.objects.get(pk=task.pk), actor=operator))
    tasks.execute(task.pk, "test")
    watcher.join()
    task.refresh_from_db()
    assert task.state == TaskState.CANCELLED
    assert posts(azure, "reassociateGateway") == 1
    assert task.result is not None
    assert {name: len(rows) for name, rows in task.result.items()} == {
        "moved": 20,
        "already": 0,
        "failed": 0,
        "refused": 0,
        "not_tried": 10,
        "undo": 20,
    }
    back = run("move_machines", deployment, operator, undo=str(task.pk))
    assert back.state == TaskState.SUCCEEDED, back.error
    assert on_servers(azure, deployment, operator) == {SERVER: 129, "ps01": 0}


def test_a_wish_to_stop_before_the_first_job_moves_nothing(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    task = tasks.launch(
        "move_machines", deployment=deployment, actor=operator, inputs={"plan_sha256": plan.sha256}
    )
    Task.objects.filter(pk=task.pk).update(cancel_requested=True)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert task.state == TaskState.CANCELLED
    assert posts(azure, "reassociateGateway") == 0


def test_a_target_that_becomes_critical_in_the_midst_gets_no_more_machines(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    watcher = while_it_runs(azure, lambda: azure.control.set_server("ps01", health="Critical"))
    result = moved(deployment, operator, plan)
    watcher.join()
    assert (len(result["moved"]), len(result["refused"]), len(result["undo"])) == (20, 10, 20)
    assert "critical" in str(result["refused"][0]["text"])
    assert posts(azure, "reassociateGateway") == 1


def test_a_group_that_grew_since_it_was_planned_stays_whole_where_it_is(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    azure.control.add_protected_items(VAULT, None, 3, SERVER, prefix="a-erp", group="erp")
    plan = planned(
        deployment, operator, rates_csv="name,daily_change_gb\n" + "a-erp001,0\na-erp002,0\na-erp003,0"
    )
    assert {order.name for order in plan.orders if order.group} == {"a-erp001", "a-erp002", "a-erp003"}
    azure.control.add_protected_items(VAULT, None, 1, SERVER, prefix="late", group="erp")
    result = moved(deployment, operator, plan)
    assert {one["name"] for one in result["refused"]} == {"a-erp001", "a-erp002", "a-erp003"}
    assert "not in the plan" in str(result["refused"][0]["text"])


def test_a_move_that_ended_makes_the_picture_of_the_vault_due_however_it_ended(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    VaultWatch.objects.create(deployment=deployment, next_refresh_at=timezone.now() + timedelta(hours=1))
    azure.control.fault("forbidden", method="POST", path="reassociateGateway")
    assert run("move_machines", deployment, operator, plan_sha256=plan.sha256).state == TaskState.FAILED
    assert VaultWatch.objects.get(deployment=deployment).next_refresh_at is None


# --- workers that die -------------------------------------------------------------------------------------------------


def left_behind(
    deployment: Deployment, operator: Operator, plan: machine_moves.NewestPlan, **fields: Any
) -> Task:
    """A move whose worker died."""
    task = tasks.launch(
        "move_machines", deployment=deployment, actor=operator, inputs={"plan_sha256": plan.sha256}
    )
    claim(task.pk, "a worker that dies")
    Task.objects.filter(pk=task.pk).update(lease_until=timezone.now() - timedelta(seconds=1), **fields)
    return task


def taken_over(task: Task) -> Task:
    tasks.execute(task.pk, "another")
    task.refresh_from_db()
    assert task.attempt == 2
    return task


def by_hand(azure: LabAzure, deployment: Deployment, plan: machine_moves.NewestPlan, count: int) -> list[str]:
    """What the vault has moved by the time that the worker is gone; their keys."""
    first, orders = plan.orders[0], plan.orders[:count]
    with azure_access.open_arm(deployment) as arm:
        gateways.reassociate(
            arm,
            azure_access.vault_ref(deployment),
            first.fabric,
            container=first.container,
            source=first.source,
            target=first.target,
            items=[order.machine for order in orders],
        )
    azure.control.clear_requests()
    return [order.key for order in orders]


def test_the_job_that_a_dead_worker_followed_is_awaited_before_anything_is_asked_again(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    result = moved(deployment, operator, plan)
    job = azure.control.jobs(VAULT)[-1]
    first = machine_moves.newest_moves(deployment)
    assert first is not None
    # As the worker left it that died while the job ran: the job known, its machines not noted yet.
    task = Task.objects.create(
        deployment=deployment,
        kind="move_machines",
        changing=True,
        inputs=first.inputs,
        leftovers={"job": {"id": job["id"], "machines": [order.key for order in move_orders(first)]}},
        result={**result, "moved": [], "undo": result["undo"][:5]},
        requested_by=operator,
    )
    azure.control.clear_requests()
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED, task.error
    assert posts(azure, "reassociateGateway") == 0
    assert any(row["path"].endswith(job["id"]) for row in azure.control.requests())
    assert task.result is not None
    assert (len(task.result["moved"]), len(task.result["undo"])) == (30, 30), "what the dead worker moved"


@pytest.mark.parametrize("job", ["", "00000000-0000-0000-0000-000000000001"])
def test_a_worker_that_died_with_a_job_that_nobody_knows_loses_no_machine(
    azure: LabAzure, deployment: Deployment, operator: Operator, job: str
) -> None:
    plan = planned(deployment, operator)
    keys = by_hand(azure, deployment, plan, 20)
    task = taken_over(
        left_behind(deployment, operator, plan, leftovers={"job": {"id": job, "machines": keys}})
    )
    assert task.state == TaskState.SUCCEEDED, task.error
    assert posts(azure, "reassociateGateway") == 1
    assert len(undo_orders(task)) == 30


def test_what_the_dead_worker_moved_is_not_forgotten_when_the_rest_fails(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    by_hand(azure, deployment, plan, 20)
    undo = [order.back().to_json() for order in plan.orders[:20]]
    task = left_behind(deployment, operator, plan, result={"moved": [], "undo": undo})
    azure.control.fault("job_fails", path="reassociateGateway", code="95100", message="The agent is silent.")
    taken_over(task)
    assert task.state == TaskState.SUCCEEDED, "twenty were moved: it is not so that none was"
    assert task.result is not None
    assert (len(task.result["moved"]), len(task.result["failed"]), len(task.result["undo"])) == (20, 10, 20)


def test_machines_whose_job_was_lost_from_sight_can_be_taken_back(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    azure.control.fault("forbidden", method="GET", path="replicationJobs")
    task = run("move_machines", deployment, operator, plan_sha256=plan.sha256)
    assert task.state == TaskState.FAILED
    assert task.result is not None
    assert (len(task.result["failed"]), len(task.result["not_tried"]), len(task.result["undo"])) == (
        20,
        10,
        20,
    )
    back = run("move_machines", deployment, operator, undo=str(task.pk))
    assert back.state == TaskState.SUCCEEDED, back.error
    assert on_servers(azure, deployment, operator) == {SERVER: 129, "ps01": 0}


# --- taking back, and repeating ---------------------------------------------------------------------------------------


def test_what_could_not_be_taken_back_is_taken_back_by_doing_it_again(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    moved(deployment, operator, planned(deployment, operator))
    move = machine_moves.newest_moves(deployment)
    assert move is not None
    azure.control.fault("forbidden", method="POST", path="reassociateGateway", count=1)
    back = run("move_machines", deployment, operator, undo=str(move.pk))
    assert back.state == TaskState.FAILED
    again = tasks.retry(back, actor=operator)
    tasks.execute(again.pk, "test")
    again.refresh_from_db()
    assert again.state == TaskState.SUCCEEDED, again.error
    assert on_servers(azure, deployment, operator) == {SERVER: 129, "ps01": 0}
    with pytest.raises(Conflict, match="Only the newest move"):
        run("move_machines", deployment, operator, undo=str(move.pk))


def test_a_move_that_is_repeated_wants_a_plan_of_its_own(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    moved(deployment, operator, planned(deployment, operator))
    move = machine_moves.newest_moves(deployment)
    assert move is not None
    with pytest.raises(Conflict, match="not the newest plan"):
        tasks.retry(move, actor=operator)


def test_the_row_of_a_move_does_not_hold_its_orders_a_second_time(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    moved(deployment, operator, planned(deployment, operator))
    move = machine_moves.newest_moves(deployment)
    assert move is not None
    assert set(move.inputs) == {"plan", "plan_sha256"}
    # Whoever changes what was approved moves nothing.
    plan = machine_moves.newest_plan(deployment)
    assert plan is not None
    Task.objects.filter(pk=plan.task.pk).update(
        result={**plan.document, "orders": plan.document["orders"][:5]}
    )
    task = Task.objects.create(
        deployment=deployment, kind="move_machines", changing=True, inputs=move.inputs, requested_by=operator
    )
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert (task.error or {}).get("code") == "plan_outdated"
