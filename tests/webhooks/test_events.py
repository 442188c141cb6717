"""Each event is written once for whoever may know of it, with what happened and nothing more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from tests.webhooks.conftest import SECRET, Adding
from wizard.models import (
    Approval,
    Deployment,
    DeploymentState,
    Operator,
    Task,
    Team,
    Webhook,
    WebhookDelivery,
)
from wizard.services import audit, deployments, tasks, waivers
from wizard.services.permissions import as_checked_at_launch, may
from wizard.services.vault_observation import notices
from wizard.services.webhooks import outbox, registry
from wizard.services.webhooks.events import EVENTS, OF_AUDIT
from wizard.text import Text
from wizard.topology.transitions import Item

pytestmark = pytest.mark.django_db


def told(webhook: Webhook) -> list[str]:
    return list(webhook.deliveries.order_by("created_at").values_list("event", flat=True))


def last(webhook: Webhook) -> dict[str, Any]:
    newest = webhook.deliveries.order_by("-created_at").first()
    assert newest is not None
    return dict(newest.payload)


def beside_a_running_loop(work: Callable[[], object]) -> None:
    """As in a process where a browser is driven: its loop runs in the thread of the tests from the first of them on."""

    async def working() -> None:
        # A loop brings a context of its own, and Django keeps the connection with the context there.
        connections["default"] = of_the_test
        work()

    of_the_test = connections["default"]
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(working())
    else:
        work()


def run(kind: str, deployment: Deployment, operator: Operator) -> Task:
    task = tasks.launch(kind, deployment=deployment, actor=operator)
    tasks.execute(task.pk, "worker-1")
    task.refresh_from_db()
    return task


def test_a_deployment_is_told_of_from_its_beginning_to_its_end(add: Adding, operator: Operator) -> None:
    webhook = add()
    deployment = deployments.create(name="lyon-cs01", profile="asr-classic", actor=operator)
    deployments.rename(deployment, name="lyon-cs02", actor=operator)
    deployments.move_to(deployment, DeploymentState.CHECKED)
    assert last(webhook)["change"] == {"from": "draft", "to": "checked"}
    deployments.delete(deployment, actor=operator)
    assert told(webhook) == [
        "deployment.created",
        "deployment.changed",
        "deployment.state_changed",
        "deployment.deleted",
    ]
    assert last(webhook)["deployment"]["name"] == "lyon-cs02"
    assert last(webhook)["actor"] == "oskar"


def test_a_state_that_stays_as_it_is_is_not_told_of(add: Adding, deployment: Deployment) -> None:
    """A preflight that finds the same once more, a waiver that is asked for while others still block."""
    webhook = add(events=["deployment.state_changed"])
    deployments.move_to(deployment, DeploymentState.DRAFT)
    assert told(webhook) == []
    deployments.move_to(deployment, DeploymentState.CHECKED)
    deployments.move_to(deployment, DeploymentState.CHECKED)
    assert told(webhook) == ["deployment.state_changed"]
    assert last(webhook)["change"] == {"from": "draft", "to": "checked"}


def test_a_task_is_told_of_from_its_start_to_its_success_without_its_result(
    add: Adding, deployment: Deployment, operator: Operator
) -> None:
    webhook = add()
    task = run("test_count", deployment, operator)
    assert told(webhook) == ["task.queued", "task.started", "task.succeeded"]
    payload = last(webhook)
    assert task.result
    assert payload["task"] == {
        "id": str(task.pk),
        "kind": "test_count",
        "state": "succeeded",
        "attempt": 1,
        "url": f"http://localhost:8000/tasks/{task.pk}/",
    }
    assert payload.keys() == {"id", "event", "at", "request_id", "deployment", "actor", "task"}
    assert {row.payload["request_id"] for row in webhook.deliveries.all()} == {task.request_id}


def test_a_task_that_fails_says_why_in_english_whatever_the_reader_speaks(
    add: Adding, deployment: Deployment, operator: Operator
) -> None:
    webhook = add(events=("task.failed",))
    with translation.override("fr"):
        run("test_refuse", deployment, operator)
    assert told(webhook) == ["task.failed"]
    error = last(webhook)["task"]["error"]
    assert error.keys() == {"code", "message", "remedy"}
    assert isinstance(error["message"], str)
    assert error["message"]


def test_a_task_that_is_cancelled_before_it_began_is_told_of_once(
    add: Adding, deployment: Deployment, operator: Operator
) -> None:
    webhook = add(events=("task.cancelled",))
    task = tasks.launch("test_count", deployment=deployment, actor=operator)
    tasks.cancel(task, actor=operator)
    assert told(webhook) == ["task.cancelled"]
    assert last(webhook)["task"]["state"] == "cancelled"


def test_what_is_taken_back_is_not_told_of(add: Adding, deployment: Deployment, operator: Operator) -> None:
    webhook = add()

    @transaction.atomic
    def half_done() -> None:
        deployments.rename(deployment, name="never", actor=operator)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()
    assert told(webhook) == []


def test_a_waiver_is_told_of_when_it_is_asked_for_approved_and_taken_back(
    add: Adding, deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    webhook = add()
    until = timezone.localdate() + timedelta(days=3)
    waivers.waive(deployment, "NET-02", reason="Not yet.", until=until, actor=operator)
    waivers.approve_waiver(deployment, "NET-02", actor=reviewer)
    waivers.take_back_waiver(deployment, "NET-02", actor=operator)
    assert told(webhook) == ["waiver.asked", "waiver.approved", "waiver.ended"]
    assert last(webhook)["summary"].startswith("oskar took back the waiver of NET-02")


@pytest.mark.parametrize("action", [action for action in OF_AUDIT if action.startswith("approval.")])
def test_what_becomes_of_an_approval_is_told(
    add: Adding, deployment: Deployment, operator: Operator, action: str
) -> None:
    webhook = add(events=(OF_AUDIT[action],))
    approval = Approval.objects.create(deployment=deployment, digest="0" * 64, asked_by=operator)
    audit.record(action, subject=approval, actor=operator, sentence=Text("Something happened."))
    assert told(webhook) == [OF_AUDIT[action]]


def test_a_notice_is_told_of_when_it_is_raised_and_when_it_becomes_worse_not_when_it_stays(
    add: Adding, deployment: Deployment
) -> None:
    webhook = add(events=("notice.raised",))

    def look(severity: Any) -> None:
        item = Item(key="ps1 load", severity=severity, sentence=Text("It is full."), remedy=Text("Add one."))
        notices.settle(deployment.pk, [item], timezone.now())

    for severity in ("warning", "warning", "critical", "critical", "ok"):
        look(severity)
    assert [row.payload["notice"]["severity"] for row in webhook.deliveries.order_by("created_at")] == [
        "warning",
        "critical",
    ]
    assert last(webhook)["summary"] == "It is full."
    notices.begin_failing(deployment.pk, Text("No way."), Text(""), timezone.now())
    notices.begin_failing(deployment.pk, Text("No way."), Text(""), timezone.now())
    assert webhook.deliveries.count() == 3


# --- for whom ---------------------------------------------------------------------------------------------------------


def test_only_what_it_listens_to_is_written(add: Adding, deployment: Deployment, operator: Operator) -> None:
    all_of_it, some, other = (
        add(),
        add(name="b", events=("task.queued",)),
        add(name="c", events=("waiver.asked",)),
    )
    tasks.launch("test_count", deployment=deployment, actor=operator)
    assert [told(row) for row in (all_of_it, some, other)] == [["task.queued"], ["task.queued"], []]


def test_a_paused_webhook_is_told_nothing(
    add: Adding, deployment: Deployment, operator: Operator, admin: Operator
) -> None:
    webhook = add()
    registry.set_active(webhook, False, actor=admin)
    tasks.launch("test_count", deployment=deployment, actor=operator)
    assert told(webhook) == []


def test_one_of_a_deployment_is_told_of_that_one_alone(
    add: Adding, deployment: Deployment, operator: Operator
) -> None:
    webhook = add(operator, deployment=deployment.pk)
    other = deployments.create(name="other", profile="asr-classic", actor=operator)
    for one in (other, deployment):
        tasks.launch("test_count", deployment=one, actor=operator)
    assert told(webhook) == ["task.queued"]
    assert last(webhook)["deployment"]["id"] == str(deployment.pk)


def test_a_team_is_told_of_its_own_deployments_and_nobody_else_is(
    add: Adding, deployment: Deployment, operator: Operator, admin: Operator
) -> None:
    team = Team.objects.create(name="Lyon")
    of_team, of_all = add(team=team.pk), add(name="b")
    of_one = add(operator, name="c", deployment=deployment.pk)
    tasks.launch("test_count", deployment=deployment, actor=operator)
    assert [told(row) for row in (of_team, of_all, of_one)] == [[], ["task.queued"], ["task.queued"]]
    Deployment.objects.filter(pk=deployment.pk).update(team=team)
    deployment.refresh_from_db()
    deployments.move_to(deployment, DeploymentState.CHECKED)
    # oskar is not in the team: what he set up tells him no more.
    assert [told(row)[-1] for row in (of_team, of_all)] == ["deployment.state_changed"] * 2
    assert told(of_one) == ["task.queued"]
    team.members.add(operator)
    deployments.move_to(deployment, DeploymentState.DRAFT)
    assert told(of_one) == ["task.queued", "deployment.state_changed"]
    other = Team.objects.create(name="Nantes")
    Deployment.objects.filter(pk=deployment.pk).update(team=other)
    deployment.refresh_from_db()
    count = len(told(of_team))
    deployments.move_to(deployment, DeploymentState.CHECKED)
    assert len(told(of_team)) == count


def test_the_end_of_a_task_is_told_to_the_team_whose_deployment_it_is_by_then(
    add: Adding, deployment: Deployment, operator: Operator
) -> None:
    lyon, nantes = (Team.objects.create(name=name) for name in ("Lyon", "Nantes"))
    lyon.members.add(operator)
    of_lyon, of_nantes = add(team=lyon.pk), add(name="b", team=nantes.pk)
    of_one = add(operator, name="c", deployment=deployment.pk)
    Deployment.objects.update(team=lyon)
    deployment.refresh_from_db()
    task = tasks.launch("test_count", deployment=deployment, actor=operator)
    # The worker has read it, and goes on with what it read.
    Deployment.objects.update(team=nantes)
    assert task.deployment.team == lyon
    outbox.of_task(task, state="succeeded")
    assert told(of_nantes) == ["task.succeeded"]
    assert told(of_lyon) == told(of_one) == ["task.queued"]


def test_who_may_know_is_read_in_the_transaction_beside_a_running_loop_too(
    add: Adding, deployment: Deployment, operator: Operator
) -> None:
    """Where a loop runs in the thread, Django keeps the connection with the context: one without it sees another database."""
    team = Team.objects.create(name="Lyon")
    of_one = add(operator, deployment=deployment.pk)
    team.members.add(operator)
    Deployment.objects.filter(pk=deployment.pk).update(team=team)
    deployment.refresh_from_db()
    beside_a_running_loop(lambda: deployments.move_to(deployment, DeploymentState.CHECKED))
    assert told(of_one) == ["deployment.state_changed"]


def test_who_has_left_is_told_nothing_more(
    add: Adding, deployment: Deployment, operator: Operator, admin: Operator
) -> None:
    webhook = add()
    Operator.objects.filter(pk=admin.pk).update(is_active=False)
    tasks.launch("test_count", deployment=deployment, actor=operator)
    assert told(webhook) == []


def test_the_rights_of_a_launch_let_nobody_be_told_who_may_not_see_it_any_more(
    add: Adding, deployment: Deployment, operator: Operator
) -> None:
    webhook = add(operator, deployment=deployment.pk)
    Deployment.objects.filter(pk=deployment.pk).update(team=Team.objects.create(name="Nantes"))
    deployment.refresh_from_db()
    with as_checked_at_launch(operator, deployment):
        assert may(operator, "product.use", deployment)
        deployments.move_to(deployment, DeploymentState.CHECKED)
    assert told(webhook) == []


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_without_a_webhook_an_event_costs_one_query(deployment: Deployment) -> None:
    with CaptureQueriesContext(connection) as asked:
        outbox.emit("deployment.changed", deployment=deployment, data={})
    assert len(asked) == 1


def test_an_event_that_nobody_listed_is_the_callers_mistake(deployment: Deployment) -> None:
    with pytest.raises(ValueError, match="is not an event"):
        outbox.emit("deployment.eaten", deployment=deployment, data={})
    assert set(OF_AUDIT.values()) <= set(EVENTS)


def test_no_payload_holds_what_is_sealed(add: Adding, deployment: Deployment, operator: Operator) -> None:
    add()
    run("test_refuse", deployment, operator)
    run("test_count", deployment, operator)
    rows = WebhookDelivery.objects.values_list("payload", flat=True)
    assert len(rows) == 6
    assert SECRET not in json.dumps(list(rows))


def test_workers_are_told_after_the_commit_and_once(
    add: Adding, deployment: Deployment, operator: Operator, django_capture_on_commit_callbacks: Any
) -> None:
    add()
    with django_capture_on_commit_callbacks() as waiting:
        tasks.launch("test_count", deployment=deployment, actor=operator)
    assert sum("outbox" in (call.__module__ or "") for call in waiting) == 1
