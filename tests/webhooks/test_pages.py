"""Webhooks on pages: added, tested, paused and deleted without a mouse, and no secret that was typed comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.web.pages import read
from tests.webhooks.conftest import SECRET, URL, Adding, send
from tests.webhooks.receiver import NAME, Receiver
from wizard.models import Deployment, Operator, Team, Webhook, WebhookDelivery
from wizard.services import deployments

pytestmark = pytest.mark.django_db

LIST = "/webhooks/"


def browser(person: Operator) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def deciding(admin: Operator) -> Client:
    return browser(admin)


def test_a_webhook_is_added_with_a_secret_that_is_shown_once(deciding: Client) -> None:
    assert "There is no webhook yet" in read(deciding.get(LIST)).words
    answer = deciding.post(f"{LIST}add/", {"name": "chat", "url": URL, "events": ["task.failed"]})
    row = Webhook.objects.get()
    secret = row.reveal()
    page = read(answer)
    assert secret in page.words
    assert "it is shown this once" in page.words
    detail = deciding.get(f"{LIST}{row.pk}/")
    words = read(detail).words
    assert secret not in detail.content.decode()
    assert "canary" not in detail.content.decode(), "paths and queries may hold keys"
    assert f"https://{NAME}:443" in words
    assert "A task failed" in words
    assert "chat" in read(deciding.get(LIST)).words


def test_what_was_typed_comes_back_with_its_errors_but_not_the_secret(deciding: Client) -> None:
    given = {"name": "chat", "url": "https://169.254.169.254/", "secret": SECRET, "events": ["task.failed"]}
    answer = deciding.post(f"{LIST}add/", given)
    assert answer.status_code == 422
    page = read(answer)
    assert "that is the metadata service of a cloud" in page.words
    assert page.value_of("name") == "chat"
    assert SECRET not in answer.content.decode()
    (chosen,) = [box for box in page.all("input", name="events") if "checked" in box]
    assert chosen["value"] == "task.failed"
    for field in ("deployment", "team"):
        assert deciding.post(f"{LIST}add/", {**given, "url": URL, field: "no such"}).status_code == 422
    assert not Webhook.objects.exists()


def test_an_operator_names_a_deployment(operator: Operator, deployment: Deployment) -> None:
    client = browser(operator)
    page = read(client.get(f"{LIST}add/?deployment={deployment.name}"))
    assert page.value_of("deployment") == "lyon-cs01"
    assert not page.all("select", name="team")
    unnamed = client.post(f"{LIST}add/", {"name": "a", "url": URL, "secret": SECRET})
    assert unnamed.status_code == 422
    assert read(unnamed).value_of("name") == "a", "what was typed is not lost"
    assert "Deployment: Name one of your deployments" in read(unnamed).words
    answer = client.post(
        f"{LIST}add/", {"name": "a", "url": URL, "secret": SECRET, "deployment": "lyon-cs01"}
    )
    row = Webhook.objects.get()
    assert answer["Location"] == f"{LIST}{row.pk}/"
    assert (row.deployment, row.events) == (deployment, [])


def test_it_is_tested_and_the_delivery_says_how_that_went(
    add: Adding, deciding: Client, receiver: Receiver
) -> None:
    row = add()
    answer = deciding.post(f"{LIST}{row.pk}/test/")
    page = read(deciding.get(answer["Location"]))
    assert "Waiting" in page.words
    asks = page.all("div", id="delivery")[0]
    assert asks["hx-trigger"] == "every 3s"
    assert asks["hx-select"] == "#delivery", "what is copied from below stays as it is"
    assert page.all("meta", http_equiv="refresh"), "who has no JavaScript sees it, too"
    send(row)
    page = read(deciding.get(answer["Location"]))
    assert "Delivered" in page.words
    assert "204" in page.words
    assert "hx-trigger" not in page.all("div", id="delivery")[0]
    assert "Delivered" in read(deciding.get(f"{LIST}{row.pk}/")).words
    assert deciding.post(f"{answer['Location']}resend/")["Location"] == answer["Location"]
    send(row)
    assert receiver.events == ["ping", "ping"]


def test_a_team_is_asked_for_only_where_there_is_one(deciding: Client) -> None:
    assert not read(deciding.get(f"{LIST}add/")).all("select", name="team")
    Team.objects.create(name="Lyon")
    assert read(deciding.get(f"{LIST}add/")).all("select", name="team")


def polled(client: Client, row: Webhook, at: str = "", **query: str) -> Any:
    """What the page asks for by itself while a browser is at that address."""
    headers = {"HX-Request": "true", "X-Poll": "1", "HX-Current-URL": f"http://testserver{LIST}{row.pk}/{at}"}
    return client.get(f"{LIST}{row.pk}/", query, headers=headers)


def part_of(response: Any) -> dict[str, str]:
    (found,) = read(response).all("div", id="deliveries")
    return found


def test_the_deliveries_renew_themselves_until_none_waits(
    add: Adding, deciding: Client, receiver: Receiver
) -> None:
    row = add()
    address = f"{LIST}{row.pk}/"
    assert "hx-get" not in part_of(deciding.get(address))
    deciding.post(f"{address}test/")
    page = deciding.get(address)
    asks = part_of(page)
    assert (asks["hx-get"], asks["hx-trigger"]) == (f"{address}?page=1", "every 3s")
    assert asks["hx-headers"] == '{"X-Poll": "1"}', "it keeps no session alive"
    assert read(page).all("meta", http_equiv="refresh"), "who has no JavaScript sees it, too"
    part = polled(deciding, row)
    assert "<html" not in part.content.decode()
    assert part_of(part) == asks
    send(row)
    part = polled(deciding, row)
    assert "Delivered" in read(part).words
    assert "hx-get" not in part_of(part)


def test_what_is_tried_again_much_later_is_asked_for_less_often(add: Adding, deciding: Client) -> None:
    row = add()
    deciding.post(f"{LIST}{row.pk}/test/")
    WebhookDelivery.objects.update(next_try_at=timezone.now() + timedelta(hours=12))
    delivery = WebhookDelivery.objects.get()
    for address in (f"{LIST}{row.pk}/", f"{LIST}{row.pk}/deliveries/{delivery.pk}/"):
        assert 'hx-trigger="every 30s"' in deciding.get(address).content.decode()
    deciding.post(f"{LIST}{row.pk}/pause/")
    for address in (f"{LIST}{row.pk}/", f"{LIST}{row.pk}/deliveries/{delivery.pk}/"):
        assert "hx-trigger" not in deciding.get(address).content.decode(), "nothing is sent meanwhile"


def test_a_webhook_that_pauses_or_goes_while_it_is_watched(add: Adding, deciding: Client) -> None:
    row = add()
    deciding.post(f"{LIST}{row.pk}/test/")
    deciding.post(f"{LIST}{row.pk}/pause/")
    assert polled(deciding, row)["HX-Refresh"] == "true"
    # A new secret is on that page alone, and to ask for it again would make another.
    kept = polled(deciding, row, "secret/")
    assert "HX-Refresh" not in kept
    assert "hx-get" not in part_of(kept)
    deciding.post(f"{LIST}{row.pk}/delete/")
    assert polled(deciding, row).status_code == 286
    assert deciding.get(f"{LIST}{row.pk}/").status_code == 404


def test_deliveries_come_in_pages_and_each_renews_itself(add: Adding, deciding: Client) -> None:
    row = add()
    for _number in range(26):
        deciding.post(f"{LIST}{row.pk}/test/")
    first = deciding.get(f"{LIST}{row.pk}/")
    assert "1 to 25 of 26" in read(first).words
    assert read(first).all("a", rel="next", href="?page=2")
    second = deciding.get(f"{LIST}{row.pk}/", {"page": "2"})
    assert "26 to 26 of 26" in read(second).words
    assert part_of(second)["hx-get"].endswith("?page=2")
    assert "26 to 26 of 26" in read(polled(deciding, row, "?page=2", page="2")).words
    # Its links would lead to where nothing can be read.
    assert "1 to 25 of 26" not in read(deciding.post(f"{LIST}{row.pk}/secret/")).words


def test_the_payload_and_the_failure_are_shown(
    add: Adding, deciding: Client, receiver: Receiver, deployment: Deployment, operator: Operator
) -> None:
    row = add()
    receiver.answers = [503]
    deployments.rename(deployment, name="lyon-cs02", actor=operator)
    (delivery,) = send(row)
    words = read(deciding.get(f"{LIST}{row.pk}/deliveries/{delivery.pk}/")).words
    assert "It answered 503; expected is 200 to 299." in words
    assert "oskar renamed lyon-cs01 to lyon-cs02." in words
    assert "Next attempt" in words


def test_it_pauses_goes_on_gets_a_new_secret_and_is_deleted_after_a_question(
    add: Adding, deciding: Client
) -> None:
    row = add()
    for name, active in (("pause", False), ("resume", True)):
        assert deciding.post(f"{LIST}{row.pk}/{name}/")["Location"] == f"{LIST}{row.pk}/"
        row.refresh_from_db()
        assert row.active is active
    answer = deciding.post(f"{LIST}{row.pk}/secret/")
    row.refresh_from_db()
    assert row.reveal() != SECRET
    assert row.reveal() in read(answer).words
    assert "Delete this webhook?" in read(deciding.get(f"{LIST}{row.pk}/delete/")).words
    assert deciding.post(f"{LIST}{row.pk}/delete/")["Location"] == LIST
    assert not Webhook.objects.exists()


def test_a_change_keeps_the_secret_unless_another_receiver_is_meant(add: Adding, deciding: Client) -> None:
    row = add()
    page = read(deciding.get(f"{LIST}{row.pk}/change/"))
    assert page.value_of("url") == URL
    assert page.value_of("secret") == ""
    given = {"name": "chat", "url": "https://new.example.test/"}
    answer = deciding.post(f"{LIST}{row.pk}/change/", given)
    assert answer.status_code == 422
    assert "Enter the secret again" in read(answer).words
    assert deciding.post(f"{LIST}{row.pk}/change/", {**given, "url": f"https://{NAME}/b"}).status_code == 302
    row.refresh_from_db()
    assert row.reveal() == SECRET


def test_an_operator_does_not_learn_of_those_of_others(add: Adding, operator: Operator) -> None:
    row = add()
    client = browser(operator)
    assert client.get(f"{LIST}{row.pk}/").status_code == 404
    assert client.post(f"{LIST}{row.pk}/secret/").status_code == 404
    assert "There is no webhook yet" in read(client.get(LIST)).words


def test_who_only_looks_or_reviews_finds_nothing(add: Adding, viewer: Operator, reviewer: Operator) -> None:
    row = add()
    for person in (viewer, reviewer):
        client = browser(person)
        assert client.get(LIST).status_code == 403
        assert client.get(f"{LIST}{row.pk}/").status_code == 403
        assert client.post(f"{LIST}{row.pk}/secret/").status_code == 403
        assert "Webhooks" not in read(client.get("/")).words


def test_the_list_takes_no_more_queries_for_more_webhooks(add: Adding, deciding: Client) -> None:
    counts = []
    for number in range(2):
        for extra in range(1 + 9 * number):
            add(name=f"hook-{number}-{extra}")
        with CaptureQueriesContext(connection) as asked:
            assert deciding.get(LIST).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
