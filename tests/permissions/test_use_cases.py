"""The table of use cases: what stands in it is asked for, what is asked for stands in it, and nothing else is granted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser

from tests.builders import make_deployment, make_operator
from wizard.models import Operator, Team
from wizard.services import teams
from wizard.services.errors import NotAllowed
from wizard.services.permissions import USE_CASES, as_checked_at_launch, forget_teams, may, require

ROOT = Path(__file__).resolve().parents[2] / "wizard"
# Functions that take a use case, beside those of the permissions themselves.
_ASK = {"may", "require", "operate", "_require_decision"}


def asked_for() -> Iterator[tuple[str, str]]:
    """Every use case that is written down somewhere, with the file."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[_, *rest]) if (
                    name in _ASK
                ):
                    parts: list[ast.AST] = [part for argument in rest for part in ast.walk(argument)]
                case (
                    ast.keyword(arg="use_case", value=value)
                    | ast.AnnAssign(target=ast.Name(id="use_case"), value=value)
                ):
                    parts = [value] if value is not None else []
                case ast.Assign(targets=[ast.Name(id="use_case")], value=value):
                    parts = [value]
                case _:
                    continue
            for part in parts:
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value, path.name


def test_the_table_holds_what_is_asked_for_and_nothing_else() -> None:
    found = dict(asked_for())
    assert {name: file for name, file in found.items() if name not in USE_CASES} == {}
    assert set(USE_CASES) - set(found) == set()


def test_the_handbook_says_who_may_do_what() -> None:
    lines = (ROOT.parent / "docs" / "permissions.md").read_text("utf-8").splitlines()
    said = {cells[1].strip(" `"): cells[2:6] for line in lines if len(cells := line.split("|")) == 7}
    for name, permission in USE_CASES.items():
        granted = {
            "view": (True, True, True, True),
            "operate": (False, True, False, True),
            "review": (False, False, True, True),
            "administer": (False, False, False, True),
        }[permission]
        assert tuple(cell.strip() == "yes" for cell in said[name]) == granted, name


@pytest.mark.django_db
def test_what_is_not_in_the_table_nobody_may(admin: Operator) -> None:
    for name in ("deployment.paint", "operate", "view", ""):
        assert not may(admin, name)
        with pytest.raises(NotAllowed):
            require(admin, name)


@pytest.mark.django_db
def test_each_role_has_its_permissions(viewer: Operator, operator: Operator, reviewer: Operator) -> None:
    closed = make_operator("gone", Operator.Role.ADMIN, is_active=False)
    stranger = AnonymousUser()
    for name, permission in USE_CASES.items():
        assert may(viewer, name) == (permission == "view"), name
        assert may(operator, name) == (permission in ("view", "operate")), name
        assert may(reviewer, name) == (permission in ("view", "review")), name
        assert not may(closed, name), name
        assert not may(stranger, name), name


@pytest.mark.django_db
def test_a_teams_deployment_is_its_members(operator: Operator, admin: Operator) -> None:
    team = Team.objects.create(name="Lyon")
    deployment = make_deployment(operator)
    assert may(operator, "task.launch", deployment)
    deployment.team = team
    assert not may(operator, "task.launch", deployment)
    with pytest.raises(NotAllowed, match="belongs to a team that you are not in"):
        require(operator, "task.launch", deployment)
    teams.add_member(team, username=operator.username, actor=admin)
    forget_teams(operator)
    assert may(operator, "task.launch", deployment)
    assert may(admin, "task.launch", deployment)


@pytest.mark.django_db
def test_a_task_ends_with_the_rights_of_its_launch_and_no_others(operator: Operator) -> None:
    deployment = make_deployment(operator)
    deployment.team = Team.objects.create(name="Lyon")
    elsewhere = make_deployment(operator)
    elsewhere.team = Team.objects.create(name="Essen")
    operator.role = Operator.Role.VIEWER
    with as_checked_at_launch(operator, deployment):
        assert may(operator, "deployment.answer", deployment)
        assert not may(operator, "deployment.answer", elsewhere)
        assert not may(operator, "team.change")
        assert not may(make_operator("otto", Operator.Role.VIEWER), "deployment.answer", deployment)
    assert not may(operator, "deployment.answer", deployment)
