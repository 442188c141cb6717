"""The people of the tests: one who looks, one who works, one who decides, and no one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from tests.builders import make_operator
from wizard.models import Operator

pytest_plugins = ["tests.databases", "tests.lab_fixtures", "tests.arm_fixtures"]

# Playwright keeps a loop in the thread of the tests, from the first browser test on to the last test of any kind.
# None of them uses the database inside that loop, only beside it, which Django cannot tell apart.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


# The part of the tests that runs on PostgreSQL is in these.
_ON_POSTGRESQL = ("secrets/test_canaries.py", "services", "worker", "webhooks")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what reads or writes the database, what of it runs on PostgreSQL, and what one database is enough for."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        marks = {mark.name for mark in item.iter_markers()}
        if "django_db" not in marks and not {"db", "transactional_db"}.intersection(fixtures):
            continue
        item.add_marker("database")
        if _runs_on_postgresql(item, marks):
            item.add_marker("on_postgresql")
            if _is_done_with_that(item, marks):
                item.add_marker("done_on_postgresql")


def _runs_on_postgresql(item: pytest.Item, marks: set[str]) -> bool:
    """Of the long ways by a vCenter only those on which rows and workers meet; of the brokers the one that stands beside a
    database server."""
    place = item.path.relative_to(Path(__file__).parent).as_posix()
    return (
        place.startswith(_ON_POSTGRESQL)
        and not marks & {"any_database", "browser"}
        and ("filesystem" not in item.name)
        and bool(marks & {"worker", "every_database"} or "vcenter" not in marks)
    )


def _is_done_with_that(item: pytest.Item, marks: set[str]) -> bool:
    """A use case in one transaction comes out on SQLite as it does there, and every page and operation calls it on SQLite.

    What several connections do at once is tried on both.
    """
    if "worker" in marks:
        return "redis" in marks
    mark = item.get_closest_marker("django_db")
    several = mark is not None and bool(mark.kwargs.get("transaction") or (mark.args and mark.args[0]))
    fixtures = getattr(item, "fixturenames", ())
    return not (
        several or "transactional_db" in fixtures or "every_database" in marks or "secrets" in item.path.parts
    )


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
