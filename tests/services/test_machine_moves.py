"""Machines move between the servers of a vault, over HTTP: planned, approved by digest, told one by one, taken back."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests import vault_stories
from tests.vault_stories import SERVER, VAULT
from wizard.lab.arm import LabAzure
from wizard.models import Deployment, Operator, Task, TaskState
from wizard.services import machine_moves, tasks
from wizard.services.errors import Conflict, Invalid, NotFound, NotReady
from wizard.services.machine_moves_running import undo_orders

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment(azure: LabAzure, operator: Operator) -> Deployment:
    """119 machines replicate through the built-in process server, whose size carries 99; a further one stands idle."""
    found = vault_stories.watched(operator, "registered")
    azure.control.configure(job_seconds=0)
    vault_stories.set_up(azure)
    azure.control.set_server(SERVER, totalMemoryInBytes=16 * 2**30)
    azure.control.register_process_server(VAULT, "ps01", "192.0.2.20")
    azure.control.add_protected_items(VAULT, None, 119, SERVER)
    return found


def run(kind: str, deployment: Deployment, actor: Operator, **inputs: Any) -> Task:
    vault_stories.forget()
    task = tasks.launch(kind, deployment=deployment, actor=actor, inputs=inputs)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    return task


def planned(deployment: Deployment, actor: Operator, **inputs: Any) -> machine_moves.NewestPlan:
    task = run("plan_moves", deployment, actor, **{"total_change_gb": 119, **inputs})
    assert task.state == TaskState.SUCCEEDED, task.error
    found = machine_moves.newest_plan(deployment)
    assert found is not None
    return found


def moved(deployment: Deployment, actor: Operator, plan: machine_moves.NewestPlan) -> dict[str, Any]:
    task = run("move_machines", deployment, actor, plan_sha256=plan.sha256)
    assert task.state == TaskState.SUCCEEDED, task.error
    assert task.result is not None
    return task.result


def on_servers(azure: LabAzure, deployment: Deployment, actor: Operator) -> dict[str, int]:
    plan = planned(deployment, actor)
    return {load["name"]: load["machines"] for load in plan.document["plan"]["before"]}


def posts(azure: LabAzure, ending: str) -> int:
    return sum(
        1 for row in azure.control.requests() if row["method"] == "POST" and row["path"].endswith(ending)
    )


def test_a_plan_names_exactly_the_machines_that_are_too_many_and_changes_nothing(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    assert len(plan.orders) == 20
    assert plan.document["machines"] == 119
    assert {load["name"]: (load["machines"], load["over"]) for load in plan.document["plan"]["before"]} == {
        SERVER: (119, True),
        "ps01": (0, False),
    }
    assert [load["machines"] for load in plan.document["plan"]["after"]] == [99, 20]
    assert plan.document["plan"]["resolved"]
    assert posts(azure, "reassociateGateway") == 0


def test_machines_move_as_planned_in_jobs_of_twenty_and_can_be_moved_back(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    azure.control.add_protected_items(VAULT, None, 25, SERVER, prefix="more")
    result = moved(deployment, operator, planned(deployment, operator))
    assert (len(result["moved"]), len(result["undo"])) == (45, 45)
    assert posts(azure, "reassociateGateway") == 3
    assert on_servers(azure, deployment, operator) == {SERVER: 99, "ps01": 45}

    move = machine_moves.newest_moves(deployment)
    assert move is not None
    assert {order.target for order in undo_orders(move)} == {order.source for order in move_orders(move)}
    back = run("move_machines", deployment, operator, undo=str(move.pk))
    assert back.state == TaskState.SUCCEEDED, back.error
    assert on_servers(azure, deployment, operator) == {SERVER: 144, "ps01": 0}


def move_orders(task: Task) -> tuple[Any, ...]:
    return machine_moves.orders_of(task.inputs["orders"])


def test_only_the_newest_plan_can_be_approved_and_only_once(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    old = planned(deployment, operator)
    new = planned(deployment, operator, sizes={order.source: "L" for order in old.orders[:1]})
    assert new.sha256 != old.sha256
    with pytest.raises(Conflict, match="not the newest plan"):
        run("move_machines", deployment, operator, plan_sha256=old.sha256)
    with pytest.raises(Conflict, match="nothing to move"):
        run("move_machines", deployment, operator, plan_sha256=new.sha256)
    again = planned(deployment, operator)
    moved(deployment, operator, again)
    with pytest.raises(Conflict, match="not the newest plan"):
        run("move_machines", deployment, operator, plan_sha256=again.sha256)


def test_what_has_moved_already_is_left_alone_and_not_taken_back(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    moved(deployment, operator, plan)
    first = machine_moves.newest_moves(deployment)
    assert first is not None
    # The row of the task that somebody else started with the same plan just before.
    task = Task.objects.create(
        deployment=deployment, kind="move_machines", changing=True, inputs=first.inputs, requested_by=operator
    )
    before = posts(azure, "reassociateGateway")
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED, task.error
    assert task.result is not None
    assert (len(task.result["already"]), task.result["moved"], task.result["undo"]) == (20, [], [])
    assert posts(azure, "reassociateGateway") == before


def test_a_job_that_fails_is_told_for_each_of_its_machines_and_the_others_move(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    azure.control.add_protected_items(VAULT, None, 10, SERVER, prefix="more")
    plan = planned(deployment, operator)
    assert len(plan.orders) == 30
    azure.control.fault("job_fails", path="reassociateGateway", code="95100", message="The agent is silent.")
    result = moved(deployment, operator, plan)
    assert (len(result["failed"]), len(result["moved"]), len(result["undo"])) == (20, 10, 10)
    assert all(one["name"] and "silent" in str(one["text"]) for one in result["failed"])
    assert on_servers(azure, deployment, operator) == {SERVER: 119, "ps01": 10}


def test_a_move_of_which_nothing_succeeds_fails_and_says_why_for_each(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    azure.control.fault("job_fails", path="reassociateGateway", code="95100", message="The agent is silent.")
    task = run("move_machines", deployment, operator, plan_sha256=plan.sha256)
    assert task.state == TaskState.FAILED
    assert task.error is not None
    assert task.error["code"] == "moves_failed"
    assert task.result is not None
    assert len(task.result["failed"]) == 20
    assert task.result["undo"] == []


def test_a_vault_that_refuses_ends_the_move_and_names_what_was_not_tried(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    azure.control.add_protected_items(VAULT, None, 10, SERVER, prefix="more")
    plan = planned(deployment, operator)
    azure.control.fault("forbidden", method="POST", path="reassociateGateway")
    task = run("move_machines", deployment, operator, plan_sha256=plan.sha256)
    assert task.state == TaskState.FAILED
    assert task.error is not None
    assert task.error["code"] == "not_permitted"
    assert task.result is not None
    assert (len(task.result["failed"]), len(task.result["not_tried"])) == (20, 10)


def test_a_target_that_became_critical_takes_no_machines(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    azure.control.set_server("ps01", health="Critical")
    task = run("move_machines", deployment, operator, plan_sha256=plan.sha256)
    assert task.state == TaskState.FAILED
    assert task.result is not None
    assert len(task.result["refused"]) == 20
    assert "critical" in str(task.result["refused"][0]["text"])
    assert posts(azure, "reassociateGateway") == 0


def test_machines_that_are_elsewhere_by_now_are_left_where_they_are(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    azure.control.remove_server("ps01")
    azure.control.register_process_server(VAULT, "ps02", "192.0.2.30")
    task = run("move_machines", deployment, operator, plan_sha256=plan.sha256)
    assert task.state == TaskState.FAILED
    assert task.result is not None
    assert "no server" in str(task.result["refused"][0]["text"])


def test_a_wish_to_stop_is_heard_between_two_jobs_and_what_was_done_is_kept(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    task = tasks.launch(
        "move_machines", deployment=deployment, actor=operator, inputs={"plan_sha256": plan.sha256}
    )
    claimed = Task.objects.filter(pk=task.pk)
    claimed.update(cancel_requested=True)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert task.state == TaskState.CANCELLED
    assert posts(azure, "reassociateGateway") == 0


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
    assert len(task.result["undo"]) == 20, "what the dead worker moved is taken back, too"


def test_rates_from_a_file_count_and_names_that_the_vault_does_not_know_are_told(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    out = io.StringIO()
    rows = csv.writer(out, delimiter=";")
    rows.writerow(["Name", "daily_change_gb", "peak_mb_s"])
    rows.writerow(["machine001", "2500,5", ""])
    rows.writerow(["machine002", "10", "60"])
    rows.writerow(["nobody", "10", "1"])
    plan = planned(deployment, operator, rates_csv=out.getvalue())
    assert [one["name"] for one in plan.document["plan"]["unbearable"]] == ["machine001", "machine002"]
    assert plan.document["strangers"] == ["nobody"]
    assert not {"machine001", "machine002"} & {order.name for order in plan.orders}


def test_a_server_can_be_emptied_before_it_is_taken_away(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    azure.control.add_protected_items(VAULT, None, 3, "ps01", prefix="on-ps")
    servers = {one["name"]: one["id"] for one in planned(deployment, operator).document["servers"]}
    plan = planned(deployment, operator, leave=[servers["ps01"]], sizes={servers[SERVER]: "L"})
    assert {order.name for order in plan.orders} == {"on-ps001", "on-ps002", "on-ps003"}


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"total_change_gb": -1}, "total_change_gb"),
        ({"rates_csv": "nonsense"}, "rates_csv"),
        ({"rates_csv": "name,daily_change_gb\nvm1,lots"}, "rates_csv"),
        ({"leave": "ps01"}, "leave"),
        ({"sizes": {"x": "XL"}}, "sizes"),
    ],
)
def test_inputs_that_cannot_be_taken_are_refused_by_field(
    deployment: Deployment, operator: Operator, inputs: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        run("plan_moves", deployment, operator, **inputs)
    assert [error.path for error in refused.value.errors] == [field]


def test_without_an_account_nothing_is_planned_or_moved(deployment: Deployment, operator: Operator) -> None:
    vault_stories.choose(deployment, "")
    with pytest.raises(NotReady):
        run("plan_moves", deployment, operator)


def test_a_move_of_another_deployment_is_not_taken_back_here(
    deployment: Deployment, operator: Operator
) -> None:
    with pytest.raises(NotFound):
        run("move_machines", deployment, operator, undo="00000000-0000-0000-0000-000000000009")


def test_machines_of_appliances_move_one_by_one(azure: LabAzure, operator: Operator) -> None:
    found = vault_stories.watched(operator, "registered")
    azure.control.configure(job_seconds=0)
    azure.control.register_appliance(VAULT, "app1", "192.0.2.41")
    azure.control.register_appliance(VAULT, "app2", "192.0.2.42")
    azure.control.add_protected_items(VAULT, None, 4, "app1")
    servers = {one["name"]: one["id"] for one in planned(found, operator).document["servers"]}
    plan = planned(found, operator, leave=[servers["app1"]])
    result = moved(found, operator, plan)
    assert len(result["moved"]) == 4
    assert posts(azure, "updateAppliance") == 4
    assert on_servers(azure, found, operator) == {"app1": 0, "app2": 4}
