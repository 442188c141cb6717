"""The people of the tests: one who looks, one who works, one who decides, and no one."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.utils import translation

from tests.builders import make_operator
from wizard.models import Operator

pytest_plugins = ["tests.databases", "tests.lab_fixtures", "tests.arm_fixtures"]

# Playwright keeps a loop in the thread of the tests, from the first browser test on to the last test of any kind.
# None of them uses the database inside that loop, only beside it, which Django cannot tell apart.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what reads or writes the database, so that a run on another one can leave out the rest."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if item.get_closest_marker("django_db") or {"db", "transactional_db"}.intersection(fixtures):
            item.add_marker("database")


@pytest.fixture(autouse=True)
def english() -> None:
    """A request in French leaves its thread in French; what a test reads must not depend on the tests before it."""
    translation.activate("en")


@pytest.fixture
def viewer(db: Any) -> Operator:
    return make_operator("vera", Operator.Role.VIEWER)


@pytest.fixture
def operator(db: Any) -> Operator:
    return make_operator("oskar", Operator.Role.OPERATOR)


@pytest.fixture
def reviewer(db: Any) -> Operator:
    return make_operator("rita", Operator.Role.REVIEWER)


@pytest.fixture
def admin(db: Any) -> Operator:
    return make_operator("ada", Operator.Role.ADMIN, is_staff=True)
