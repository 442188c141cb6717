"""A Linux master target that is asked over SSH, on the page of the evidence step."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import stories
from tests.services import machines
from tests.web.pages import read, step_url
from tests.web.test_evidence_step import page_of, post
from wizard.models import Credential, Deployment, Operator, Task
from wizard.services import credentials, deployments

HOST_KEY, OTHER_KEY = "SHA256:" + "a" * 43, "SHA256:" + "b" * 43
AT: dict[str, Any] = {"host": "mt01.lab.test", "port": 22, "transport": "ssh"}
ENTERED = {
    "action": "ssh_collect",
    "sha256": HOST_KEY,
    "ssh-confirmed": "on",
    "ssh-username": "root",
    "ssh-password": stories.PASSWORD,
}


@pytest.fixture
def with_linux(operator: Operator) -> Deployment:
    return machines.by_hand(
        operator,
        source={"protects": ["vmware", "physical"]},
        capacity={"failback": True, "linux_failback": True},
    )


def look_by_ssh(
    deployment: Deployment, operator: Operator, key: str = HOST_KEY, host: str = AT["host"]
) -> Task:
    layer = {"status": "pass", "remedy": None, "seconds": 0.01}
    names = ("dns", "tcp", "host_key")
    at = {**AT, "host": host}
    result = {
        "ok": True,
        "layers": [{**layer, "name": name, "detail": {"text": f"{name} answers."}} for name in names],
        "fingerprint_sha256": key,
        "key_type": "ssh-ed25519",
        **at,
    }
    return stories.succeeded(deployment, "probe_host", operator, inputs=at, result=result)


def collected_by_ssh(deployment: Deployment, operator: Operator) -> Credential:
    """Facts were brought from there before, with an account that is kept."""
    account = credentials.keep(
        name="mt-root", kind="linux", username="root", secret=stories.PASSWORD, actor=operator
    )
    inputs = {"component": "mt_linux", **AT, "credential": account.name, "thumbprint_sha256": HOST_KEY}
    stories.succeeded(deployment, "collect_facts", operator, inputs=inputs, result={})
    return account


def test_a_linux_machine_is_looked_at_over_ssh_and_the_other_machine_keeps_its_address(
    working: Client, with_linux: Deployment
) -> None:
    stored = deployments.form_of(with_linux, "evidence")[0]
    answer = post(working, with_linux, action="ssh_probe", **{"ssh-host": "mt01.lab.test", "ssh-port": ""})
    assert answer["Location"] == step_url(with_linux, "evidence") + "#outcome"
    assert with_linux.tasks.get(kind="probe_host").inputs == AT
    assert deployments.form_of(with_linux, "evidence")[0] == stored
    page = page_of(working, with_linux)
    assert page.value_of("ssh-host") == "mt01.lab.test"
    (place,) = page.all("div", id="outcome")
    assert place["tabindex"] == "-1"
    assert page.all("div", id="live-task")


@pytest.mark.parametrize(
    ("host", "port", "field"),
    [("", "", "host"), ("https://mt01", "", "host"), ("mt01.lab.test", "99999", "port")],
)
def test_an_address_over_ssh_that_cannot_be_used_is_refused_at_its_field(
    working: Client, with_linux: Deployment, host: str, port: str, field: str
) -> None:
    answer = post(working, with_linux, action="ssh_probe", **{"ssh-host": host, "ssh-port": port})
    assert answer.status_code == 422
    (wrong,) = [one for one in read(answer).all("input") if one.get("aria-invalid") == "true"]
    assert wrong["name"] == f"ssh-{field}"
    assert not with_linux.tasks.exists()


def test_the_host_key_is_shown_and_confirmed_before_a_password_goes_anywhere(
    working: Client, with_linux: Deployment, operator: Operator
) -> None:
    assert not page_of(working, with_linux).all("input", name="ssh-password")
    look_by_ssh(with_linux, operator)
    page = page_of(working, with_linux)
    assert HOST_KEY in page.words
    assert "ssh-ed25519" in page.words
    assert page.all("input", name="ssh-confirmed")
    unconfirmed = {name: value for name, value in ENTERED.items() if name != "ssh-confirmed"}
    answer = post(working, with_linux, **unconfirmed)
    assert answer.status_code == 422
    assert "Compare the host key first" in read(answer).words
    assert stories.PASSWORD not in answer.content.decode()
    for changed, kept in (({"ssh-username": ""}, True), ({"sha256": OTHER_KEY}, False)):
        answer = post(working, with_linux, **{**ENTERED, **changed})
        assert answer.status_code == (422 if kept else 409)
        (box,) = read(answer).all("input", name="ssh-confirmed")
        assert ("checked" in box) is kept, "confirmed is what was shown, and that need not be done twice"
    assert not Credential.objects.exists()
    assert post(working, with_linux, **ENTERED).status_code == 302
    task = with_linux.tasks.get(kind="collect_facts")
    assert task.inputs["component"] == "mt_linux"
    assert (task.inputs["host"], task.inputs["thumbprint_sha256"]) == ("mt01.lab.test", HOST_KEY)
    credential = Credential.objects.get()
    assert (credential.name, credential.kind) == (f"{with_linux.name}-linux", "linux")
    assert credential.reveal() == stories.PASSWORD


def test_facts_are_collected_again_over_ssh_with_nothing_entered_anew(
    working: Client, with_linux: Deployment, operator: Operator
) -> None:
    account = collected_by_ssh(with_linux, operator)
    look_by_ssh(with_linux, operator)
    page = page_of(working, with_linux)
    assert not page.all("input", name="ssh-confirmed"), "it is the key of before"
    assert page.all("div", id="outcome"), "the look came later"
    assert page.all("input", name="action", value="ssh_again")
    assert post(working, with_linux, action="ssh_again").status_code == 302
    task = with_linux.tasks.get(kind="collect_facts", state="queued")
    assert (task.inputs["credential"], task.inputs["thumbprint_sha256"]) == (account.name, HOST_KEY)


def test_another_host_key_than_before_is_said_and_takes_no_password_unseen(
    working: Client, with_linux: Deployment, operator: Operator
) -> None:
    collected_by_ssh(with_linux, operator)
    look_by_ssh(with_linux, operator, OTHER_KEY)
    page = page_of(working, with_linux)
    assert "The host key is not the one that was confirmed" in page.words
    assert HOST_KEY in page.words
    assert page.all("input", name="ssh-confirmed")
    assert not page.all("input", name="action", value="ssh_again")


def test_where_another_machine_is_shown_nothing_is_collected_again_from_the_one_before(
    working: Client, with_linux: Deployment, operator: Operator
) -> None:
    collected_by_ssh(with_linux, operator)
    look_by_ssh(with_linux, operator, OTHER_KEY, host="mt02.lab.test")
    page = page_of(working, with_linux)
    assert "The host key is not the one that was confirmed" not in page.words
    assert page.all("input", name="ssh-confirmed")
    assert not page.all("input", name="action", value="ssh_again")


def test_a_deployment_without_a_linux_master_target_is_not_asked_for_one(
    working: Client, operator: Operator
) -> None:
    by_hand = machines.by_hand(operator)
    assert not page_of(working, by_hand).all("input", name="ssh-host")
