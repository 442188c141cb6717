"""Each door for each role, as the table says; and nothing of a team for those who are not in it."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.builders import make_operator
from tests.permissions.doors import Door, doors
from tests.permissions.table import OPEN, expected
from tests.permissions.world import World
from wizard.models import Credential, Operator, Team, VCenter

# What of an address names something of the team; all else is there for everybody.
OF_THE_TEAM = {
    "pk",
    "deployment_id",
    "task_id",
    "account_id",
    "credential_id",
    "vcenter_id",
    "machine_id",
    "webhook_id",
    "team_id",
}
# Of the person who asks, whatever is in the address.
OF_THE_CALLER = {"revoke_token"}
# Tables of the console that say nothing of any deployment; people see who else is there.
OF_EVERYBODY = (
    "accessattempt", "accesslog", "apitoken", "audithead", "auditentry", "auditseal", "browsersession",
    "idempotencyrecord", "operator", "pulse", "signinlink", "signingkey",
)  # fmt: skip


def slow(door: Door) -> bool:
    """Lists and records that open: tests/console opens each of them."""
    if door.method == "POST" and door.name.endswith("_change"):
        return False
    return door.name.endswith(("_changelist", "_change", "_history", "_export"))


@pytest.mark.parametrize("room", ["web", "api", "console"])
def test_each_role_gets_in_where_the_table_says_and_nowhere_else(
    world: World, people: dict[str, Operator | None], room: str
) -> None:
    unknown, wrong = [], []
    for door in doors():
        if door.room != room or door.name in OPEN or door.name == "metrics":
            continue
        tried = {}
        for role, person in people.items():
            if person is None or (door.room == "console" and (role == "viewer" or slow(door))):
                continue
            outcome = world.try_door(person, door)
            tried[role] = outcome
        if not set(tried.values()) - {"no method", "out"}:
            continue
        try:
            known = expected(door)
        except KeyError:
            unknown.append(f"{door}: {tried}")
            continue
        for role, outcome in tried.items():
            refused = door.room == "console" and known[role] == "forbidden" and outcome == "out"
            if outcome not in (known[role], "no method") and not refused:
                wrong.append(f"{door}: {role} is {outcome}, not {known[role]}")
    assert unknown == [], "add these to tests/permissions/table.py"
    assert wrong == []


@pytest.fixture
def outsiders(world: World, people: dict[str, Operator | None]) -> list[Operator]:
    """Somebody of another team who works, and people without a team who work and decide."""
    found = [
        make_operator("otto", Operator.Role.OPERATOR),
        make_operator("olga", Operator.Role.OPERATOR),
        make_operator("rolf", Operator.Role.REVIEWER),
    ]
    Team.objects.create(name="Essen").members.add(found[0])
    return [world.admit(person) for person in found]


def test_what_is_a_teams_is_not_there_for_anybody_else(world: World, outsiders: list[Operator]) -> None:
    seen = []
    for door in doors():
        if not OF_THE_TEAM.intersection(door.variables) or door.name in OF_THE_CALLER:
            continue
        # Of a console page the variable is a record's; see the next test.
        if door.room == "console":
            continue
        # Who could not do it with a deployment of their own is told that first, whether or not there is such a one.
        mine = {person.role: world.try_door(person, door) for person in outsiders}
        if not set(mine.values()) <= {"hidden", "forbidden", "no method"}:
            seen.append(f"{door}: {mine}")
        elif (
            "hidden" not in mine.values()
            and "no method" not in mine.values()
            and door.name not in FOR_ADMINISTRATORS
        ):
            seen.append(f"{door}: nobody outside had the right role: {mine}")
    assert seen == []


FOR_ADMINISTRATORS = {
    "team", "rename_team", "delete_team", "remove_team_member", "add_team_member",
}  # fmt: skip


def test_no_record_of_a_team_is_in_the_console_of_an_outsider(
    world: World, outsiders: list[Operator]
) -> None:
    reviewer = outsiders[-1]
    shown = []
    for door in doors():
        if door.room != "console" or door.method != "GET" or not door.name.endswith(("_change", "_live")):
            continue
        if door.name.endswith("password_change") or any(f"_{one}_" in door.name for one in OF_EVERYBODY):
            continue
        if world.try_door(reviewer, door) not in ("hidden", "forbidden"):
            shown.append(str(door))
    assert shown == []


def test_no_list_names_what_is_a_teams(world: World, outsiders: list[Operator]) -> None:
    secret = {
        world.deployment.name,
        str(world.deployment.pk),
        world.team.name,
        VCenter.objects.get().host,
        *Credential.objects.values_list("name", flat=True),
    }
    told = []
    for person in outsiders:
        client = Client()
        client.force_login(person)
        token = world.token_of(person)
        for door in doors():
            if door.method != "GET" or door.variables or door.name in OPEN or door.name == "api:openapi-json":
                continue
            # The trail of what was done with accounts and teams is of no deployment: it names them to reviewers.
            if "?" in door.route or "(" in door.route or "audit" in door.name or door.name == "admin:index":
                continue
            answer = client.get(world.url(door), headers={"Authorization": f"Bearer {token}"})
            whole = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
            text = whole.decode(errors="replace")
            told += [f"{door} tells {person.username} of {name}" for name in secret if name in text]
    assert not told, "\n".join(told)
