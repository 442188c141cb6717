"""Machines that are to move between the servers of a vault in the lab's Azure: what was planned, and what became of it."""

from __future__ import annotations

from typing import Any

from tests import vault_stories
from tests.vault_stories import SERVER, VAULT
from wizard.lab.arm import LabAzure
from wizard.models import Deployment, Operator, Task, TaskState
from wizard.planning.protected_machines import MoveOrder
from wizard.services import machine_moves, tasks
from wizard.services.machine_moves_running import ordered


def crowded(azure: LabAzure, operator: Operator) -> Deployment:
    """119 machines replicate through the built-in process server, whose size carries 99; a further one stands idle."""
    found = vault_stories.watched(operator, "registered")
    azure.control.configure(job_seconds=0)
    vault_stories.set_up(azure)
    azure.control.set_server(SERVER, totalMemoryInBytes=16 * 2**30)
    azure.control.register_process_server(VAULT, "ps01", "192.0.2.20")
    azure.control.add_protected_items(VAULT, None, 119, SERVER)
    return found


def run(kind: str, deployment: Deployment, actor: Operator, **inputs: Any) -> Task:
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
    result: dict[str, Any] | None = task.result
    assert result is not None
    return result


def on_servers(azure: LabAzure, deployment: Deployment, actor: Operator) -> dict[str, int]:
    plan = planned(deployment, actor)
    return {load["name"]: load["machines"] for load in plan.document["plan"]["before"]}


def posts(azure: LabAzure, ending: str) -> int:
    return sum(
        1 for row in azure.control.requests() if row["method"] == "POST" and row["path"].endswith(ending)
    )


def move_orders(task: Task) -> tuple[MoveOrder, ...]:
    return ordered(task)
