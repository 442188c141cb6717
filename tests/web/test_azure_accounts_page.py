"""Azure accounts are added, changed and deleted on pages that never show a secret."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from tests.builders import make_deployment
from tests.services.azure import PRINCIPAL, SECRET, add_account
from tests.walk import ANSWERS
from tests.web.pages import read
from wizard.lab.arm import LabAzure
from wizard.models import AzureAccount, Operator
from wizard.services import azure_account_sign_in, deployments

pytestmark = pytest.mark.django_db

LIST = "/azure-accounts/"


def test_an_account_is_added_and_its_test_is_shown(
    working: Client, operator: Operator, azure: LabAzure
) -> None:
    assert "There is no Azure account yet" in read(working.get(LIST)).words
    answer = working.post(f"{LIST}add/", PRINCIPAL)
    assert answer["Location"] == LIST
    page = read(working.get(LIST))
    assert "lyon-reader" in page.words
    assert "Not tested yet" in page.words
    assert page.all("div", id="azure-accounts")[0]["hx-trigger"] == "every 2s"
    assert page.all("meta", http_equiv="refresh"), "who has no JavaScript sees it, too"
    azure_account_sign_in.test(AzureAccount.objects.get().pk)
    page = read(working.get(LIST, headers={"HX-Request": "true"}))
    assert "Signs in" in page.words
    assert not page.all("html"), "only the rows"
    assert "hx-trigger" not in page.all("div", id="azure-accounts")[0]


def test_why_it_does_not_work_stands_in_the_list(
    working: Client, operator: Operator, azure: LabAzure
) -> None:
    row = add_account(operator)
    azure.control.fault("always_503", count=99)
    azure_account_sign_in.test(row.pk)
    words = read(working.get(LIST)).words
    assert "Does not work" in words
    row.refresh_from_db()
    assert str(row.failure) in words


def test_what_was_typed_comes_back_with_its_errors_but_not_the_secret(
    working: Client, operator: Operator
) -> None:
    answer = working.post(f"{LIST}add/", {**PRINCIPAL, "tenant": "lyon"})
    assert answer.status_code == 422
    page = read(answer)
    assert "“lyon” is not an id." in page.words
    assert page.value_of("client_id") == PRINCIPAL["client_id"]
    assert SECRET not in answer.content.decode()
    row = add_account(operator)
    answer = working.get(f"{LIST}{row.pk}/change/")
    assert read(answer).value_of("tenant") == PRINCIPAL["tenant"]
    assert SECRET not in answer.content.decode()
    answer = working.post(f"{LIST}{row.pk}/change/", {**PRINCIPAL, "client_id": ""})
    assert answer.status_code == 422


NEEDED = {
    "client_secret": ({"tenant", "client_id", "secret"}, set()),
    "client_certificate": ({"tenant", "client_id", "secret"}, set()),
    "managed_identity": ({"client_id"}, {"client_id"}),
    "default": (set(), set()),
}


@pytest.mark.parametrize("how", NEEDED)
def test_only_what_the_chosen_kind_needs_is_asked_for(working: Client, how: str) -> None:
    asked, optional = NEEDED[how]
    typed = {"how": how, "tenant": PRINCIPAL["tenant"], "client_id": "typed-before"}
    page = read(working.get(f"{LIST}add/", typed, headers={"HX-Request": "true"}))
    assert not page.all("html"), "only the questions"
    assert page.value_of("asked") == how
    fields = [*page.all("input", type="text"), *page.all("textarea")]
    assert {field["name"] for field in fields} == asked
    assert page.words.count("(optional)") == len(optional)
    if "client_id" in asked:
        assert page.value_of("client_id") == "typed-before"
    assert ("Certificate and private key" in page.words) == (how == "client_certificate")
    assert ("Client secret" in page.words) == (how == "client_secret")


def test_the_questions_that_are_asked_for_anew_take_no_secret_along(working: Client) -> None:
    (listening,) = (one for one in read(working.get(f"{LIST}add/")).all("div") if "hx-get" in one)
    assert "secret" not in listening["hx-include"]


def test_what_was_typed_for_one_kind_is_there_again_after_a_look_at_another(
    working: Client, operator: Operator
) -> None:
    ids = {name: PRINCIPAL[name] for name in ("tenant", "client_id")}
    asking = {"HX-Request": "true"}
    page = read(working.get(f"{LIST}add/", {"how": "default", **ids}, headers=asking))
    assert not page.all("input", type="text")
    assert {name: page.value_of(name) for name in ids} == ids, "as the next choice takes them along"
    row = add_account(operator)
    page = read(working.get(f"{LIST}{row.pk}/change/", {"how": "client_secret"}, headers=asking))
    assert page.value_of("tenant") == PRINCIPAL["tenant"], "else what is stored"
    assert working.post(f"{LIST}{row.pk}/change/", {**PRINCIPAL, "how": "default"})["Location"] == LIST
    row.refresh_from_db()
    assert (row.tenant, row.client_id) == ("", "")


def test_without_javascript_a_kind_that_needs_more_asks_for_it_on_the_next_page(
    working: Client, operator: Operator
) -> None:
    chosen = {"name": "lyon-reader", "how": "client_secret", "cloud": "public", "asked": "default"}
    answer = working.post(f"{LIST}add/", chosen)
    assert answer.status_code == 422
    page = read(answer)
    assert "Your answer leads to a further question" in page.words
    assert "An answer is missing" not in page.words
    assert not page.all("div", id="error-summary"), "nobody has made a mistake yet"
    assert page.value_of("name") == "lyon-reader"
    assert {field["name"] for field in page.all("textarea")} == {"secret"}
    assert not AzureAccount.objects.exists()
    asked = page.value_of("asked")
    assert working.post(f"{LIST}add/", {**PRINCIPAL, "asked": asked})["Location"] == LIST


def test_without_javascript_a_kind_that_needs_less_is_saved_at_once(
    working: Client, operator: Operator
) -> None:
    chosen = {"name": "machine", "how": "default", "cloud": "public", "asked": "client_secret"}
    assert working.post(f"{LIST}add/", chosen)["Location"] == LIST
    assert AzureAccount.objects.get().how == "default"


def test_a_secret_may_stay_only_for_the_kind_that_it_is_of(working: Client, operator: Operator) -> None:
    row = add_account(operator)
    address = f"{LIST}{row.pk}/change/"
    assert "Left empty, the one that is stored stays." in read(working.get(address)).words
    other = read(working.get(address, {"how": "client_certificate"}, headers={"HX-Request": "true"}))
    assert "Left empty" not in other.words
    assert "(optional)" not in other.words
    answer = working.post(
        address, {**PRINCIPAL, "how": "client_certificate", "secret": "", "asked": "client_secret"}
    )
    assert answer.status_code == 422
    assert "Certificate and private key" in read(answer).words
    assert working.post(address, {**PRINCIPAL, "secret": "", "asked": "client_secret"})["Location"] == LIST


def test_who_came_from_a_vault_step_goes_back_there_and_nowhere_else(
    working: Client, operator: Operator
) -> None:
    step = f"/deployments/{make_deployment(operator).pk}/steps/vault/"
    page = read(working.get(f"{LIST}add/?back_to={step}"))
    assert page.value_of("back_to") == step
    assert working.post(f"{LIST}add/", {**PRINCIPAL, "back_to": step})["Location"] == step
    for elsewhere in ("https://evil.example/", "//evil.example/deployments/", "/tasks/"):
        AzureAccount.objects.all().delete()
        operator.refresh_from_db()
        answer = working.post(
            f"{LIST}add/", {**PRINCIPAL, "name": f"n{len(elsewhere)}", "back_to": elsewhere}
        )
        assert answer["Location"] == LIST


def test_an_account_is_deleted_after_a_question_unless_it_is_in_use(
    working: Client, operator: Operator
) -> None:
    row = add_account(operator)
    deployment = make_deployment(operator, "lyon-cs01")
    deployments.keep_draft(
        deployment, "vault", {**ANSWERS["vault"], "account": "lyon-reader"}, actor=operator
    )
    address = f"{LIST}{row.pk}/delete/"
    words = read(working.get(address)).words
    assert "It is in use" in words
    assert "lyon-cs01" in words
    assert working.post(address).status_code == 409
    deployments.keep_draft(deployment, "vault", {}, actor=operator)
    assert "Delete this account?" in read(working.get(address)).words
    assert working.post(address)["Location"] == LIST
    assert not AzureAccount.objects.exists()


def test_who_only_looks_sees_the_list_and_no_button(looking: Client, operator: Operator) -> None:
    row = add_account(operator)
    page = read(looking.get(LIST))
    assert "lyon-reader" in page.words
    assert not [link for link in page.all("a") if "/change/" in link.get("href", "")]
    for answer in (
        looking.get(f"{LIST}add/"),
        looking.post(f"{LIST}add/", PRINCIPAL),
        looking.post(f"{LIST}{row.pk}/test/"),
        looking.post(f"{LIST}{row.pk}/delete/"),
    ):
        assert answer.status_code == 403


def test_a_role_definition_is_taken_away(looking: Client) -> None:
    answer = looking.get(f"{LIST}role.all.json")
    assert answer["Content-Disposition"] == 'attachment; filename="foothold-role-all.json"'
    assert json.loads(answer.content)["IsCustom"] is True
    assert looking.get(f"{LIST}role.owner.json").status_code == 404
