"""Teams through the API: whose a deployment is, and who is in what."""

from __future__ import annotations

import pytest

from tests.api.client import Api, ok, problem, token_of
from tests.builders import make_operator
from wizard.models import Credential, Deployment, Operator, Team
from wizard.services import credentials, deployments

pytestmark = pytest.mark.django_db


@pytest.fixture
def administration(admin: Operator) -> Api:
    return Api(token_of(admin, "admin"))


@pytest.fixture
def lyon(operator: Operator) -> Team:
    team = Team.objects.create(name="Lyon")
    team.members.add(operator)
    return team


def test_an_administrator_makes_fills_renames_and_deletes_a_team(
    administration: Api, operator: Operator
) -> None:
    made = ok(administration.post("teams/", {"name": "Lyon"}), 201)
    path = f"teams/{made['id']}/"
    problem(administration.post("teams/", {"name": "Lyon"}), 422, "name_taken")
    problem(administration.send("PUT", f"{path}members/nobody/"), 422, "unknown_person")
    assert ok(administration.send("PUT", f"{path}members/oskar/"))["members"] == ["oskar"]
    assert ok(administration.patch(path, {"name": "Lyon Sud"}))["name"] == "Lyon Sud"
    assert [row["name"] for row in ok(administration.get("teams/"))["items"]] == ["Lyon Sud"]
    assert administration.delete(f"{path}members/oskar/").status_code == 204
    problem(administration.delete(f"{path}members/oskar/"), 404, "not_found")
    assert administration.delete(path).status_code == 204
    assert not Team.objects.exists()


def test_others_see_their_own_and_change_none(api: Api, lyon: Team) -> None:
    essen = Team.objects.create(name="Essen")
    assert [row["name"] for row in ok(api.get("teams/"))["items"]] == ["Lyon"]
    assert ok(api.get(f"teams/{lyon.pk}/"))["members"] == ["oskar"]
    problem(api.get(f"teams/{essen.pk}/"), 404, "not_found")
    problem(api.post("teams/", {"name": "x"}), 403, "scope_too_small")


def test_the_scope_admin_makes_nobody_an_administrator(operator: Operator, lyon: Team) -> None:
    api = Api(token_of(operator, "admin"))
    problem(api.post("teams/", {"name": "x"}), 403, "not_allowed")
    problem(api.delete(f"teams/{lyon.pk}/"), 403, "not_allowed")


def test_a_deployment_is_begun_in_a_team_listed_by_it_and_given_away(api: Api, lyon: Team) -> None:
    sent = {"name": "cs01", "profile": "asr-classic", "team": "Lyon"}
    made = ok(api.post("deployments/", sent), 201)
    assert made["team"] == "Lyon"
    assert [row["name"] for row in ok(api.get("deployments/", team="Lyon"))["items"]] == ["cs01"]
    assert ok(api.get("deployments/", team=""))["items"] == []
    path = f"deployments/{made['id']}/"
    body = problem(api.patch(path, {"team": "Essen"}, made["revision"]), 422, "invalid")
    assert [error["path"] for error in body["errors"]] == ["team"]
    given = ok(api.patch(path, {"team": "", "name": "cs02"}, made["revision"]))
    assert (given["team"], given["name"]) == (None, "cs02")
    problem(api.patch(path, {"team": "Lyon"}, made["revision"]), 412, "revision_outdated")


def test_who_did_not_begin_it_gives_it_to_nobody(api: Api, operator: Operator, lyon: Team) -> None:
    otto = make_operator("otto", Operator.Role.OPERATOR)
    lyon.members.add(otto)
    made = deployments.create(name="cs01", profile="asr-classic", actor=operator)
    other, path = Api(token_of(otto, "admin")), f"deployments/{made.pk}/"
    # The other change that was sent with it is not made either.
    body = problem(other.patch(path, {"name": "mine", "team": "Lyon"}, made.revision), 403, "not_allowed")
    assert "given to another team by oskar" in body["detail"]
    Deployment.objects.update(team=lyon)
    problem(other.patch(path, {"team": ""}, made.revision), 403, "not_allowed")
    made.refresh_from_db()
    assert (made.name, made.team, made.revision) == ("cs01", lyon, 1)
    ok(other.patch(path, {"name": "renamed"}, made.revision))


def test_nobody_begins_in_a_team_of_others(api: Api) -> None:
    Team.objects.create(name="Essen")
    body = problem(
        api.post("deployments/", {"name": "x", "profile": "asr-classic", "team": "Essen"}), 422, "invalid"
    )
    assert [error["code"] for error in body["errors"]] == ["unknown_team"]
    assert not Deployment.objects.exists()


def test_accounts_go_with_the_deployment_that_alone_uses_them(
    api: Api, operator: Operator, lyon: Team
) -> None:
    essen = Team.objects.create(name="Essen")
    essen.members.add(operator)
    first, second = (
        deployments.create(name=name, profile="asr-classic", actor=operator, team="Lyon")
        for name in ("first", "second")
    )
    row = credentials.keep(
        name="vc", kind="vcenter", username="asr", secret="a secret", actor=operator, deployment=first
    )
    assert row.team == lyon
    for deployment in (first, second):
        deployments.keep_draft(deployment, "vcenter", {"credential": "vc"}, actor=operator)
    body = problem(
        api.patch(f"deployments/{first.pk}/", {"team": "Essen"}, first.revision), 409, "account_shared"
    )
    assert "vc" in body["detail"]
    deployments.keep_draft(second, "vcenter", {}, actor=operator)
    ok(api.patch(f"deployments/{first.pk}/", {"team": "Essen"}, first.revision))
    assert Credential.objects.get().team == essen
