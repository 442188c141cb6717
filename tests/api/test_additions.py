"""Added components and moves through the API: planned, changed, checked, removed; a plan approved by its digest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import stories, vault_stories
from tests.api.client import Api, ok, problem, token_of
from tests.checks.far_ends import udp_server
from tests.vault_stories import SERVER, VAULT
from wizard.lab.arm import LabAzure
from wizard.models import Addition, Deployment, Operator, Team
from wizard.services import tasks

pytestmark = pytest.mark.django_db

ANSWERS = {"name": "ps01", "address": "192.0.2.20", "size": "L"}


@pytest.fixture
def recorded(operator: Operator) -> Deployment:
    return stories.answered(operator, "recorded")


@pytest.fixture
def nowhere(settings: Any) -> Iterator[None]:
    """Nothing is there: every far end refuses at once, and so do the name servers."""
    with udp_server(lambda question: question[:2] + b"\x81\x85" + question[4:]) as port:
        settings.CONNECT_TO = f":53:127.0.0.1:{port},::127.0.0.1:1"
        yield


def planned(api: Api, deployment: Deployment, kind: str = "ps_scaleout", **answers: Any) -> Any:
    body = {"kind": kind, "answers": {**ANSWERS, **answers}}
    return ok(api.post(f"deployments/{deployment.pk}/additions/", body), 201)


def run(api: Api, deployment: Deployment, kind: str, **inputs: Any) -> Any:
    vault_stories.forget()
    started = ok(api.post(f"deployments/{deployment.pk}/tasks/", {"kind": kind, "inputs": inputs}), 202)
    tasks.execute(started["id"], "test")
    return ok(api.get(f"tasks/{started['id']}/"))


def test_a_component_is_planned_and_read_with_its_guide(api: Api, recorded: Deployment) -> None:
    body = planned(api, recorded)
    assert (body["kind"], body["state"], body["name"]) == ("ps_scaleout", "planned", "ps01")
    assert body["answers"]["data_port"] == 9443
    assert body["in_vault"] is None
    assert any("genpassphrase" in step for step in body["steps"])
    assert ok(api.get(f"deployments/{recorded.pk}/additions/{body['id']}/")) == body
    assert [row["id"] for row in ok(api.get(f"deployments/{recorded.pk}/additions/"))["items"]] == [
        body["id"]
    ]


def test_what_cannot_be_is_refused_at_its_field(api: Api, recorded: Deployment) -> None:
    path = f"deployments/{recorded.pk}/additions/"
    body = problem(api.post(path, {"kind": "ps_scaleout", "answers": {"name": "ps01"}}), 422, "invalid")
    assert [error["path"] for error in body["errors"]] == ["address"]
    problem(api.post(path, {"kind": "cs", "answers": ANSWERS}), 422, "invalid")


def test_a_component_is_changed_checked_and_removed(api: Api, recorded: Deployment, nowhere: None) -> None:
    row = planned(api, recorded)
    path = f"deployments/{recorded.pk}/additions/{row['id']}/"
    assert ok(api.put(path, {"answers": {**ANSWERS, "size": "S"}}))["answers"]["size"] == "S"
    task = run(api, recorded, "check_addition", addition=row["id"])
    assert task["state"] == "succeeded", task
    found = ok(api.get(path))["findings"]
    assert {line["rule"] for line in found} >= {"ADD-01", "ADD-04", "ADD-06"}
    task = run(api, recorded, "record_addition", addition=row["id"], confirmed=True)
    assert task["state"] == "succeeded", task
    assert ok(api.get(path))["state"] == "recorded"
    removed = ok(api.delete(path))
    assert (removed["state"], removed["removed_at"] is not None) == ("removed", True)
    problem(api.delete(path), 409, "removed")
    assert Addition.objects.count() == 1


def test_another_revision_changes_nothing(api: Api, recorded: Deployment) -> None:
    row = planned(api, recorded)
    path = f"deployments/{recorded.pk}/additions/{row['id']}/"
    problem(api.put(path, {"answers": ANSWERS}, revision=recorded.revision + 7), 412, "revision_outdated")


def test_a_token_that_may_only_read_plans_nothing(operator: Operator, recorded: Deployment) -> None:
    reader = Api(token_of(operator, "read"))
    body = {"kind": "ps_scaleout", "answers": ANSWERS}
    assert reader.post(f"deployments/{recorded.pk}/additions/", body).status_code == 403
    assert ok(reader.get(f"deployments/{recorded.pk}/scale-out-advice"))["needed"] is False


def test_a_component_of_another_deployment_is_not_there(
    api: Api, recorded: Deployment, operator: Operator
) -> None:
    row = planned(api, recorded)
    other = stories.answered(operator, "vault", name="elsewhere")
    problem(api.get(f"deployments/{other.pk}/additions/{row['id']}/"), 404, "not_found")


def test_moves_are_planned_approved_by_digest_and_told(api: Api, azure: LabAzure, operator: Operator) -> None:
    deployment = vault_stories.watched(operator, "registered")
    azure.control.configure(job_seconds=0)
    vault_stories.set_up(azure)
    azure.control.set_server(SERVER, totalMemoryInBytes=16 * 2**30)
    azure.control.register_process_server(VAULT, "ps01", "192.0.2.20")
    azure.control.add_protected_items(VAULT, None, 101, SERVER)
    path = f"deployments/{deployment.pk}/moves"
    problem(api.get(path), 404, "not_found")
    assert run(api, deployment, "plan_moves", total_change_gb=100)["state"] == "succeeded"
    body = ok(api.get(path))
    assert (len(body["plan"]["moves"]), body["outdated"], body["newest_move"]) == (2, False, None)
    refused = api.post(
        f"deployments/{deployment.pk}/tasks/", {"kind": "move_machines", "inputs": {"plan_sha256": "0" * 64}}
    )
    problem(refused, 409, "plan_outdated")
    assert run(api, deployment, "move_machines", plan_sha256=body["plan_sha256"])["state"] == "succeeded"
    body = ok(api.get(path))
    assert (body["outdated"], body["can_undo"], len(body["outcome"]["moved"])) == (True, True, 2)


def test_a_deployment_that_installs_an_added_server_begins_with_what_is_known_of_it(
    api: Api, recorded: Deployment
) -> None:
    body = {"name": "lyon-ps01", "profile": "asr-classic", "addition": planned(api, recorded)["id"]}
    made = ok(api.post("deployments/", body), 201)
    step = ok(api.get(f"deployments/{made['id']}/steps/network/"))
    assert step["answers"] == {}
    assert (step["draft"]["host_name"], step["draft"]["dns"]) == ("ps01", ["192.0.2.2"])
    target = {"kind": "mt_windows", "answers": {"name": "mt01", "address": "192.0.2.30"}}
    other = ok(api.post(f"deployments/{recorded.pk}/additions/", target), 201)
    answer = api.post("deployments/", body | {"name": "lyon-mt01", "addition": other["id"]})
    problem(answer, 409, "no_own_deployment")


def test_a_deployment_for_an_added_server_is_its_teams_where_no_other_is_named(
    api: Api, recorded: Deployment, operator: Operator
) -> None:
    team = Team.objects.create(name="lyon")
    team.members.add(operator)
    Deployment.objects.filter(pk=recorded.pk).update(team=team)
    body = {"name": "lyon-ps01", "profile": "asr-classic", "addition": planned(api, recorded)["id"]}
    refused = problem(api.post("deployments/", body | {"team": ""}), 422, "invalid")
    assert [(error["path"], error["code"]) for error in refused["errors"]] == [("team", "team_needed")]
    assert ok(api.post("deployments/", body), 201)["team"] == "lyon"
