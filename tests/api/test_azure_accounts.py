"""Programs keep Azure accounts; a secret goes in, and comes out nowhere."""

from __future__ import annotations

import pytest

from tests.api.client import Api, ok, problem, token_of
from tests.builders import make_deployment
from tests.services.azure import PRINCIPAL, SECRET
from tests.walk import ANSWERS
from wizard.lab.arm import LabAzure
from wizard.models import AzureAccount, Operator
from wizard.services import azure_account_sign_in, deployments

pytestmark = pytest.mark.django_db

ROOT = "azure-accounts/"


def test_an_account_is_added_tested_changed_and_deleted(api: Api, azure: LabAzure) -> None:
    answer = api.post(ROOT, PRINCIPAL)
    made = ok(answer, 201)
    assert answer["Location"].endswith(f"/{ROOT}{made['id']}/")
    assert (made["secret_set"], made["tested_at"], made["works"]) == (True, None, None)
    assert SECRET not in answer.content.decode()
    row = AzureAccount.objects.get()
    azure_account_sign_in.test(row.pk)
    shown = ok(api.get(f"{ROOT}{row.pk}/"))
    assert (shown["works"], shown["failure"], shown["created_by"]) == (True, "", "oskar")
    elsewhere = api.patch(f"{ROOT}{row.pk}/", {"cloud": "china"})
    assert [error["path"] for error in elsewhere.json()["errors"]] == ["secret"]
    changed = ok(api.patch(f"{ROOT}{row.pk}/", {"cloud": "china", "secret": SECRET}))
    assert (changed["cloud"], changed["works"], changed["name"]) == ("china", None, "lyon-reader")
    assert ok(api.post(f"{ROOT}{row.pk}/test/"), 202)["tested_at"] is None
    ok(api.delete(f"{ROOT}{row.pk}/"), 204)
    problem(api.get(f"{ROOT}{row.pk}/"), 404, "not_found")


def test_accounts_are_listed_with_who_uses_them(api: Api, operator: Operator) -> None:
    for name in ("lyon", "paris"):
        ok(api.post(ROOT, {**PRINCIPAL, "name": name}), 201)
    deployment = make_deployment(operator, "lyon-cs01")
    deployments.keep_draft(deployment, "vault", {**ANSWERS["vault"], "account": "lyon"}, actor=operator)
    first = ok(api.get(ROOT, limit=1))
    assert [(row["name"], row["used_by"]) for row in first["items"]] == [("lyon", ["lyon-cs01"])]
    (second,) = ok(api.get(ROOT, limit=1, cursor=first["next_cursor"]))["items"]
    assert (second["name"], second["used_by"]) == ("paris", [])
    problem(api.delete(f"{ROOT}{first['items'][0]['id']}/"), 409, "in_use")


def test_refusals_name_the_field(api: Api) -> None:
    body = problem(api.post(ROOT, {**PRINCIPAL, "tenant": "lyon"}), 422, "invalid")
    assert [(error["path"], error["code"]) for error in body["errors"]] == [("tenant", "invalid")]
    ok(api.post(ROOT, PRINCIPAL), 201)
    problem(api.post(ROOT, PRINCIPAL), 422, "name_taken")
    assert SECRET not in api.post(ROOT, {**PRINCIPAL, "how": "client_certificate"}).content.decode()


def test_to_read_is_not_to_change(operator: Operator, stranger: Api) -> None:
    reading = Api(token_of(operator, "read"))
    assert ok(reading.get(ROOT))["items"] == []
    problem(reading.post(ROOT, PRINCIPAL), 403, "scope_too_small")
    assert stranger.get(ROOT).status_code == 401


def test_a_role_definition_is_handed_out(api: Api) -> None:
    answer = api.get(f"{ROOT}role", purpose="machines", subscription=PRINCIPAL["tenant"])
    assert ok(answer)["AssignableScopes"] == [f"/subscriptions/{PRINCIPAL['tenant']}"]
