"""What was done with the accounts of a team is read by its members, on the page and in the API, and by nobody else."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.api.client import Api, ok, token_of
from tests.builders import make_operator
from tests.services.azure import add_account
from tests.web.pages import read
from wizard.models import Operator, Team
from wizard.services import azure_accounts, credential_register, credentials, deployment_team, deployments
from wizard.services.permissions import forget_teams

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


class Reader:
    """Somebody who reads the audit trail, in a browser and with a program."""

    def __init__(self, name: str, team: Team | None) -> None:
        person = make_operator(name, Operator.Role.REVIEWER)
        if team is not None:
            team.members.add(person)
        self._client = Client()
        self._client.force_login(person)
        self._api = Api(token_of(person, "read"))

    def told(self) -> set[tuple[str, str]]:
        """Actions with their subjects; the page and the API say the same."""
        rows = ok(self._api.get("audit/", limit=200))["items"]
        words = read(self._client.get("/audit/")).text
        assert all(str(row["sentence"]) in words for row in rows)
        for name in ("lyon-vcenter", "lyon-reader"):
            assert (name in words) == any(row["subject"] == name for row in rows)
        return {(row["action"], row["subject"]) for row in rows}


@pytest.fixture
def lyon(operator: Operator) -> Team:
    team = Team.objects.create(name="Lyon")
    team.members.add(operator)
    return team


def test_entries_about_accounts_are_for_their_team(operator: Operator, admin: Operator, lyon: Team) -> None:
    essen = Team.objects.create(name="Essen")
    essen.members.add(operator)
    member, other, nobodys = Reader("rita", lyon), Reader("rolf", essen), Reader("rosa", None)
    deployment = deployments.create(name="cs01", profile="asr-classic", actor=operator, team="Lyon")
    row = credentials.keep(
        name="lyon-vcenter",
        kind="vcenter",
        username="asr",
        secret="a secret",
        actor=operator,
        deployment=deployment,
    )
    deployments.keep_draft(deployment, "vcenter", {"credential": row.name}, actor=operator)
    account = add_account(operator, name="lyon-reader", team="Lyon")
    entered = {("credential.stored", "lyon-vcenter"), ("azure_account.added", "lyon-reader")}
    assert entered <= member.told()
    assert not entered & other.told()
    assert not entered & nobodys.told()

    # With the deployment its account moves, and what was done with it; the other account stays.
    deployment_team.give(deployment, team="Essen", actor=admin)
    assert entered & member.told() == {("azure_account.added", "lyon-reader")}
    assert entered & other.told() == {("credential.stored", "lyon-vcenter")}
    assert ("deployment.given_to_team", "cs01") in other.told() - member.told()

    # Who deleted it is told to those who saw it.
    forget_teams(operator)
    deployments.keep_draft(deployment, "vcenter", {}, actor=operator)
    row.refresh_from_db()
    credential_register.delete(row, actor=operator)
    azure_accounts.delete(account, actor=operator)
    gone = {("credential.deleted", "lyon-vcenter"), ("azure_account.deleted", "lyon-reader")}
    assert gone & member.told() == {("azure_account.deleted", "lyon-reader")}
    assert gone & other.told() == {("credential.deleted", "lyon-vcenter")}
    assert not gone & nobodys.told()
