"""The audit trail on pages: read by reviewers, searched, taken away; the history of a deployment for whoever sees it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.builders import make_deployment, make_operator
from wizard.models import AuditEntry, Deployment, Operator
from wizard.services import accounts, audit, audit_chain, audit_trail, deployments
from wizard.services.audit import Origin, coming_from
from wizard.text import Text
from wizard.web.views.audit import PAGE_SIZE

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(db: Any) -> Client:
    client = Client()
    client.force_login(make_operator("rosa", Operator.Role.REVIEWER))
    return client


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    with coming_from(Origin(address="192.0.2.77", request_id="request-4711")):
        made = make_deployment(operator, "lyon-cs01")
    deployments.rename(made, name="lyon-cs02", actor=operator)
    make_deployment(operator, "paris-cs01")
    audit_chain.sweep()
    return made


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_each_entry_says_what_happened_who_did_it_and_from_where(
    reviewer: Client, deployment: Deployment
) -> None:
    page = text_of(reviewer.get(reverse("audit")))
    for words in (
        "oskar began the deployment lyon-cs01.",
        "192.0.2.77",
        "request-4711",
        "deployment.created",
    ):
        assert words in page


def test_only_who_may_read_it_does(operator: Operator, viewer: Operator, deployment: Deployment) -> None:
    for person in (operator, viewer):
        client = Client()
        client.force_login(person)
        for where in (reverse("audit"), reverse("audit_file", args=["csv"])):
            assert client.get(where).status_code == 403
        page = text_of(client.get(reverse("history", args=[deployment.pk])))
        assert "oskar began the deployment lyon-cs01." in page
        assert "paris-cs01" not in page


@pytest.mark.parametrize(
    ("query", "here", "not_here"),
    [
        ({"deployment": "lyon-cs02"}, "lyon-cs01", "paris-cs01"),
        ({"deployment": "nowhere"}, "No entry", "paris-cs01"),
        ({"action": "deployment.renamed"}, "renamed", "paris-cs01"),
        ({"actor": "nobody"}, "No entry", "paris-cs01"),
        ({"since": "2999-01-01"}, "No entry", "paris-cs01"),
        ({"until": "2000-01-01"}, "No entry", "paris-cs01"),
        ({"request_id": "request-4711"}, "lyon-cs01", "paris-cs01"),
    ],
)
def test_it_is_searched(
    reviewer: Client, deployment: Deployment, query: dict[str, str], here: str, not_here: str
) -> None:
    page = text_of(reviewer.get(reverse("audit"), query))
    assert here in page
    assert not_here not in page


def test_what_is_taken_away_is_what_was_looked_for(reviewer: Client, deployment: Deployment) -> None:
    response = reviewer.get(reverse("audit_file", args=["json"]), {"action": "deployment.renamed"})
    items = json.loads(b"".join(response.streaming_content))  # type: ignore[attr-defined]
    assert [item["text"] for item in items] == ["oskar renamed lyon-cs01 to lyon-cs02."]
    assert items[0]["digest"]
    table = b"".join(reviewer.get(reverse("audit_file", args=["csv"])).streaming_content)  # type: ignore[attr-defined]
    assert table.count(b"\r\n") >= 4
    assert reviewer.get(reverse("audit_file", args=["xml"])).status_code == 404


def test_older_entries_are_on_the_next_page(
    reviewer: Client, deployment: Deployment, operator: Operator
) -> None:
    for number in range(PAGE_SIZE):
        audit.record(
            "test.done",
            subject=deployment,
            actor=operator,
            sentence=Text("Number %(number)s.", number=number),
        )
    page = reviewer.get(reverse("history", args=[deployment.pk]))
    assert "Number 49." in text_of(page)
    assert "oskar began the deployment" not in text_of(page)
    older = reviewer.get(reverse("history", args=[deployment.pk]), {"before": page.context["older"]})
    assert "oskar began the deployment lyon-cs01." in text_of(older)
    assert "Number 49." not in text_of(older)


def test_a_page_costs_as_many_queries_for_many_entries_as_for_few(
    reviewer: Client, deployment: Deployment, operator: Operator, django_assert_max_num_queries: Any
) -> None:
    for number in range(PAGE_SIZE):
        audit.record(
            "test.done",
            subject=deployment,
            actor=operator,
            sentence=Text("Number %(number)s.", number=number),
        )
    with django_assert_max_num_queries(8):
        reviewer.get(reverse("audit"))


@pytest.mark.parametrize(
    "stored",
    [
        '["no", "sentence"]',
        '{"values": {}}',
        '{"text": 7}',
        '{"text": "%(who)s began it.", "values": {"where": "here"}}',
        '{"text": "One", "plural": "%(n)s", "by": "n", "values": {"n": "many"}}',
        '"words"',
    ],
)
def test_a_sentence_that_cannot_be_read_hides_no_other_entry(
    reviewer: Client, deployment: Deployment, stored: str
) -> None:
    entry = AuditEntry.objects.filter(action="deployment.renamed", deployment_id=deployment.pk).get()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE wizard_auditentry SET sentence = %s WHERE id = %s", [stored, entry.pk])
    said = "What is recorded as deployment.renamed cannot be read."
    page = text_of(reviewer.get(reverse("audit")))
    assert said in page
    assert "oskar began the deployment lyon-cs01." in page
    history = text_of(reviewer.get(reverse("history", args=[deployment.pk])))
    assert said in history
    rows = json.loads("".join(audit_trail.export(AuditEntry.objects.all(), "json")))
    assert [row["text"] for row in rows if row["entry"]["id"] == entry.pk] == [said]
    assert len(rows) == AuditEntry.objects.count()
    assert said in "".join(audit_trail.export(AuditEntry.objects.all(), "csv"))
    person = Operator.objects.get(username="rosa")
    _token, key = accounts.create_token(
        user=person, actor=person, name="nightly", scope="read", expires_days=1
    )
    listed = Client().get("/api/v1/audit/", headers={"Authorization": f"Bearer {key}"})
    assert said in [row["sentence"] for row in listed.json()["items"]]
