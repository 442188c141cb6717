"""The page of what the vault sees: how to begin, what is shown, what changed, what became worse, what is corrected."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import stories, vault_stories
from tests.vault_stories import SERVER, VAULT, look
from tests.web.pages import Page, read
from wizard.lab.arm import LabAzure
from wizard.models import (
    AuditEntry,
    Deployment,
    Notice,
    Operator,
    Severity,
    Task,
    VaultObservation,
    VaultWatch,
)
from wizard.services.vault_observation import corrections
from wizard.text import Text

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment(azure: LabAzure, operator: Operator) -> Deployment:
    found = vault_stories.watched(operator)
    vault_stories.set_up(azure)
    return found


def address_of(deployment: Deployment) -> str:
    return f"/deployments/{deployment.pk}/vault/"


def shown(client: Client, deployment: Deployment, query: str = "") -> Page:
    answer = client.get(address_of(deployment) + query)
    assert answer.status_code == 200
    return read(answer)


# --- how it begins ------------------------------------------------------------------------------------------------------


def test_without_any_account_the_page_says_where_to_add_one(working: Client, operator: Operator) -> None:
    deployment = stories.answered(operator, "recorded")
    page = shown(working, deployment)
    assert "The vault was not looked at yet" in page.words
    assert page.all("a", href="/azure-accounts/", class_="button")
    assert not page.all("form", action=f"{address_of(deployment)}look/")


def test_a_draft_without_an_account_leads_to_the_vault_step(working: Client, operator: Operator) -> None:
    draft = stories.answered(operator, "vault")
    assert shown(working, draft).all("a", href=f"/deployments/{draft.pk}/steps/vault/", class_="button")


def test_a_deployment_that_stands_gets_an_account_without_its_answers_being_open(
    working: Client, looking: Client, operator: Operator, azure: LabAzure
) -> None:
    deployment = stories.answered(operator, "recorded")
    name = vault_stories.account(operator).name
    form = f"{address_of(deployment)}account/"
    assert shown(working, deployment).all("option", value=name)
    assert not shown(looking, deployment).all("form", action=form)
    assert looking.post(form, {"account": name}).status_code == 403
    assert working.post(form, {"account": name}).status_code == 302
    assert shown(working, deployment).all("form", action=f"{address_of(deployment)}look/")
    entry = AuditEntry.objects.get(action="vault.account_chosen")
    assert (entry.before, entry.after) == ({"account": ""}, {"account": name})
    refused = working.post(form, {"account": "nobody"}, follow=True)
    assert "There is no Azure account “nobody”" in read(refused).words
    working.post(form, {"account": ""})
    assert not shown(working, deployment).all("form", action=f"{address_of(deployment)}look/")


def test_before_anything_stands_the_page_says_so(working: Client, operator: Operator) -> None:
    draft = vault_stories.watched(operator, "vault")
    page = shown(working, draft)
    assert "Looking begins once the server or the appliance is deployed" in page.words
    assert not page.all("form", action=f"{address_of(draft)}look/")


def test_looking_now_is_followed_on_the_page(
    working: Client, looking: Client, deployment: Deployment
) -> None:
    page = shown(working, deployment)
    assert page.all("form", action=f"{address_of(deployment)}look/")
    answer = working.post(f"{address_of(deployment)}look/")
    assert answer["Location"] == address_of(deployment)
    task = Task.objects.get(kind="refresh_health")
    page = shown(working, deployment)
    (live,) = page.all("div", id="live-task")
    assert f"/tasks/{task.pk}/progress/" in live["hx-get"]
    assert "at=observations" in live["hx-get"]
    working.post(f"{address_of(deployment)}look/")
    assert Task.objects.filter(kind="refresh_health").count() == 1, "a second click finds the first"
    assert looking.post(f"{address_of(deployment)}look/").status_code == 403


def test_the_followed_task_leads_back_to_the_page(
    working: Client, deployment: Deployment, operator: Operator
) -> None:
    task = look(deployment, operator)
    answer = working.get(
        f"/tasks/{task.pk}/progress/?seen=0.0.0&at=observations", headers={"HX-Request": "true"}
    )
    assert answer["HX-Redirect"] == address_of(deployment)


# --- what is shown ------------------------------------------------------------------------------------------------------


def test_the_picture_has_a_table_that_says_the_same(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_process_server(VAULT, "ps02", "192.0.2.31")
    azure.control.set_server(SERVER, cpuLoad="42")
    look(deployment, operator)
    page = shown(working, deployment)
    (svg,) = page.all("svg")
    assert svg["role"] == "img"
    for part in (SERVER, "ps02", VAULT, "Configuration server", "192.0.2.31", "is registered in", "42 %"):
        assert part in page.words, part
    assert " GB" in page.words
    assert "GiB of" not in page.words


def test_what_differs_is_shown_by_severity_with_what_to_do(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.set_server(SERVER, address="192.0.2.99", version="9.1.1.1")
    look(deployment, operator)
    answer = working.get(address_of(deployment))
    lines = answer.context["differences"]
    ranks = [("fail", "warn", "info").index(line["tag"].tone) for line in lines]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0
    page = read(answer)
    assert "192.0.2.99" in page.words
    assert str(lines[0]["remedy"]) in page.words


def test_before_there_is_a_record_the_page_says_that_nothing_can_differ(
    working: Client, azure: LabAzure, operator: Operator
) -> None:
    deployment = vault_stories.watched(operator, "registered")
    vault_stories.set_up(azure)
    look(deployment, operator)
    assert "Nothing is recorded yet, so there is nothing to compare with" in shown(working, deployment).words


def test_measures_stand_with_their_thresholds(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.set_server(SERVER, cpuLoad="97", cpuLoadStatus="Critical")
    look(deployment, operator)
    page = shown(working, deployment)
    assert "97 %" in page.words
    assert "warning above 80 %, critical above 95 %" in page.words


def test_parts_that_could_not_be_read_are_named(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.fault("forbidden", path="replicationVaultHealth", count=0)
    look(deployment, operator)
    page = shown(working, deployment)
    assert "What could not be read" in page.words
    assert "Health of the vault: the account may not read it" in page.words


def test_a_failure_stands_with_place_and_remedy_above_what_was_seen_before(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    look(deployment, operator)
    azure.control.fault("html", count=0)
    look(deployment, operator)
    page = shown(working, deployment)
    watch = VaultWatch.objects.get(deployment=deployment)
    assert "The last look at the vault failed" in page.words
    for part in (
        str(watch.refresh_failure),
        str(watch.refresh_remedy),
        "What is shown below is what was seen",
    ):
        assert part in page.words
    assert SERVER in page.words


def test_names_from_the_vault_are_text_and_nothing_else(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_process_server(VAULT, "<script>alert(1)</script>", "192.0.2.31")
    look(deployment, operator)
    answer = working.get(address_of(deployment))
    assert "<script>alert(1)" not in answer.content.decode()
    assert "<script>alert(1)</script>" in read(answer).words


def test_times_are_in_the_readers_zone(working: Client, deployment: Deployment, operator: Operator) -> None:
    operator.time_zone = "Asia/Tokyo"
    operator.save()
    look(deployment, operator)
    row = deployment.observations.get()
    local = row.first_seen_at.astimezone(ZoneInfo("Asia/Tokyo")).strftime("%Y-%m-%d %H:%M")
    assert local in shown(working, deployment).words


def test_what_an_earlier_release_wrote_in_another_form_breaks_no_page(
    working: Client, deployment: Deployment, operator: Operator
) -> None:
    look(deployment, operator)
    VaultObservation.objects.update(document={"version": 0})
    page = shown(working, deployment)
    assert "kept in the form of an earlier release" in page.words


# --- history and notices ------------------------------------------------------------------------------------------------


def test_history_tells_what_changed_between_two_observations(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    look(deployment, operator)
    azure.control.register_process_server(VAULT, "ps02", "192.0.2.31")
    look(deployment, operator)
    azure.control.set_server("ps02", address="192.0.2.32")
    look(deployment, operator)
    azure.control.remove_server("ps02")
    look(deployment, operator)
    lines = working.get(address_of(deployment)).context["history"]
    assert [line["entry"].row.number for line in lines] == [4, 3, 2, 1]
    told = [" ".join(map(str, line["entry"].changes)) for line in lines]
    assert "ps02 is there no more." in told[0]
    assert "Address of ps02: 192.0.2.31 → 192.0.2.32" in told[1]
    assert "ps02 appeared." in told[2]
    assert lines[3]["entry"].first
    assert "ps02 appeared." in shown(working, deployment).words


def test_a_long_history_comes_in_pages_and_reads_no_document(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    look(deployment, operator)
    row = deployment.observations.get()
    for number in range(2, 13):
        VaultObservation.objects.create(
            deployment=deployment,
            number=number,
            document={},
            changes=None if number == 4 else [Text(f"It was {number}.").to_json()],
            severity=Severity.OK,
            digest=f"{number}",
            first_seen_at=row.first_seen_at + timedelta(minutes=number),
            last_seen_at=row.first_seen_at + timedelta(minutes=number),
        )
    with CaptureQueriesContext(connection) as asked:
        first = working.get(address_of(deployment)).context["history"]
    assert [line["entry"].row.number for line in first] == list(range(12, 2, -1))
    assert [line["entry"].known for line in first] == [line["entry"].row.number != 4 for line in first]
    assert [str(text) for text in first[0]["entry"].changes] == ["It was 12."]
    (rows,) = [one["sql"] for one in asked if '"changes"' in one["sql"] and "LIMIT 10" in one["sql"]]
    assert '"document"' not in rows
    second = working.get(f"{address_of(deployment)}?page=2").context["history"]
    assert [(line["entry"].row.number, line["entry"].first) for line in second] == [(2, False), (1, True)]


def test_a_notice_is_seen_with_a_button_by_who_may(
    working: Client, looking: Client, deployment: Deployment, operator: Operator
) -> None:
    notice = vault_stories.notice(deployment)
    button = f"{address_of(deployment)}notices/{notice.pk}/seen/"
    assert shown(working, deployment).all("form", action=button)
    page = shown(looking, deployment)
    assert "No heartbeat of cs01 since lunch." in page.words
    assert not page.all("form", action=button)
    assert looking.post(button).status_code == 403
    assert working.post(button)["Location"] == f"{address_of(deployment)}#notices"
    notice.refresh_from_db()
    assert notice.seen_by == operator
    page = shown(working, deployment)
    assert not page.all("form", action=button)
    assert "oskar," in page.words
    other = stories.answered(operator, "deployed")
    assert working.post(f"{address_of(other)}notices/{notice.pk}/seen/").status_code == 404


def test_ended_notices_are_kept_apart(working: Client, deployment: Deployment) -> None:
    vault_stories.notice(deployment, ended_at=timezone.now())
    page = shown(working, deployment)
    assert "None is open." in page.words
    assert "No heartbeat of cs01 since lunch." in page.words


def test_open_critical_notices_are_counted_where_deployments_are(
    working: Client, deployment: Deployment
) -> None:
    vault_stories.notice(deployment)
    vault_stories.notice(deployment, key="b")
    vault_stories.notice(deployment, Severity.WARNING, key="c")
    vault_stories.notice(deployment, key="d", ended_at=timezone.now())
    for address in ("/", f"/deployments/{deployment.pk}/"):
        page = read(working.get(address))
        assert "2 critical notices" in page.words, address
        assert page.all("a", href=f"{address_of(deployment)}#notices")


# --- corrections --------------------------------------------------------------------------------------------------------


def test_a_role_is_corrected_and_taken_back(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    server = azure.control.register_process_server(VAULT, "azps01", "10.9.0.4", azure=True)["server_id"]
    look(deployment, operator)
    page = shown(working, deployment)
    values = {found["value"].upper() for found in page.all("option")}
    assert server.upper() in values
    answer = working.post(f"{address_of(deployment)}roles/", {"server": server, "role": "ps_failback"})
    assert answer.status_code == 302
    assert corrections.of_deployment(deployment) == {server: "ps_failback"}
    task = Task.objects.get(kind="refresh_health", state="queued")
    Task.objects.filter(pk=task.pk).delete()
    look(deployment, operator)
    page = shown(working, deployment)
    assert "corrected by hand" in page.words
    assert page.all("input", type="hidden", name="server", value=server)
    working.post(f"{address_of(deployment)}roles/", {"server": server, "role": ""})
    assert corrections.of_deployment(deployment) == {}


def test_a_role_that_no_server_has_is_refused_in_words(working: Client, deployment: Deployment) -> None:
    answer = working.post(f"{address_of(deployment)}roles/", {"server": "x", "role": "emperor"}, follow=True)
    assert "“emperor” is no role of a server" in read(answer).words


# --- how often the database is asked ------------------------------------------------------------------------------------


@pytest.mark.parametrize("servers", [1, 12])
def test_the_page_asks_the_database_as_often_for_many_servers_as_for_few(
    working: Client,
    deployment: Deployment,
    operator: Operator,
    azure: LabAzure,
    servers: int,
    django_assert_num_queries: Any,
) -> None:
    for number in range(servers):
        name = f"ps{number:02}"
        azure.control.register_process_server(VAULT, name, f"192.0.2.{100 + number}")
        azure.control.set_server(name, heartbeat=3600)
        look(deployment, operator) if number in (0, servers - 1) else None
    assert Notice.objects.count() >= servers
    with django_assert_num_queries(14):
        working.get(address_of(deployment))


@pytest.mark.parametrize("number", [1, 4])
def test_the_list_asks_as_often_for_many_deployments_as_for_one(
    working: Client, operator: Operator, number: int, django_assert_num_queries: Any
) -> None:
    for _count in range(number):
        vault_stories.notice(stories.answered(operator, "deployed"))
    working.get("/")
    with django_assert_num_queries(8):
        working.get("/")
