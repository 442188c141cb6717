"""What the vault sees, for programs: observations, notices, corrected roles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import stories, vault_stories
from tests.api.client import Api, ok, problem, token_of
from tests.vault_stories import SERVER, VAULT, look
from wizard.lab.arm import LabAzure
from wizard.models import AzureAccount, Deployment, Operator, Severity
from wizard.services.vault_observation import corrections

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment(azure: LabAzure, operator: Operator) -> Deployment:
    found = vault_stories.watched(operator)
    vault_stories.set_up(azure)
    return found


def under(deployment: Deployment, what: str) -> str:
    return f"deployments/{deployment.pk}/vault/{what}"


def test_before_the_first_look_there_is_no_newest(api: Api, deployment: Deployment) -> None:
    problem(api.get(under(deployment, "observations/newest/")), 404, "not_found")
    assert ok(api.get(under(deployment, "observations/")))["items"] == []
    watch = ok(api.get(under(deployment, "watch/")))
    assert (watch["account"], watch["looked_at"], watch["failure"]) == ("vault-reader", None, None)


def test_the_newest_look_tells_all_that_it_found(
    api: Api, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.set_server(SERVER, address="192.0.2.99", cpuLoad="97", strangeField="kept")
    look(deployment, operator)
    found = ok(api.get(under(deployment, "observations/newest/")))
    assert (found["number"], found["severity"]) == (1, "critical")
    names = {one["name"] for one in found["document"]["components"]}
    assert {SERVER, VAULT} <= names
    (address,) = (
        one
        for one in found["differences"]
        if one["field"] == "address" and one["component"].startswith("cs:")
    )
    assert (address["planned"], address["seen"], address["severity"]) == (
        vault_stories.ADDRESS,
        "192.0.2.99",
        "critical",
    )
    assert "192.0.2.99" in address["text"]
    assert address["remedy"]
    cpu = [one for one in found["health"] if one["metric"] == "cpu"]
    assert {(one["name"], one["state"], one["value"]) for one in cpu} == {(SERVER, "critical", "97 %")}
    assert all(one["threshold"] for one in cpu)
    assert "strangeField" in str(found["document"]), "what is not known is kept as it came"


def test_history_comes_in_pages(
    api: Api, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    for version in ("9.65.1.1", "9.65.2.1", "9.65.3.1"):
        azure.control.set_server(SERVER, version=version)
        look(deployment, operator)
    first = ok(api.get(under(deployment, "observations/"), limit=2))
    rest = ok(api.get(under(deployment, "observations/"), limit=2, cursor=first["next_cursor"]))
    assert [row["number"] for row in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next_cursor"] is None
    assert "document" not in first["items"][0]
    other = stories.answered(operator, "deployed")
    assert ok(api.get(under(other, "observations/")))["items"] == []


def test_why_looking_fails_is_told(
    api: Api, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.fault("html", count=0)
    look(deployment, operator)
    failure = ok(api.get(under(deployment, "watch/")))["failure"]
    assert failure["code"] == "not_azure"
    assert failure["message"]
    assert failure["remedy"]
    assert "127.0.0.1" in failure["where"]


def test_the_task_is_started_like_any_other(api: Api, deployment: Deployment, operator: Operator) -> None:
    answer = api.post(f"deployments/{deployment.pk}/tasks/", {"kind": "refresh_health"})
    assert ok(answer, 202)["kind"] == "refresh_health"
    other = stories.answered(operator, "deployed")
    refused = problem(
        api.post(f"deployments/{other.pk}/tasks/", {"kind": "refresh_health"}), 409, "not_ready"
    )
    assert "an Azure account in the vault step" in refused["remedy"]


def test_notices_are_filtered_paged_and_seen(
    api: Api, deployment: Deployment, operator: Operator, viewer: Operator
) -> None:
    now = timezone.now()
    for number in range(3):
        vault_stories.notice(deployment, key=f"k{number}", began_at=now - timedelta(hours=number))
    vault_stories.notice(deployment, Severity.WARNING, key="w", began_at=now - timedelta(hours=5))
    vault_stories.notice(deployment, key="e", began_at=now - timedelta(hours=9), ended_at=now)
    address = under(deployment, "notices/")
    page = ok(api.get(address, limit=3))
    assert [row["key"] for row in page["items"]] == ["k0", "k1", "k2"]
    rest = ok(api.get(address, limit=3, cursor=page["next_cursor"]))
    assert [row["key"] for row in rest["items"]] == ["w", "e"]
    assert len(ok(api.get(address, open="true"))["items"]) == 4
    assert len(ok(api.get(address, open="true", severity="critical"))["items"]) == 3
    first = page["items"][0]
    assert (first["message"], first["remedy"]) == ("No heartbeat of cs01 since lunch.", "Switch it on.")
    seen = ok(api.post(f"{address}{first['id']}/seen/"))
    assert (seen["seen_by"], seen["id"]) == ("oskar", first["id"])
    assert ok(api.post(f"{address}{first['id']}/seen/"))["seen_at"] == seen["seen_at"]
    problem(api.post(f"{address}{10**6}/seen/"), 404, "not_found")
    reading = Api(token_of(operator, "read"))
    problem(reading.post(f"{address}{first['id']}/seen/"), 403, "scope_too_small")
    assert ok(reading.get(address, limit=1))["items"]
    problem(Api(token_of(viewer, "operate")).post(f"{address}{first['id']}/seen/"), 403, "not_allowed")


def test_the_list_of_notices_asks_the_database_as_often_for_many_as_for_few(
    api: Api, deployment: Deployment, operator: Operator, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        vault_stories.notice(deployment, key=f"k{number}", seen_by=operator, seen_at=timezone.now())
    with django_assert_num_queries(5):
        assert len(ok(api.get(under(deployment, "notices/")))["items"]) == 5


def test_roles_are_corrected_as_a_whole(api: Api, deployment: Deployment, operator: Operator) -> None:
    address = under(deployment, "corrections/")
    revision = deployment.revision
    assert ok(api.put(address, {"roles": {"A-1": "ps_failback"}}, revision))["roles"] == {
        "A-1": "ps_failback"
    }
    assert ok(api.put(address, {"roles": {"B-2": "mt_linux"}}))["roles"] == {"B-2": "mt_linux"}
    assert corrections.of_deployment(deployment) == {"B-2": "mt_linux"}
    assert ok(api.get(under(deployment, "watch/")))["roles"] == {"B-2": "mt_linux"}
    refused = problem(api.put(address, {"roles": {"A-1": "emperor"}}), 422, "invalid")
    assert refused["errors"]
    problem(api.put(address, {"roles": {}}, revision + 7), 412, "revision_outdated")
    problem(api.put(address, {"rolls": {}}), 422, "invalid")
    problem(Api(token_of(operator, "read")).put(address, {"roles": {}}), 403, "scope_too_small")
    assert corrections.of_deployment(deployment) == {"B-2": "mt_linux"}


def test_the_account_of_what_stands_is_chosen(
    api: Api, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    other = vault_stories.account(operator, "second-reader").name
    address = under(deployment, "account/")
    assert ok(api.put(address, {"account": other}))["account"] == other
    problem(api.put(address, {"account": "nobody"}), 422, "unknown_account")
    AzureAccount.objects.filter(name="vault-reader").update(cloud="china")
    problem(api.put(address, {"account": "vault-reader"}), 422, "unknown_account")
    draft = stories.answered(operator, "vault")
    problem(api.put(under(draft, "account/"), {"account": other}), 409, "answer_the_step")
    problem(Api(token_of(operator, "read")).put(address, {"account": ""}), 403, "scope_too_small")
