from __future__ import annotations

from typing import Any

import pytest

from tests.builders import make_operator
from tests.permissions.world import World, build
from wizard.models import Operator


@pytest.fixture
def world(db: Any, settings: Any) -> World:
    # One token does in a second what a program does in a day.
    settings.API_RATE_PER_SECOND, settings.API_RATE_PER_MINUTE = 100_000, 1_000_000
    return build()


@pytest.fixture
def people(world: World) -> dict[str, Operator | None]:
    """One of each role, all of them in the team, and a stranger."""
    found: dict[str, Operator | None] = {"stranger": None}
    for role in Operator.Role.values:
        person = make_operator(f"{role}-inside", role)
        world.team.members.add(person)
        found[role] = world.admit(person)
    return found
