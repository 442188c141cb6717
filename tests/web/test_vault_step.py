"""The vault is chosen from what an Azure account sees, or typed; what cannot take the server is refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.builders import make_deployment
from tests.services.azure import CLIENT, PRINCIPAL, add_account
from tests.walk import ANSWERS
from tests.web.pages import read, step_url
from wizard.lab.arm import LabAzure
from wizard.models import AzureAccount, Deployment, DeploymentState, Operator, Task
from wizard.services import azure_accounts, deployments, tasks
from wizard.services.azure_account_wish import AccountWish
from wizard.services.errors import Invalid

pytestmark = pytest.mark.django_db

LYON = "00000000-0000-0000-0000-000000000001/rg-lyon-dr/lyon-vault"


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    deployment = make_deployment(operator, "lyon-cs01")
    deployments.answer(deployment, "source", ANSWERS["source"], actor=operator)
    return deployment


def carry_out(deployment: Deployment) -> Task:
    task = deployment.tasks.get(state="queued")
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    return task


def post(client: Client, deployment: Deployment, **typed: Any) -> Any:
    return client.post(step_url(deployment, "vault"), typed)


def looked_up(client: Client, deployment: Deployment, operator: Operator) -> None:
    add_account(operator)
    assert post(client, deployment, action="look_up", account="lyon-reader").status_code == 302
    task = carry_out(deployment)
    assert task.state == "succeeded", task.error


def test_without_an_account_the_step_is_answered_by_hand(working: Client, deployment: Deployment) -> None:
    page = read(working.get(step_url(deployment, "vault")))
    assert "Add an Azure account" in page.words
    assert page.value_of("account") == ""
    answer = post(working, deployment, account="", **ANSWERS["vault"])
    assert answer.status_code == 302
    data = deployments.answers_of(deployment)["vault"]
    assert (data["account"], data["run_as_account"], data["vault"]) == ("", "", "lyon-vault")


def test_what_an_account_saw_before_it_was_changed_does_not_count(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    looked_up(working, deployment, operator)
    answers = {**ANSWERS["vault"], "account": "lyon-reader"}
    wish = AccountWish(**{**PRINCIPAL, "tenant": CLIENT})
    azure_accounts.change(AzureAccount.objects.get(), wish, actor=operator)
    with pytest.raises(Invalid) as refused:
        deployments.answer(deployment, "vault", answers, actor=operator)
    assert [error.code for error in refused.value.errors] == ["not_looked_up"]
    post(working, deployment, action="look_up", account="lyon-reader")
    carry_out(deployment)
    deployments.answer(deployment, "vault", answers, actor=operator)


def test_a_vault_is_chosen_from_lists_and_confirmed(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    looked_up(working, deployment, operator)
    row = AzureAccount.objects.get()
    assert row.tested_at
    address = step_url(deployment, "vault")
    page = read(working.get(address))
    assert [found["value"] for found in page.all("input", type="radio", name="choice")], "one subscription"
    assert "New: nothing is registered yet" in page.words
    ids = [attributes["id"] for _tag, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids)), "two forms on one page"
    elsewhere = read(working.get(f"{address}?seen_in=00000000-0000-0000-0000-00000000beef"))
    assert elsewhere.all("input", type="radio", name="choice"), "one that is none counts as none"
    answer = post(working, deployment, action="choose", choice=LYON)
    assert answer["Location"].endswith("#answers")
    page = read(working.get(address))
    assert (page.value_of("vault"), page.value_of("resource_group")) == ("lyon-vault", "rg-lyon-dr")
    assert page.value_of("account") == "lyon-reader"
    typed = {**ANSWERS["vault"], "account": "lyon-reader"}
    assert post(working, deployment, **{**typed, "confirm_name": ""}).status_code == 422
    assert post(working, deployment, **typed).status_code == 302
    assert deployments.answers_of(deployment)["vault"]["account"] == "lyon-reader"
    assert "New: nothing is registered yet" in read(working.get(address)).words
    Deployment.objects.update(state=DeploymentState.DEPLOYED)
    closed = read(working.get(address)).words
    assert "lyon-vault" in read(working.get(address)).value_of("vault")
    assert "nothing is registered yet" not in closed, "that was so when it was looked up"
    assert "fill in the form below" not in closed


@pytest.mark.parametrize(
    ("changed", "path", "code"),
    [
        ({"vault": "no-such-vault", "confirm_name": "no-such-vault"}, "vault", "not_seen"),
        ({"resource_group": "rg-other"}, "resource_group", "other_group"),
        ({"subscription": "00000000-0000-0000-0000-00000000beef"}, "subscription", "not_seen"),
        ({"region": "westeurope"}, "region", "other_region"),
        ({"private_endpoints": True}, "private_endpoints", "differs"),
        ({"cloud": "china", "region": "chinaeast2"}, "cloud", "other_cloud"),
        ({"account": "nobody"}, "account", "unknown_account"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_answers_that_do_not_fit_what_the_account_saw_are_refused(
    working: Client,
    deployment: Deployment,
    operator: Operator,
    azure: LabAzure,
    changed: dict[str, Any],
    path: str,
    code: str,
) -> None:
    looked_up(working, deployment, operator)
    with pytest.raises(Invalid) as refused:
        deployments.answer(
            deployment, "vault", {**ANSWERS["vault"], "account": "lyon-reader", **changed}, actor=operator
        )
    assert [(error.path, error.code) for error in refused.value.errors] == [(path, code)]


def test_a_vault_of_the_other_experience_cannot_be_chosen(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_appliance("lyon-vault", "apl01", "192.0.2.40")
    looked_up(working, deployment, operator)
    page = read(working.get(step_url(deployment, "vault")))
    (lyon,) = page.all("input", type="radio", value=LYON)
    assert "disabled" in lyon
    assert "switched to the modernized experience for good" in page.words
    page = read(working.post(step_url(deployment, "vault"), {**ANSWERS["vault"], "account": "lyon-reader"}))
    assert "“lyon-vault” cannot be used" in page.words


def test_a_vault_with_private_endpoints_is_taken_with_a_warning(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.add_vault("oslo-vault", "norwayeast", resource_group="rg-oslo", private_endpoints=True)
    looked_up(working, deployment, operator)
    post(
        working,
        deployment,
        action="choose",
        choice=LYON.replace("lyon", "oslo").replace("rg-oslo-dr", "rg-oslo"),
    )
    page = read(working.get(step_url(deployment, "vault")))
    assert "MySQL is put on the configuration server by hand" in page.words
    assert page.all("input", name="private_endpoints")[0].get("checked") == ""


@pytest.mark.parametrize(
    ("fault", "skipped"), [("not_found", True), ("older_cloud", True), ("unregistered", False)]
)
def test_a_subscription_that_cannot_be_looked_into_does_not_hide_those_that_can(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure, fault: str, skipped: bool
) -> None:
    other = "00000000-0000-0000-0000-00000000beef"
    azure.control.add_vault("beef-vault", "westeurope", subscription=other)
    options = {"newest": "2020-01-01"} if fault == "older_cloud" else {}
    azure.control.fault(fault, path=f"/{other}/providers/", count=0, **options)
    looked_up(working, deployment, operator)
    result = deployment.tasks.get(state="succeeded").result or {}
    assert "lyon-vault" in {row["vault"] for row in result["vaults"]}
    assert [row["subscription"] for row in result["skipped"]] == ([other] if skipped else [])


def test_why_nothing_could_be_looked_up_stands_on_the_page_and_at_the_account(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    add_account(operator)
    azure.control.fault("expired", count=99)
    post(working, deployment, action="look_up", account="lyon-reader")
    task = carry_out(deployment)
    assert task.state == "failed"
    row = AzureAccount.objects.get()
    assert row.failure
    assert str(row.failure) in read(working.get(step_url(deployment, "vault"))).words


def test_before_anybody_looked_an_account_cannot_be_answered(
    working: Client, deployment: Deployment, operator: Operator
) -> None:
    add_account(operator)
    answer = post(working, deployment, **ANSWERS["vault"], account="lyon-reader")
    assert answer.status_code == 422
    assert "is not known yet" in read(answer).words


def test_the_account_is_given_up_again(
    working: Client, deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    looked_up(working, deployment, operator)
    assert post(working, deployment, action="look_up", account="").status_code == 302
    assert not deployment.tasks.filter(state="queued").exists()
    assert read(working.get(step_url(deployment, "vault"))).value_of("account") == ""
