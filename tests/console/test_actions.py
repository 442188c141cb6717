"""Actions: asked first, done by the services, told row by row; for nobody who may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.builders import make_deployment, make_operator
from tests.console.conftest import signed_in
from tests.console.test_pages import body, list_url, page_url
from wizard.console.actions import MOST_ROWS
from wizard.models import (
    ApiToken,
    Approval,
    AuditEntry,
    Deployment,
    Operator,
    Task,
    TaskState,
    Waiver,
    Webhook,
    WebhookDelivery,
)
from wizard.services import accounts
from wizard.services.approval_standing import digest_of, document_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def ask(client: Client, action: str, *rows: Model, **more: str) -> Any:
    """The page that asks before it is done."""
    wish = {"action": action, "_selected_action": [str(row.pk) for row in rows], **more}
    return client.post(list_url(type(rows[0])), wish)


def confirm(client: Client, action: str, *rows: Model, **more: Any) -> str:
    """Press the button of that page, with everything that stands on it, and read what is said afterwards."""
    asked = ask(client, action, *rows)
    hidden = re.findall(r'<input type="hidden" name="(seen-[^"]+)" value="([^"]*)"', asked.content.decode())
    seen = {name: unescape(value) for name, value in hidden}
    answer: Any = client.post(
        list_url(type(rows[0])),
        {
            "action": action,
            "_selected_action": [str(row.pk) for row in rows],
            "confirmed": "yes",
            **seen,
            **more,
        },
        follow=True,
    )
    assert answer.status_code == 200
    return unescape(answer.content.decode())


@pytest.fixture
def waiver(operator: Operator) -> Waiver:
    return waiver_of(stories.answered(operator, "vault", name="lyon-cs01"), operator)


def waiver_of(deployment: Deployment, actor: Operator) -> Waiver:
    return Waiver.objects.create(
        deployment=deployment,
        requirement_id="TPL-02",
        reason="Known and bearable.",
        until=timezone.localdate() + timedelta(days=5),
        asked_by=actor,
    )


@pytest.fixture
def approval(operator: Operator) -> Approval:
    deployment = stories.answered(operator, "checked", name="lyon-cs01")
    document = document_of(deployment)
    return Approval.objects.create(
        deployment=deployment, digest=digest_of(document), answers=document, asked_by=operator
    )


@pytest.fixture
def running(operator: Operator) -> Task:
    return stories.running(stories.answered(operator, "vault"), "probe_vcenter", operator)


# --- asking -----------------------------------------------------------------------------------------------------------


def test_an_action_asks_first_and_changes_nothing(reading: Client, waiver: Waiver) -> None:
    asked = ask(reading, "approve_waivers", waiver)
    assert asked.status_code == 200
    html = asked.content.decode()
    assert "Approve that?" in html
    assert "lyon-cs01, until" in html
    assert "Known and bearable." in html
    waiver.refresh_from_db()
    assert waiver.approved_at is None


def test_a_record_offers_on_its_page_what_fits_it(
    reading: Client, deciding: Client, waiver: Waiver, running: Task
) -> None:
    html = body(reading, page_url(waiver))
    assert 'value="approve_waivers"' in html
    html = body(deciding, page_url(running))
    assert 'value="cancel_tasks"' in html
    assert 'value="retry_tasks"' not in html


def test_who_came_from_a_records_page_comes_back_there(reading: Client, waiver: Waiver) -> None:
    asked = ask(reading, "approve_waivers", waiver, back="page").content.decode()
    assert f'href="{page_url(waiver)}">Cancel' in asked
    answer = reading.post(
        list_url(Waiver),
        {
            "action": "approve_waivers",
            "_selected_action": waiver.pk,
            "confirmed": "yes",
            "back": "page",
            f"seen-{waiver.pk}": waiver.asked_at.isoformat(),
        },
    )
    assert answer["Location"] == page_url(waiver)


def test_more_rows_than_anybody_reads_are_refused(deciding: Client, operator: Operator) -> None:
    rows = Deployment.objects.bulk_create(
        Deployment(name=f"site-{number:03}", profile="asr-classic", created_by=operator)
        for number in range(MOST_ROWS + 1)
    )
    html = confirm(deciding, "demand_approval", *rows)
    assert f"Choose at most {MOST_ROWS} rows at once." in html
    assert not Deployment.objects.filter(needs_approval=True).exists()


# --- waivers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", ["zz", "", "9" * 40, "1e3"])
def test_what_cannot_be_the_id_of_a_row_is_refused(reading: Client, waiver: Waiver, chosen: str) -> None:
    for row, action in ((waiver, "approve_waivers"), (waiver.deployment, "demand_approval")):
        wish = {"action": action, "_selected_action": [str(row.pk), chosen], "confirmed": "yes"}
        assert reading.post(list_url(type(row)), wish).status_code == 400
    assert not Waiver.objects.get().approved_at
    assert not Deployment.objects.get().needs_approval


def test_a_reviewer_approves_waivers_and_one_that_cannot_be_is_told_beside_it(
    reading: Client, waiver: Waiver, operator: Operator, reviewer: Operator
) -> None:
    own = waiver_of(stories.answered(operator, "vault", name="paris-cs01"), reviewer)
    html = confirm(reading, "approve_waivers", waiver, own)
    assert "Approve waivers: done for 1 row." in html
    assert "You asked for the waiver of TPL-02 yourself" in html
    waiver.refresh_from_db()
    own.refresh_from_db()
    assert (waiver.approved_by, own.approved_by) == (reviewer, None)
    assert AuditEntry.objects.get(action="waiver.approved").actor == reviewer


def test_a_waiver_that_was_asked_for_anew_meanwhile_is_left_alone(reading: Client, waiver: Waiver) -> None:
    html = confirm(reading, "approve_waivers", waiver, **{f"seen-{waiver.pk}": "2026-01-01T00:00:00+00:00"})
    assert "It was changed after you read it." in html
    waiver.refresh_from_db()
    assert waiver.approved_at is None


def test_a_refused_waiver_is_gone_and_on_record(reading: Client, waiver: Waiver) -> None:
    assert "Reject waivers: done for 1 row." in confirm(reading, "refuse_waivers", waiver)
    assert not Waiver.objects.exists()
    assert AuditEntry.objects.filter(action="waiver.refused").exists()


# --- approvals --------------------------------------------------------------------------------------------------------


def test_a_reviewer_approves_exactly_what_was_asked_for(
    reading: Client, approval: Approval, reviewer: Operator
) -> None:
    assert "Approve: done for 1 row." in confirm(reading, "approve", approval, reason="As planned.")
    approval.refresh_from_db()
    assert (approval.state, approval.decided_by, approval.reason) == ("approved", reviewer, "As planned.")


def test_the_author_approves_nothing_of_their_own(approval: Approval, operator: Operator) -> None:
    Operator.objects.filter(pk=operator.pk).update(role="reviewer")
    operator.refresh_from_db()
    html = confirm(signed_in(operator), "approve", approval)
    assert "You asked for this approval yourself" in html
    approval.refresh_from_db()
    assert approval.state == "waiting"


def test_a_rejection_needs_its_reason(reading: Client, approval: Approval) -> None:
    refused = ask(reading, "reject", approval, confirmed="yes", reason="  ")
    assert refused.status_code == 422
    assert "Say why." in refused.content.decode()
    confirm(reading, "reject", approval, reason="The network is another one.")
    approval.refresh_from_db()
    assert (approval.state, approval.reason) == ("rejected", "The network is another one.")


def test_a_reviewer_demands_an_approval(reading: Client, operator: Operator) -> None:
    row = make_deployment(operator)
    confirm(reading, "demand_approval", row)
    row.refresh_from_db()
    assert row.needs_approval
    assert 'class="field-approval">Needed<' in body(reading, list_url(Deployment))
    confirm(reading, "waive_approval", row)
    row.refresh_from_db()
    assert not row.needs_approval


# --- tasks ------------------------------------------------------------------------------------------------------------


def test_tasks_are_cancelled_and_one_that_has_ended_is_told(
    deciding: Client, running: Task, operator: Operator
) -> None:
    ended = stories.failed(make_deployment(operator), "probe_vcenter", operator, "x", "No.")
    html = confirm(deciding, "cancel_tasks", running, ended)
    assert "Cancel tasks: done for 1 row." in html
    assert "This task has ended already." in html
    running.refresh_from_db()
    assert running.cancel_requested


def test_a_failed_task_is_started_again(deciding: Client, operator: Operator, admin: Operator) -> None:
    deployment = stories.answered(operator, "vault")
    failed = stories.failed(deployment, "preflight", operator, "x", "No.")
    assert "Start again: done for 1 row." in confirm(deciding, "retry_tasks", failed)
    again = Task.objects.get(state=TaskState.QUEUED)
    assert (again.kind, again.deployment, again.requested_by) == ("preflight", deployment, admin)


def test_a_deployment_is_verified_again_and_what_lacks_is_said(deciding: Client, operator: Operator) -> None:
    ready = stories.answered(operator, "vault", name="lyon-cs01")
    bare = make_deployment(operator, "paris-cs01")
    html = confirm(deciding, "preflight_again", ready, bare)
    assert "Run preflight: done for 1 row." in html
    assert re.search(r"paris-cs01: .*cannot start yet\. Still missing: ", html)
    assert Task.objects.get(state=TaskState.QUEUED).deployment == ready


# --- tokens and webhooks ----------------------------------------------------------------------------------------------


def test_an_administrator_revokes_a_token(deciding: Client, operator: Operator) -> None:
    token, _text = accounts.create_token(user=operator, actor=operator, name="ci", scope="read")
    confirm(deciding, "revoke", token)
    token.refresh_from_db()
    assert token.revoked_at is not None


@pytest.fixture
def delivery(admin: Operator) -> WebhookDelivery:
    hook = Webhook(name="hook", url="https://hooks.lab.test/in", created_by=admin)
    hook.hold("secret-of-the-hook")
    hook.save()
    return WebhookDelivery.objects.create(
        webhook=hook, event="task.failed", payload={"number": 7}, state="failed", attempts=8
    )


def test_a_webhook_that_names_no_event_is_said_to_tell_of_all(
    deciding: Client, delivery: WebhookDelivery
) -> None:
    hook = delivery.webhook
    for events in ([], ["task.failed"]):
        Webhook.objects.filter(pk=hook.pk).update(events=events)
        html = body(deciding, page_url(hook))
        assert ("All events" in html) == (not events)
        assert ("task.failed" in html) == bool(events)


def test_a_delivery_shows_what_was_told_and_is_sent_again(
    deciding: Client, delivery: WebhookDelivery
) -> None:
    assert "&quot;number&quot;: 7" in body(deciding, page_url(delivery))
    confirm(deciding, "send_again", delivery)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("pending", 0)


# --- who may not ------------------------------------------------------------------------------------------------------

_REVIEWING = ("approve_waivers", "refuse_waivers", "approve", "reject", "demand_approval", "waive_approval")
_OPERATING = ("cancel_tasks", "retry_tasks", "preflight_again", "verify_again")
_ADMINISTERING = ("revoke",)


@pytest.mark.parametrize(
    ("role", "forbidden"),
    [
        ("viewer", (*_REVIEWING, *_OPERATING, *_ADMINISTERING)),
        ("operator", (*_REVIEWING, *_ADMINISTERING)),
        ("reviewer", (*_OPERATING, *_ADMINISTERING)),
    ],
)
def test_what_a_role_may_not_is_neither_offered_nor_done(
    waiver: Waiver,
    operator: Operator,
    admin: Operator,
    role: str,
    forbidden: tuple[str, ...],
) -> None:
    task = stories.failed(waiver.deployment, "probe_vcenter", operator, "x", "No.")
    token, _text = accounts.create_token(user=operator, actor=operator, name="ci", scope="read")
    approval = Approval.objects.create(deployment=waiver.deployment, digest="d" * 64, asked_by=operator)
    row_for: Callable[[str], Model] = lambda action: (  # noqa: E731
        waiver
        if "waivers" in action
        else approval
        if action in ("approve", "reject")
        else task
        if "tasks" in action
        else token
        if action == "revoke"
        else waiver.deployment
    )
    client = signed_in(make_operator("mallory", role, is_staff=True))
    before = snapshot()
    for action in forbidden:
        row = row_for(action)
        assert f'value="{action}"' not in body(client, list_url(type(row))), action
        assert f'value="{action}"' not in body(client, page_url(row)), action
        confirm(client, action, row, reason="Because.")
    assert snapshot() == before


def test_whoever_has_nothing_to_do_with_webhooks_sends_nothing_again(
    reading: Client, delivery: WebhookDelivery
) -> None:
    assert reading.get(list_url(WebhookDelivery)).status_code == 403
    assert ask(reading, "send_again", delivery, confirmed="yes").status_code == 403
    delivery.refresh_from_db()
    assert delivery.state == "failed"


def snapshot() -> list[list[Any]]:
    models: tuple[Any, ...] = (Waiver, Approval, Task, ApiToken, WebhookDelivery, Deployment, AuditEntry)
    return [list(model.objects.order_by("pk").values()) for model in models]


# --- keys -------------------------------------------------------------------------------------------------------------


def test_rotating_keys_takes_an_administrator_who_proved_who_they_are(
    reading: Client, admin: Operator
) -> None:
    assert reading.get("/console/keys/").status_code == 403
    assert reading.post("/console/keys/").status_code == 403
    client = signed_in(admin)
    session = client.session
    session["sign_in"] = {**session["sign_in"], "proved": 0}
    session.save()
    for answer in (client.get("/console/keys/"), client.post("/console/keys/")):
        assert answer.status_code == 302
        assert "next=%2Fconsole%2Fkeys%2F" in answer["Location"]
    assert not AuditEntry.objects.filter(action="keys.rotated").exists()


def test_an_administrator_rotates_the_keys(deciding: Client, operator: Operator) -> None:
    stories.answered(operator, "vcenter")
    assert "Everything that can be read is sealed with the newest key." in body(deciding, "/console/keys/")
    answer = deciding.post("/console/keys/", follow=True)
    assert "0 secrets were sealed with the newest key." in answer.content.decode()
    assert AuditEntry.objects.get(action="keys.rotated").actor is not None
