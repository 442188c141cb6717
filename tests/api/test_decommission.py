"""Components and deployments taken out of service by a program, and the conflicts between deployments."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests import stories
from tests.api.client import Api, ok, problem, token_of
from tests.services.test_crossing import site
from tests.services.test_decommission import CS, add, look, protecting
from wizard.models import Deployment, DeploymentState, Operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded(operator: Operator) -> Deployment:
    return stories.answered(operator, "recorded", name="essen-cs01")


def path(deployment: Deployment, rest: str = "") -> str:
    return f"deployments/{deployment.pk}/decommission/{rest}"


def carry_out(api: Api, deployment: Deployment) -> None:
    for item in ok(api.get(path(deployment)))["items"]:
        query = f"?component={quote(item['component'])}"
        for step in item["steps"]:
            if step["fact"] is None:
                shown = ok(api.put(path(deployment, f"steps/{step['id']}/{query}"), {"note": "done"}))
                assert (
                    next(row for row in shown["steps"] if row["id"] == step["id"])["confirmed_by"] == "oskar"
                )
        deployment.refresh_from_db()
        name = item["name"] if item["component"] else deployment.name
        finish = path(deployment, f"finish/{query}")
        problem(api.send("POST", finish, {"name": name}), 428, "if_match_required")
        tag = {"If-Match": f'"{deployment.revision}"'}
        problem(api.send("POST", finish, {"name": "another"}, headers=tag), 422, "invalid")
        ok(api.send("POST", finish, {"name": name}, headers=tag), 204)


def test_a_deployment_is_taken_out_of_service_step_by_step(
    api: Api, recorded: Deployment, operator: Operator
) -> None:
    add(recorded, operator)
    carry_out(api, recorded)
    body = ok(api.get(f"deployments/{recorded.pk}/"))
    assert body["state"] == "decommissioned"
    assert [row["id"] for row in ok(api.get("deployments/", state="decommissioned"))["items"]] == [
        str(recorded.pk)
    ]
    assert ok(api.get(path(recorded)))["items"][-1]["ready"]
    problem(api.post(f"deployments/{recorded.pk}/tasks/", {"kind": "record_topology"}), 409, "decommissioned")
    problem(api.put(path(recorded, "steps/access_revoked/"), {}), 409, "decommissioned")
    assert api.get(f"deployments/{recorded.pk}/topology/", format="svg").status_code == 200


def test_what_is_in_the_way_is_named(api: Api, recorded: Deployment) -> None:
    look(recorded, CS, protecting(5))
    whole = ok(api.get(path(recorded)))["items"][-1]
    assert whole["observed_at"]
    assert (whole["steps"][0]["fact"], whole["steps"][0]["done"]) == (False, False)
    deleted = next(row for row in whole["steps"] if row["id"] == "server_deleted")
    assert "5 machines still replicate through it." in deleted["blocked_by"]
    assert deleted["ways"][0]["command"].startswith("$vault = Get-AzRecoveryServicesVault -Name 'lyon-vault'")
    problem(api.put(path(recorded, "steps/replication_disabled/"), {}), 409, "seen_by_vault")
    problem(api.put(path(recorded, "steps/policies_removed/"), {}), 409, "step_blocked")
    problem(api.put(path(recorded, "steps/nonsense/"), {}), 404, "not_found")
    problem(api.delete(path(recorded, "steps/policies_removed/")), 404, "not_found")


def test_a_step_is_taken_back(api: Api, recorded: Deployment) -> None:
    ok(api.put(path(recorded, "steps/replication_disabled/"), {}, revision=recorded.revision))
    problem(api.put(path(recorded, "steps/policies_removed/"), {}, revision=1), 412, "revision_outdated")
    ok(api.delete(path(recorded, "steps/replication_disabled/")), 204)
    assert not ok(api.get(path(recorded)))["items"][-1]["steps"][0]["done"]


def test_ending_needs_scope_and_role(recorded: Deployment, operator: Operator, viewer: Operator) -> None:
    tag = {"If-Match": f'"{recorded.revision}"'}
    for caller, code in (
        (Api(token_of(operator, "read")), "scope_too_small"),
        (Api(token_of(viewer, "operate")), "not_allowed"),
    ):
        assert ok(caller.get(path(recorded)))["items"]
        problem(caller.put(path(recorded, "steps/replication_disabled/"), {}), 403, code)
        problem(caller.send("POST", path(recorded, "finish/"), {"name": "x"}, headers=tag), 403, code)


def test_a_draft_has_nothing_to_be_taken_away(api: Api, deployment: Deployment) -> None:
    problem(api.get(path(deployment)), 409, "not_deployed")


def test_conflicts_between_deployments_are_listed(api: Api, operator: Operator) -> None:
    assert ok(api.get("conflicts/"))["items"] == []
    first, second = (site(operator, name, address="192.0.2.9") for name in ("lyon", "essen"))
    server = stories.enter_server(first, operator)
    stories.enter_server(second, operator)
    address, physical = ok(api.get("conflicts/"))["items"]
    assert (address["kind"], address["severity"], address["value"]) == ("address", "critical", "192.0.2.9")
    assert {place["deployment"] for place in address["places"]} == {str(first.pk), str(second.pk)}
    assert {place["machine"] for place in address["places"]} == {None}
    assert server.pk in {place["machine"] for place in physical["places"]}
    Deployment.objects.filter(pk=second.pk).update(state=DeploymentState.DECOMMISSIONED)
    assert ok(api.get("conflicts/"))["items"] == []
