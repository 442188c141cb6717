"""One id from the HTTP request through the task to vSphere and to Azure, and into the audit trail and the logs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from tests import vault_stories
from tests.api.client import Api, ok, token_of
from tests.builders import make_deployment
from tests.walk import Walk
from wizard.lab.arm import LabAzure
from wizard.models import AuditEntry, Operator, Task, TaskState
from wizard.services import tasks, tracing
from wizard.wire import trace


def ask(
    operator: Operator, deployment: Any, kind: str, request_id: str = "", **inputs: Any
) -> tuple[Task, str]:
    """Start work over HTTP as a program does; the task, and the id that the answer gave."""
    api = Api(token_of(operator, "operate", kind), {"X-Request-ID": request_id} if request_id else {})
    response = api.post(f"deployments/{deployment.pk}/tasks/", {"kind": kind, "inputs": inputs})
    task = Task.objects.get(pk=ok(response, 202)["id"])
    return task, response["X-Request-ID"]


def carry_out(task: Task) -> Task:
    tasks.execute(task.pk, "worker-1")
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED, task.error
    return task


@pytest.mark.vcenter
def test_vcenter_sees_the_id_that_the_answer_gave(walk: Walk) -> None:
    walk.to("capacity").trust()
    task, given = ask(walk.operator, walk.deployment, "sign_in_vcenter", "from-the-outside.42")
    assert given == task.request_id == "from-the-outside.42"
    walk.control.reset_calls()
    carry_out(task)
    calls = walk.control.calls()
    assert "Login" in {call["method"] for call in calls}
    assert {call["operation_id"] for call in calls} == {given}


@pytest.mark.vcenter
def test_the_collectors_of_a_preflight_carry_it_in_their_threads(walk: Walk) -> None:
    walk.to("vault")
    task, given = ask(walk.operator, walk.deployment, "preflight")
    UUID(given)
    walk.control.reset_calls()
    carry_out(task)
    calls = walk.control.calls()
    assert [call for call in calls if call["operation_id"] != given] == []
    assert len(calls) > 5


@pytest.mark.django_db
def test_azure_sees_the_id_that_the_answer_gave(azure: LabAzure, operator: Operator) -> None:
    deployment = vault_stories.watched(operator)
    vault_stories.set_up(azure)
    task, given = ask(operator, deployment, "refresh_health")
    azure.control.clear_requests()
    carry_out(task)
    requests = azure.control.requests()
    assert len(requests) > 5
    assert {request["client_request_id"] for request in requests} == {given}


@pytest.mark.django_db
def test_the_audit_trail_names_it_for_the_request_and_for_what_the_task_does(operator: Operator) -> None:
    deployment = make_deployment(operator)
    task, given = ask(operator, deployment, "test_record")
    carry_out(task)
    entries = AuditEntry.objects.filter(request_id=given).order_by("id").values_list("action", flat=True)
    assert list(entries) == ["task.requested", "test.recorded"]


@pytest.mark.django_db
def test_work_that_is_started_again_goes_by_the_request_that_asked_for_it(operator: Operator) -> None:
    with tracing.traced("the-first"):
        first = tasks.launch("test_refuse", deployment=make_deployment(operator), actor=operator)
        tasks.execute(first.pk, "worker-1")
    first.refresh_from_db()
    with tracing.traced("the-second"):
        second = tasks.retry(first, actor=operator)
    assert (first.request_id, second.request_id) == ("the-first", "the-second")


@pytest.mark.django_db
def test_work_that_nobody_requested_has_an_id_of_its_own(operator: Operator) -> None:
    task = tasks.launch("test_count", deployment=make_deployment(operator), actor=operator)
    assert len(task.request_id) == 32


@pytest.mark.django_db
def test_what_a_command_does_goes_by_its_id(operator: Operator) -> None:
    with trace.following("the-command"):
        deployment = make_deployment(operator)
        task = tasks.launch("test_count", deployment=deployment, actor=operator)
    assert task.request_id == "the-command"
    assert set(AuditEntry.objects.values_list("request_id", flat=True)) == {"the-command"}


@pytest.mark.django_db
def test_an_id_that_could_forge_a_log_line_is_replaced(client: Client) -> None:
    given = client.get("/healthz", headers={"X-Request-ID": "a\u2028b <x>"})["X-Request-ID"]
    assert len(given) == 32
