"""Lists as files: the rows and columns of the list, as it was filtered and ordered; on record; without secrets or formulas."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.builders import make_deployment, make_operator
from tests.console.conftest import furnish, signed_in
from tests.console.test_pages import REGISTERED, body, list_url
from wizard.models import (
    Approval,
    AuditEntry,
    CheckResult,
    Credential,
    Deployment,
    Operator,
    Task,
    TopologySnapshot,
    Waiver,
    Webhook,
)
from wizard.text import Text

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def take(client: Client, model: type[Any], form: str, query: str = "", language: str = "en") -> str:
    url = f"{list_url(model)}export/{form}/{query}"
    response: Any = client.get(url, headers={"Accept-Language": language})
    assert response.status_code == 200
    assert response.streaming
    assert "attachment" in response["Content-Disposition"]
    return b"".join(response.streaming_content).decode()


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_file_has_the_rows_that_the_list_shows_in_its_order(reading: Client, operator: Operator) -> None:
    for name in ("lyon-1", "lyon-2", "paris-1"):
        make_deployment(operator, name)
    stories.answered(operator, "checked", name="lyon-3")
    query = "?q=lyon&state__exact=draft&o=-1"
    rows = json.loads(take(reading, Deployment, "json", query))
    assert [row["name"] for row in rows] == ["lyon-2", "lyon-1"]
    assert [row["name"] for row in table(take(reading, Deployment, "csv", query))] == ["lyon-2", "lyon-1"]
    html = body(reading, f"{list_url(Deployment)}{query}").replace("&amp;", "&")
    (offered,) = re.findall(rf'href="({list_url(Deployment)}export/csv/[^"]*)"', html)
    assert parse_qs(urlsplit(offered).query) == parse_qs(query.removeprefix("?"))


def test_a_file_has_all_pages_of_its_list(reading: Client, operator: Operator) -> None:
    Deployment.objects.bulk_create(
        Deployment(name=f"site-{number:04}", profile="asr-classic", created_by=operator)
        for number in range(620)
    )
    assert len(json.loads(take(reading, Deployment, "json", "?p=2"))) == 620


def test_a_file_has_codes_and_plain_texts(reading: Client, operator: Operator) -> None:
    deployment = stories.answered(operator, "checked", name="lyon-cs01")
    (row,) = json.loads(take(reading, Deployment, "json"))
    assert (row["id"], row["state"], row["created_by"]) == (str(deployment.pk), "checked", "oskar")
    assert (row["steps_done"], row["steps"], row["blocking"], row["warnings"]) == (9, 12, 0, 1)
    assert row["approval"] is None
    assert row["changed_at"].endswith("Z")
    (task,) = [row for row in json.loads(take(reading, Task, "json")) if row["kind"] == "preflight"]
    assert (task["deployment"], task["progress"]) == ("lyon-cs01", 100)
    assert isinstance(task["took_s"], float)


@pytest.mark.parametrize(
    ("fields", "asked", "code"),
    [({"needs_approval": True}, False, "needed"), ({}, True, "waiting"), ({}, False, None)],
)
def test_how_an_approval_stands_is_a_code(
    reading: Client, operator: Operator, fields: dict[str, Any], asked: bool, code: str | None
) -> None:
    deployment = make_deployment(operator)
    Deployment.objects.update(**fields)
    if asked:
        Approval.objects.create(deployment=deployment, digest="d" * 64, asked_by=operator)
    (row,) = json.loads(take(reading, Deployment, "json"))
    assert row["approval"] == code


def test_a_file_is_the_same_in_every_language(deciding: Client, operator: Operator) -> None:
    furnish(operator)
    # Sentences that Django itself has French translations of, so that no catalogue of ours is needed.
    CheckResult.objects.update(title=Text("Password"), observed=Text("Yes"))
    Task.objects.update(phase=Text("Password"))
    for model in REGISTERED:
        if model is AuditEntry:
            # Each of the files before is an entry of its own.
            continue
        files = [take(deciding, model, "csv", language=language) for language in ("en", "fr", "sv")]
        assert len(set(files)) == 1, model
    assert "Password" in take(deciding, CheckResult, "csv", language="fr")


def test_no_cell_is_a_mere_link(reading: Client, operator: Operator) -> None:
    furnish(operator)
    (row,) = json.loads(take(reading, TopologySnapshot, "json"))
    assert row.keys() == {"id", "number", "deployment", "digest", "recorded_by", "recorded_at"}


def test_what_a_list_shows_in_one_cell_or_by_a_title_a_file_has_apart_and_by_its_code(
    reading: Client, operator: Operator
) -> None:
    furnish(operator)
    (row,) = json.loads(take(reading, Waiver, "json"))
    waiver = Waiver.objects.get()
    assert (row["asked_by"], row["approved_by"]) == (str(waiver.asked_by), str(waiver.approved_by))
    assert {"asked_at", "approved_at"} <= row.keys()
    assert {row["profile"] for row in json.loads(take(reading, Deployment, "json"))} == {"asr-classic"}


def test_no_cell_is_a_formula(reading: Client, operator: Operator) -> None:
    Waiver.objects.create(
        deployment=make_deployment(operator),
        requirement_id="TPL-02",
        reason="=HYPERLINK(1)",
        until=timezone.localdate(),
        asked_by=operator,
    )
    (row,) = table(take(reading, Waiver, "csv"))
    assert row["reason"] == "'=HYPERLINK(1)"


def test_every_list_can_be_taken_without_a_secret(deciding: Client, operator: Operator) -> None:
    furnish(operator)
    secrets = [
        stories.PASSWORD,
        bytes(Credential.objects.get(kind="vcenter").sealed).decode(),
        bytes(Webhook.objects.get().sealed).decode(),
        "canary",
        "sessionid",
        *(user.password for user in Operator.objects.all()),
    ]
    for model in REGISTERED:
        for form in ("csv", "json"):
            text = take(deciding, model, form)
            assert not [secret for secret in secrets if secret and secret in text], model
            assert "<a " not in text, model


def test_an_export_is_on_record_before_it_leaves(reading: Client, operator: Operator) -> None:
    make_deployment(operator, "lyon-1")
    make_deployment(operator, "paris-1")
    take(reading, Deployment, "csv", "?q=lyon&p=1")
    entry = AuditEntry.objects.get(action="records.exported")
    assert str(entry.actor) == "rita"
    assert entry.after == {"list": "deployment", "format": "csv", "rows": 1, "filters": {"q": "lyon"}}
    assert "exported 1 row of the list “deployment” as CSV" in str(entry.sentence)


def test_a_long_file_costs_no_more_queries_for_each_row(
    reading: Client, operator: Operator, django_assert_max_num_queries: Any
) -> None:
    Deployment.objects.bulk_create(
        Deployment(name=f"site-{number:04}", profile="asr-classic", created_by=operator)
        for number in range(400)
    )
    with django_assert_max_num_queries(30):
        take(reading, Deployment, "json")


def test_there_is_no_third_format_and_no_way_around_the_console(reading: Client, operator: Operator) -> None:
    assert reading.get(f"{list_url(Task)}export/xlsx/").status_code == 404
    assert reading.get(f"{list_url(Task)}export/csv/?state__nonsense=1").status_code == 302
    for client in (Client(), signed_in(operator)):
        answer = client.get(f"{list_url(Task)}export/csv/")
        assert answer.status_code in (302, 403)
        assert "Content-Disposition" not in answer
    assert not AuditEntry.objects.filter(action="records.exported").exists()


def test_who_may_not_read_the_trail_may_not_take_it(db: None) -> None:
    viewer = signed_in(make_operator("vera", Operator.Role.VIEWER, is_staff=True))
    assert viewer.get(list_url(AuditEntry)).status_code == 403
    assert viewer.get(f"{list_url(AuditEntry)}export/csv/").status_code == 403
    assert viewer.get("/console/").status_code == 200
