"""Answering through the API: the same rules and the same words as in the browser."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from tests import stories
from tests.api.client import Api, ok, problem, token_of
from tests.builders import make_deployment
from wizard.models import Deployment, Operator, StepAnswer
from wizard.services import deployments
from wizard.services.errors import Invalid

pytestmark = pytest.mark.django_db

CAPACITY = {"machines": 120, "daily_change_gb": 700}
NETWORK = stories.ANSWERS["network"]


def step(deployment: Deployment, name: str) -> str:
    return f"deployments/{deployment.pk}/steps/{name}/"


def test_a_step_is_answered(api: Api, deployment: Deployment) -> None:
    response = api.put(step(deployment, "source"), {"protects": ["vmware"], "method": "ova"}, 1)
    assert ok(response) == {
        "step": "source",
        "complete": True,
        "answers": {"protects": ["vmware"], "component": "cs", "method": "ova", "runs_on": "vmware"},
        "draft": None,
    }
    assert response["ETag"] == '"2"'
    read = api.get(step(deployment, "source"))
    assert (ok(read), read["ETag"]) == (response.json(), '"2"')


def test_the_tag_of_an_answer_is_good_for_the_next_change(api: Api, deployment: Deployment) -> None:
    tag = '"1"'
    for name in ("source", "capacity", "network", "vault"):
        response = api.send("PUT", step(deployment, name), stories.ANSWERS[name], headers={"If-Match": tag})
        ok(response)
        tag = response["ETag"]
    body = ok(api.get(f"deployments/{deployment.pk}/"))
    assert [row["id"] for row in body["steps"] if row["complete"]] == [
        "profile",
        "source",
        "capacity",
        "network",
        "vault",
    ]
    assert tag == f'"{body["revision"]}"'


def test_answers_are_kept_in_their_canonical_form(api: Api, deployment: Deployment) -> None:
    sent = {**NETWORK, "netmask": "/24", "dns": "192.0.2.2"}
    assert ok(api.put(step(deployment, "network"), sent, 1))["answers"]["netmask"] == "255.255.255.0"


def test_a_step_without_answers_is_empty(api: Api, deployment: Deployment) -> None:
    assert ok(api.get(step(deployment, "capacity"))) == {
        "step": "capacity",
        "complete": False,
        "answers": {},
        "draft": None,
    }


def test_a_draft_of_the_browser_is_shown_apart_from_what_counts(
    api: Api, deployment: Deployment, operator: Operator
) -> None:
    deployments.answer(deployment, "capacity", CAPACITY, actor=operator)
    with pytest.raises(Invalid):
        deployments.answer(deployment, "capacity", {"machines": "lots"}, actor=operator)
    body = ok(api.get(step(deployment, "capacity")))
    assert body["answers"]["machines"] == 120
    assert body["draft"] == {"machines": "lots"}
    deployment.refresh_from_db()
    ok(api.put(step(deployment, "capacity"), CAPACITY, deployment.revision))
    assert ok(api.get(step(deployment, "capacity")))["draft"] is None


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("capacity", {"machines": 0, "daily_change_gb": "much"}),
    ("capacity", {"machines": 10**12, "daily_change_gb": 1, "colour": "red"}),
    ("source", {"protects": [], "method": "pigeon"}),
    ("source", {"protects": ["physical"], "method": "ova"}),
    ("evidence", {"way": "winrm", "transport": "http", "auth": "basic"}),
    ("network", {**NETWORK, "gateway": "203.0.113.1"}),
    ("network", {**NETWORK, "dns": ["192.0.2.2", "not-an-address"], "host_name": "a-name-that-is-too-long"}),
    ("network", {**NETWORK, "data_port": 443}),
    ("vault", {**stories.ANSWERS["vault"], "confirm_name": "another"}),
    ("vcenter", {"host": "https://user@vcenter.lab.test", "thumbprint_sha256": "AB"}),
    ("vcenter", {**stories.ANSWERS["vcenter"], "credential": "nobody"}),
    ("template", {"file": "../../etc/passwd", "networks": {}, "accept_license": False}),
    ("placement", stories.ANSWERS["placement"]),
]


@pytest.mark.parametrize(("name", "answers"), WRONG)
def test_what_is_wrong_is_said_in_the_words_of_the_browser(
    api: Api, deployment: Deployment, operator: Operator, name: str, answers: dict[str, Any]
) -> None:
    body = problem(api.put(step(deployment, name), answers, 1), 422, "invalid")
    with pytest.raises(Invalid) as refused:
        deployments.answer(make_deployment(operator), name, answers, actor=operator)
    assert body["errors"] == [
        {"path": error.path, "message": str(error.message), "code": error.code}
        for error in refused.value.errors
    ]
    assert body["errors"]


def test_paths_are_dotted_down_to_the_entry(api: Api, deployment: Deployment) -> None:
    body = problem(
        api.put(step(deployment, "network"), {**NETWORK, "dns": ["192.0.2.2", "nowhere"]}, 1), 422, "invalid"
    )
    assert [error["path"] for error in body["errors"]] == ["dns.1"]


def test_a_refused_answer_changes_nothing_so_that_the_mended_one_still_fits(
    api: Api, deployment: Deployment
) -> None:
    problem(api.put(step(deployment, "capacity"), {"machines": 0}, 1), 422, "invalid")
    assert not StepAnswer.objects.exists()
    ok(api.put(step(deployment, "capacity"), CAPACITY, 1))


def test_two_programs_do_not_overwrite_each_other(api: Api, deployment: Deployment) -> None:
    ok(api.put(step(deployment, "capacity"), CAPACITY, 1))
    problem(api.put(step(deployment, "capacity"), {**CAPACITY, "machines": 5}, 1), 412, "revision_outdated")
    assert ok(api.get(step(deployment, "capacity")))["answers"]["machines"] == 120


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_wins(operator: Operator) -> None:
    deployment = make_deployment(operator)
    token = token_of(operator, "operate")
    ready = threading.Barrier(2)
    statuses: list[int] = []

    def put(machines: int) -> None:
        try:
            ready.wait()
            answers = {**CAPACITY, "machines": machines}
            statuses.append(Api(token).put(step(deployment, "capacity"), answers, 1).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=put, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 412]


def test_a_change_without_a_revision_is_asked_for_one(api: Api, deployment: Deployment) -> None:
    problem(api.put(step(deployment, "capacity"), CAPACITY), 428, "if_match_required")
    assert not StepAnswer.objects.exists()


def test_what_is_deployed_keeps_its_answers(api: Api, operator: Operator) -> None:
    deployment = stories.answered(operator, "deployed")
    problem(
        api.put(step(deployment, "capacity"), {**CAPACITY, "machines": 5}, deployment.revision),
        409,
        "already_deployed",
    )
    assert ok(api.get(step(deployment, "capacity")))["answers"]["machines"] == 120


def test_answering_again_takes_a_checked_deployment_back_to_draft(api: Api, operator: Operator) -> None:
    deployment = stories.answered(operator, "checked")
    ok(api.put(step(deployment, "capacity"), {**CAPACITY, "machines": 5}, deployment.revision))
    assert ok(api.get(f"deployments/{deployment.pk}/"))["state"] == "draft"


@pytest.mark.parametrize("name", ["preflight", "profile", "nonsense", "..", "%2e%2e"])
def test_what_is_no_step_with_answers_is_not_found(api: Api, deployment: Deployment, name: str) -> None:
    problem(api.get(step(deployment, name)), 404, "not_found")
    problem(api.put(step(deployment, name), {}, 1), 404, "not_found")


@pytest.mark.parametrize("body", [[], "text", 7, None])
def test_answers_that_are_no_object_are_refused(api: Api, deployment: Deployment, body: object) -> None:
    response = api.put(step(deployment, "capacity"), body, 1)
    assert [error["path"] for error in problem(response, 422, "invalid")["errors"]] == [""]


def test_a_step_that_must_be_proven_is_complete_only_with_the_proof(api: Api, operator: Operator) -> None:
    deployment = stories.answered(operator, "capacity")
    credential = stories.sign_in(deployment, operator).name
    answers = {**stories.ANSWERS["vcenter"], "credential": credential}
    deployment.refresh_from_db()
    assert ok(api.put(step(deployment, "vcenter"), answers, deployment.revision))["complete"] is True
    deployment.refresh_from_db()
    elsewhere = {**answers, "host": "other.lab.test"}
    assert ok(api.put(step(deployment, "vcenter"), elsewhere, deployment.revision))["complete"] is False
