"""Stored accounts through the API: their secrets go in and never come out, and what is in use stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests import stories
from tests.api.client import Api, ok, problem, token_of
from tests.builders import make_deployment, make_operator
from wizard.models import (
    AuditEntry,
    AzureAccount,
    Credential,
    Deployment,
    IdempotencyRecord,
    Operator,
    Team,
)

pytestmark = pytest.mark.django_db

SECRET = "correct-horse-battery-staple"
BODY = {"name": "lyon-vcenter", "kind": "vcenter", "username": "asr@vsphere.local", "secret": SECRET}


def stored(api: Api, **other: Any) -> dict[str, Any]:
    row: dict[str, Any] = ok(api.post("credentials/", {**BODY, **other}), 201)
    return row


def test_a_credential_is_stored_and_its_secret_never_shown(api: Api) -> None:
    response = api.send("POST", "credentials/", BODY, headers={"Idempotency-Key": "one"})
    row = ok(response, 201)
    assert response["Location"] == f"/api/v1/credentials/{row['id']}/"
    assert (row["secret_set"], row["standing"], row["used_by"]) == (True, "untried", [])
    for found in (response, api.get(response["Location"]), api.get("credentials/")):
        assert SECRET not in found.content.decode()
    assert Credential.objects.get().reveal() == SECRET
    assert SECRET.encode() not in bytes(IdempotencyRecord.objects.get().body)
    assert not AuditEntry.objects.filter(after__icontains=SECRET).exists()


def test_another_of_the_same_name_is_refused_and_changes_nothing(api: Api) -> None:
    stored(api)
    problem(api.post("credentials/", {**BODY, "secret": "another"}), 409, "name_taken")
    problem(api.post("credentials/", {**BODY, "kind": "windows"}), 409, "name_taken")
    assert Credential.objects.get().reveal() == SECRET


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"username": " "}, "username"),
        ({"secret": ""}, "password"),
        ({"name": "x" * 101}, "name"),
        ({"kind": "printer"}, "kind"),
        ({"team": "00000000-0000-0000-0000-000000000001"}, "team"),
        ({"pasword": "x"}, "pasword"),
    ],
)
def test_what_cannot_be_stored_is_told_by_field(api: Api, change: dict[str, str], path: str) -> None:
    body = problem(api.post("credentials/", {**BODY, **change}), 422, "invalid")
    assert [error["path"] for error in body["errors"]] == [path]
    assert not Credential.objects.exists()


@pytest.mark.parametrize("secret", [918273645546, ["918273645546"], {"value": "918273645546"}])
def test_a_secret_that_is_no_text_is_not_repeated(api: Api, deployment: Deployment, secret: Any) -> None:
    passwords = f"deployments/{deployment.pk}/template-passwords/"
    template = f"deployments/{deployment.pk}/steps/template/"
    for response in (
        api.post("credentials/", {**BODY, "secret": secret}),
        api.put(passwords, {"passwords": {"admin": secret}}),
        api.put(passwords, {"passwords": [secret]}),
        api.put(template, {"properties": {"admin": secret}}, 1),
    ):
        problem(response, 422, "invalid")
        assert "918273645546" not in response.content.decode()


def test_a_service_principal_is_an_azure_account(api: Api) -> None:
    problem(api.post("credentials/", {**BODY, "kind": "azure_service_principal"}), 422, "azure_account")


def test_a_new_secret_is_not_tried_yet(api: Api) -> None:
    row = stored(api)
    Credential.objects.update(standing="rejected")
    path = f"credentials/{row['id']}/"
    assert ok(api.get(path))["standing"] == "rejected"
    changed = ok(api.patch(path, {"secret": "another-secret"}))
    assert (changed["standing"], changed["id"], changed["name"]) == ("untried", row["id"], row["name"])
    assert Credential.objects.get().reveal() == "another-secret"


@pytest.mark.parametrize("change", [{"username": "root@vsphere.local"}, {"address": "evil.example.net:443"}])
def test_a_stored_secret_is_not_sent_as_another_or_elsewhere(api: Api, change: dict[str, str]) -> None:
    path = f"credentials/{stored(api, address='vcenter.example.net:443')['id']}/"
    body = problem(api.patch(path, change), 422, "invalid")
    assert [error["path"] for error in body["errors"]] == ["secret"]
    changed = ok(api.patch(path, {**change, "secret": "x-other-secret"}))
    assert changed.items() >= change.items()
    assert ok(api.patch(path, {})) == changed


def test_what_is_in_use_stays_and_says_where(api: Api, operator: Operator) -> None:
    deployment = stories.answered(operator, "vcenter", name="lyon-cs01")
    row = Credential.objects.get()
    path = f"credentials/{row.pk}/"
    assert ok(api.get(path))["used_by"] == [deployment.name]
    body = problem(api.delete(path), 409, "in_use")
    assert deployment.name in body["detail"]
    deployment.delete()
    assert api.delete(path).status_code == 204
    problem(api.get(path), 404, "not_found")
    problem(api.delete(path), 404, "not_found")
    assert AuditEntry.objects.filter(action="credential.deleted").count() == 1


def test_the_secret_of_an_azure_account_goes_with_that_account(api: Api, operator: Operator) -> None:
    row = stored(api)
    Credential.objects.update(kind="azure_service_principal")
    AzureAccount.objects.create(
        name="lyon-reader",
        how="client_secret",
        tenant="t",
        client_id="c",
        credential_id=row["id"],
        created_by=operator,
    )
    assert "lyon-reader" in problem(api.delete(f"credentials/{row['id']}/"), 409, "in_use")["detail"]
    problem(api.patch(f"credentials/{row['id']}/", {"secret": "x"}), 422, "azure_account")


def test_a_team_s_credential_is_its_members_alone(api: Api, operator: Operator) -> None:
    team = Team.objects.create(name="Lyon")
    team.members.add(operator)
    row = stored(api, team=str(team.pk))
    assert row["team"] == str(team.pk)
    olga = Api(token_of(make_operator("olga", Operator.Role.OPERATOR), "operate"))
    assert ok(olga.get("credentials/"))["items"] == []
    path = f"credentials/{row['id']}/"
    for response in (olga.get(path), olga.patch(path, {"secret": "mine"}), olga.delete(path)):
        problem(response, 404, "not_found")
    refused = problem(olga.post("credentials/", BODY), 409, "name_taken")
    assert BODY["name"] not in str(refused), "nobody is told which names other teams use"
    assert "cannot be used" in refused["detail"]
    known = problem(api.post("credentials/", BODY), 409, "name_taken")
    assert f"“{BODY['name']}” exists already" in known["detail"]
    problem(olga.post("credentials/", {**BODY, "name": "x", "team": str(team.pk)}), 422, "invalid")
    assert Credential.objects.get().reveal() == SECRET


def test_deployments_of_other_teams_are_counted_and_not_named(api: Api, operator: Operator) -> None:
    deployment = stories.answered(operator, "vcenter", name="lyon-cs01")
    deployment.team = Team.objects.create(name="Lyon")
    deployment.save()
    row = Credential.objects.get()
    assert ok(api.get(f"credentials/{row.pk}/"))["used_by"] == []
    body = problem(api.delete(f"credentials/{row.pk}/"), 409, "in_use")
    assert "the deployment" not in body["detail"]
    assert "1 deployment of another team" in body["detail"]


def test_a_list_is_filtered_and_costs_as_many_queries_as_a_short_one(
    api: Api, operator: Operator, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    make_deployment(operator)
    for number in range(12):
        stored(api, name=f"account-{number:02}", kind="windows" if number % 2 else "vcenter")
    assert len(ok(api.get("credentials/", kind="windows"))["items"]) == 6
    assert [row["name"] for row in ok(api.get("credentials/", name="-07"))["items"]] == ["account-07"]
    first = ok(api.get("credentials/", limit=5, ordering="-name"))
    assert [row["name"] for row in first["items"]] == [f"account-{n:02}" for n in (11, 10, 9, 8, 7)]
    second = ok(api.get("credentials/", limit=5, ordering="-name", cursor=first["next_cursor"]))
    assert second["items"][0]["name"] == "account-06"
    with django_assert_max_num_queries(6):
        ok(api.get("credentials/", limit=12))


def test_who_only_looks_changes_nothing(api: Api, viewer: Operator, operator: Operator) -> None:
    path = f"credentials/{stored(api)['id']}/"
    vera, reading = Api(token_of(viewer, "operate")), Api(token_of(operator, "read", "other"))
    assert len(ok(vera.get("credentials/"))["items"]) == 1
    for program, code in ((vera, "not_allowed"), (reading, "scope_too_small")):
        problem(program.post("credentials/", BODY), 403, code)
        problem(program.patch(path, {"secret": "x"}), 403, code)
        problem(program.delete(path), 403, code)
