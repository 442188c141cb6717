"""Programs manage webhooks; the secret goes in, and comes out nowhere."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.api.client import Api, ok, problem, token_of
from tests.webhooks.conftest import SECRET, URL, Adding, send
from tests.webhooks.receiver import Receiver
from wizard.api import webhooks as door
from wizard.models import Deployment, Operator, Webhook
from wizard.services.webhooks.events import EVENTS

pytestmark = pytest.mark.django_db

ROOT = "webhooks/"
GIVEN = {"name": "chat", "url": URL, "secret": SECRET}


@pytest.fixture
def deciding(admin: Operator) -> Api:
    return Api(token_of(admin, "admin"))


@pytest.fixture
def working(operator: Operator) -> Api:
    return Api(token_of(operator, "operate"))


def test_a_webhook_is_added_tested_changed_and_deleted(deciding: Api, receiver: Receiver) -> None:
    answer = deciding.post(ROOT, {**GIVEN, "events": ["task.failed"]})
    made = ok(answer, 201)
    assert answer["Location"].endswith(f"/{ROOT}{made['id']}/")
    assert SECRET not in answer.content.decode()
    assert (made["secret_set"], made["active"], made["events"]) == (True, True, ["task.failed"])
    row = Webhook.objects.get()
    one = f"{ROOT}{row.pk}/"
    answer = deciding.post(f"{one}ping/")
    sent = ok(answer, 202)
    assert (sent["state"], sent["event"]) == ("pending", "ping")
    assert ok(deciding.get(one))["waiting"] == 1
    send(row)
    got = ok(deciding.get(f"{one}deliveries/{sent['id']}/"))
    assert (got["state"], got["status_code"], got["attempts"]) == ("delivered", 204, 1)
    assert got["payload"]["id"] == sent["id"]
    changed = ok(deciding.patch(one, {"events": [], "active": False}))
    assert (changed["events"], changed["active"], changed["waiting"]) == ([], False, 0)
    problem(deciding.post(f"{one}ping/"), 409, "paused")
    ok(deciding.patch(one, {"active": True, "secret": "another-long-secret"}))
    row.refresh_from_db()
    assert (row.reveal(), row.url) == ("another-long-secret", URL)
    ok(deciding.delete(one), 204)
    problem(deciding.get(one), 404, "not_found")


def test_deliveries_are_listed_filtered_and_sent_again(deciding: Api, receiver: Receiver) -> None:
    made = ok(deciding.post(ROOT, GIVEN), 201)
    one = f"{ROOT}{made['id']}/"
    receiver.answers = [500]
    for _number in range(3):
        ok(deciding.post(f"{one}ping/"), 202)
    send(Webhook.objects.get())
    first = ok(deciding.get(f"{one}deliveries/", limit=2))
    rest = ok(deciding.get(f"{one}deliveries/", limit=2, cursor=first["next_cursor"]))
    assert len({row["id"] for row in first["items"] + rest["items"]}) == 3
    (waiting,) = ok(deciding.get(f"{one}deliveries/", state="pending"))["items"]
    assert waiting["status_code"] == 500
    assert waiting["error"] == "It answered 500; expected is 200 to 299."
    problem(deciding.post(f"{one}deliveries/{waiting['id']}/resend/"), 409, "not_settled")
    done = ok(deciding.get(f"{one}deliveries/", state="delivered", event="ping"))["items"]
    assert ok(deciding.post(f"{one}deliveries/{done[0]['id']}/resend/"), 202)["state"] == "pending"
    assert ok(deciding.get(f"{one}deliveries/", event="task.failed"))["items"] == []


def test_refusals_name_the_field(deciding: Api) -> None:
    body = problem(
        deciding.post(ROOT, {**GIVEN, "url": "https://169.254.169.254/"}), 422, "destination_refused"
    )
    assert [(error["path"], error["code"]) for error in body["errors"]] == [("url", "destination_refused")]
    body = problem(deciding.post(ROOT, {**GIVEN, "secret": "short"}), 422, "invalid")
    assert [error["path"] for error in body["errors"]] == ["secret"]
    problem(deciding.post(ROOT, {**GIVEN, "events": ["task.eaten"]}), 422, "invalid")
    ok(deciding.post(ROOT, GIVEN), 201)
    problem(deciding.post(ROOT, GIVEN), 422, "name_taken")


def test_an_operator_manages_those_of_deployments_and_no_others(
    add: Adding, working: Api, deployment: Deployment, operator: Operator, admin: Operator
) -> None:
    general = add()
    problem(working.post(ROOT, {**GIVEN, "name": "b"}), 403, "scope_too_small")
    problem(Api(token_of(operator, "admin")).post(ROOT, {**GIVEN, "name": "b"}), 403, "not_allowed")
    problem(working.get(f"{ROOT}{general.pk}/"), 404, "not_found")
    made = ok(working.post(ROOT, {**GIVEN, "name": "b", "deployment": str(deployment.pk)}), 201)
    assert [row["name"] for row in ok(working.get(ROOT))["items"]] == ["b"]
    ok(working.patch(f"{ROOT}{made['id']}/", {"active": False}))
    reading = Api(token_of(operator, "read"))
    ok(reading.get(f"{ROOT}{made['id']}/"))
    problem(reading.delete(f"{ROOT}{made['id']}/"), 403, "scope_too_small")
    small = Api(token_of(admin, "operate"))
    problem(small.delete(f"{ROOT}{general.pk}/"), 403, "scope_too_small")


def test_the_description_names_every_event() -> None:
    assert get_args(door.Event) == tuple(EVENTS)
