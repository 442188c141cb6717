"""Machines move between the servers of a vault, over HTTP: planned, approved by digest, told one by one, taken back."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests import vault_stories
from tests.move_stories import crowded, move_orders, moved, on_servers, planned, posts, run
from tests.vault_stories import SERVER, VAULT
from wizard.lab.arm import LabAzure
from wizard.models import Component, Deployment, Operator, Task, TaskState
from wizard.services import additions_advice, machine_moves, tasks
from wizard.services.errors import Conflict, Invalid, NotFound, NotReady
from wizard.services.machine_moves_running import undo_orders

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment(azure: LabAzure, operator: Operator) -> Deployment:
    return crowded(azure, operator)


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
        ({"total_change_gb": "1,024"}, "total_change_gb"),
        ({"rates_csv": "nonsense"}, "rates_csv"),
        ({"rates_csv": "name,daily_change_gb\nvm1,lots"}, "rates_csv"),
        ({"leave": "ps01"}, "leave"),
        ({"sizes": {"x": "XL"}}, "sizes"),
        ({"rates": {"vm1": [-1, None]}}, "rates"),
        ({"rates": "vm1"}, "rates"),
        ({"rates_csv": "name,daily_change_gb\n" + "é" * 1_100_000}, "rates_csv"),
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


# --- what a plan is made from -------------------------------------------------------------------------------------------


def test_a_plan_made_right_after_a_move_knows_of_it(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    moved(deployment, operator, planned(deployment, operator))
    again = planned(deployment, operator)
    assert (again.orders, again.outdated) == ((), False)
    assert [load["machines"] for load in again.document["plan"]["before"]] == [99, 20]


def test_a_plan_that_was_made_while_machines_moved_is_outdated(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator)
    read_at = datetime.fromisoformat(plan.document["read_at"])
    move = Task.objects.create(
        deployment=deployment, kind="move_machines", changing=True, state="running", requested_by=operator
    )
    rows = Task.objects.filter(pk=move.pk)
    rows.update(queued_at=read_at - timedelta(minutes=2), started_at=read_at - timedelta(minutes=1))

    def outdated() -> bool:
        newest = machine_moves.newest_plan(deployment)
        assert newest is not None
        return newest.outdated

    assert outdated()
    rows.update(state="succeeded", finished_at=read_at + timedelta(minutes=1))
    assert outdated()
    rows.update(finished_at=read_at - timedelta(seconds=1))
    assert not outdated()
    # Stopped before it began: nothing moved.
    rows.update(state="cancelled", started_at=None, finished_at=read_at + timedelta(minutes=1))
    assert not outdated()


def test_nothing_is_said_of_machines_that_could_not_be_read(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    azure.control.fault("forbidden", path="replicationProtectedItems", count=0)
    task = run("plan_moves", deployment, operator)
    assert task.state == TaskState.FAILED
    assert task.error is not None
    assert task.error["code"] == "machines_unread"


def test_a_plan_that_is_repeated_keeps_the_changes_of_the_file(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    plan = planned(deployment, operator, rates_csv="name,daily_change_gb\nmachine001,3000\nMachine002,7")
    again = tasks.retry(plan.task, actor=operator)
    tasks.execute(again.pk, "test")
    again.refresh_from_db()
    assert again.inputs == plan.task.inputs
    assert again.result is not None
    assert [one["name"] for one in again.result["plan"]["unbearable"]] == ["machine001"]


def test_machines_of_appliances_without_an_account_stay_and_are_named(
    azure: LabAzure, operator: Operator
) -> None:
    found = vault_stories.watched(operator, "registered")
    azure.control.configure(job_seconds=0)
    azure.control.register_appliance(VAULT, "app1", "192.0.2.41")
    azure.control.register_appliance(VAULT, "app2", "192.0.2.42")
    azure.control.add_protected_items(VAULT, None, 2, "app1")
    azure.control.add_protected_items(VAULT, None, 1, "app1", prefix="nobody", run_as_account="")
    servers = {one["name"]: one["id"] for one in planned(found, operator).document["servers"]}
    plan = planned(found, operator, leave=[servers["app1"]])
    assert {order.name for order in plan.orders} == {"machine001", "machine002"}
    assert any("run-as account" in str(remark) for remark in plan.document["plan"]["remarks"])
    assert len(moved(found, operator, plan)["moved"]) == 2


def test_the_configuration_server_of_another_deployment_is_left_to_it(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    other = vault_stories.watched(operator, name="other-site")
    Component.objects.filter(deployment=other, kind="cs").update(name="cs-other", address="198.51.100.10")
    theirs = azure.control.register_configuration_server(VAULT, "cs-other", "198.51.100.10")
    azure.control.add_protected_items(VAULT, theirs["fabric"], 250, "cs-other", prefix="theirs")
    plan = planned(deployment, operator)
    assert {load["name"] for load in plan.document["plan"]["before"]} == {SERVER, "ps01"}
    assert plan.document["machines"] == 119
    vault_stories.look(deployment, operator)
    assert {one.carrier.name for one in machine_moves.last_seen(deployment)} == {SERVER, "ps01"}
    assert not additions_advice.advice_for(deployment).needed
