"""Verification of what a person installed: proven by facts that were collected afterwards, and by nothing else."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import connection

from tests import stories
from tests.hosts.signing import document
from tests.services.machines import by_hand, hear
from tests.services.test_target_machine import ACCOUNT, NAME, enter_password, reached
from tests.waiting import PATIENCE_S
from wizard.lab.windows_host import WindowsHost
from wizard.lab.windows_host.installed import install
from wizard.models import AuditEntry, Deployment, HostFacts, Operator, Task, TaskState
from wizard.services import deployment_progress, deployments, preflight, tasks
from wizard.services.errors import NotReady

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deployment(operator: Operator, settings: Any) -> Deployment:
    """Checked, with facts of before the installation."""
    # Nothing is there: every far end refuses at once.
    settings.CONNECT_TO = "::127.0.0.1:1"
    found = by_hand(operator, "lyon")
    hear(found, operator)
    stories.check(found, operator)
    return found


def installed_facts(**changes: Any) -> dict[str, Any]:
    before = {key: fact["value"] for key, fact in document("2019")["facts"].items() if "value" in fact}
    after = install(before, "configuration_server", thumbprint="AB" * 20, installed_at=time.time())
    return {key: {"value": value} for key, value in {**after, **changes}.items()}


def verify(deployment: Deployment, actor: Operator) -> Task:
    task = tasks.launch("verify_installation", deployment=deployment, actor=actor)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    deployment.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED, task.error
    return task


def test_facts_of_before_the_installation_prove_nothing(deployment: Deployment, operator: Operator) -> None:
    with pytest.raises(NotReady) as refused:
        tasks.launch("verify_installation", deployment=deployment, actor=operator)
    assert "collected after the installation" in str(refused.value.remedy)


def test_services_ports_and_products_make_it_deployed_whatever_else_is_open(
    deployment: Deployment, operator: Operator
) -> None:
    hear(deployment, operator, facts=installed_facts())
    task = verify(deployment, operator)
    assert task.result is not None
    assert task.result["installed"]
    assert deployment.state == "deployed"
    verdict = preflight.verdict_of(deployment, "after")
    assert verdict is not None
    assert "INST-03" in verdict.blocking, "nobody has looked into the vault yet"
    assert "install" in deployment_progress.completed_steps(deployment)
    assert AuditEntry.objects.filter(action="installation.verified").count() == 1


def test_a_service_that_does_not_run_is_in_the_way(deployment: Deployment, operator: Operator) -> None:
    facts = installed_facts()
    for service in facts["services.states"]["value"]:
        service["state"] = "Stopped"
    hear(deployment, operator, facts=facts)
    task = verify(deployment, operator)
    assert task.result is not None
    assert not task.result["installed"]
    assert "SVC-01" in task.result["blocking"]
    assert "SVC-01" in str(task.events.last().message)  # type: ignore[union-attr]
    assert deployment.state == "checked"


def test_without_a_go_nothing_is_verified(deployment: Deployment, operator: Operator) -> None:
    hear(deployment, operator, facts=installed_facts())
    deployments.answer(deployment, "capacity", {"machines": 300, "daily_change_gb": 900}, actor=operator)
    with pytest.raises(NotReady) as refused:
        tasks.launch("verify_installation", deployment=deployment, actor=operator)
    assert "a preflight without blocking findings" in str(refused.value.remedy)


def test_another_machine_than_the_checked_one_is_not_verified(
    deployment: Deployment, operator: Operator
) -> None:
    hear(deployment, operator, machine_id="another", facts=installed_facts())
    deployment.refresh_from_db()
    assert deployment.state == "draft"
    with pytest.raises(NotReady):
        tasks.launch("verify_installation", deployment=deployment, actor=operator)


def test_an_appliance_from_the_template_is_not_verified_before_it_is_there(operator: Operator) -> None:
    deployment = stories.answered(operator, "checked")
    with pytest.raises(NotReady) as refused:
        tasks.launch("verify_installation", deployment=deployment, actor=operator)
    assert str(refused.value.remedy) == "Still missing: the deployed appliance"


def test_a_machine_that_hangs_is_let_go_when_somebody_cancels(operator: Operator, settings: Any) -> None:
    settings.TASK_LEASE_SECONDS = 3
    deployment = by_hand(operator, "lyon")
    with WindowsHost("hung", name=NAME) as host:
        settings.CONNECT_TO = reached(host)
        enter_password(operator, host)
        answer = {
            "way": "winrm",
            "host": NAME,
            "credential": ACCOUNT,
            "thumbprint_sha256": host.thumbprint_sha256,
        }
        deployments.answer(deployment, "evidence", answer, actor=operator)
        task = tasks.launch("collect_facts", deployment=deployment, actor=operator)

        def cancel_when_the_script_runs() -> None:
            end = time.monotonic() + PATIENCE_S
            while not host.machine.scripts and time.monotonic() < end:
                time.sleep(0.05)
            try:
                tasks.cancel(Task.objects.get(pk=task.pk), actor=operator)
            finally:
                connection.close()

        watcher = threading.Thread(target=cancel_when_the_script_runs)
        watcher.start()
        tasks.execute(task.pk, "test")
        watcher.join()
    task.refresh_from_db()
    assert task.state == TaskState.CANCELLED
    assert not HostFacts.objects.exists()
