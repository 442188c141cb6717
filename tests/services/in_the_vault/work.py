"""What an operator and a worker do to a deployment whose server stands: the tasks that go into its vault."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.services.azure import add_account
from wizard.azure import fabrics, vcenters
from wizard.lab.arm import LabAzure
from wizard.models import (
    Deployment,
    Operator,
    Task,
    TaskState,
    VCenter,
)
from wizard.services import (
    azure_access,
    tasks,
    vault_vcenters,
)
from wizard.services.tasks.progress import Progress
from wizard.text import Text

VAULT = "lyon-vault"


def with_account(deployment: Deployment, operator: Operator, **answers: Any) -> Deployment:
    add_account(operator)
    row = deployment.steps.get(step="vault")
    row.data = {**(row.data or {}), "account": "lyon-reader", **answers}
    row.save()
    return deployment


def run(deployment: Deployment, operator: Operator, kind: str, **inputs: Any) -> Task:
    task = tasks.launch(kind, deployment=deployment, actor=operator, inputs=inputs)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    return task


def done(deployment: Deployment, operator: Operator, kind: str, **inputs: Any) -> Any:
    task = run(deployment, operator, kind, **inputs)
    assert task.state == TaskState.SUCCEEDED, task.error
    return task.result


def failed(deployment: Deployment, operator: Operator, kind: str, **inputs: Any) -> tuple[str, str, str]:
    """Code, message and remedy."""
    task = run(deployment, operator, kind, **inputs)
    assert task.state == TaskState.FAILED, task.result
    assert task.error is not None
    return (
        task.error["code"],
        str(Text.from_json(task.error["message"])),
        str(Text.from_json(task.error["remedy"])),
    )


def words_of(deployment: Deployment) -> str:
    task = deployment.tasks.latest("queued_at")
    return " ".join(str(event.message) for event in task.events.all())


@contextmanager
def under_way(deployment: Deployment, operator: Operator, **inputs: Any) -> Iterator[Progress]:
    """A task of registering vCenter that has come as far as the vault."""
    task = Task.objects.create(
        deployment=deployment,
        kind="register_vcenter",
        changing=True,
        state=TaskState.RUNNING,
        attempt=1,
        inputs=inputs,
        requested_by=operator,
    )
    try:
        with Progress(task) as progress:
            yield progress
    finally:
        Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED)


def register(deployment: Deployment, operator: Operator, **inputs: Any) -> dict[str, Any]:
    with under_way(deployment, operator, **inputs) as progress:
        return vault_vcenters.register(progress, VCenter.objects.get(), start=50)


def vcenters_in(azure: LabAzure) -> list[dict[str, Any]]:
    deployment = Deployment.objects.get()
    row = azure_access.named("lyon-reader", deployment)
    ref = azure_access.vault_ref(deployment)
    with azure_access.open_arm(row, subscription=ref.subscription) as arm:
        return [
            one["properties"]
            for fabric in fabrics.list_fabrics(arm, ref)
            for one in vcenters.list_vcenters(arm, ref, fabric["name"])
        ]


@contextmanager
def arriving(azure: LabAzure) -> Iterator[None]:
    """A server registers while somebody waits for it: once the one that is there was asked to report."""
    over = threading.Event()

    def arrive() -> None:
        while not any("refreshProvider" in sent["path"] for sent in azure.control.requests()):
            if over.wait(0.01):
                return
        azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")

    thread = threading.Thread(target=arrive)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
