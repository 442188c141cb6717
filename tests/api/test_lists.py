"""Lists in pages: whole, in order, and at the same price however long they are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import stories
from tests.api.client import Api, ok, problem
from tests.builders import make_deployment
from wizard.models import Deployment, Operator, Task
from wizard.services import tasks

pytestmark = pytest.mark.django_db


def walk(api: Api, path: str, cursor: str | None = None, **query: Any) -> list[dict[str, Any]]:
    """All rows of a list from the cursor on, page by page."""
    rows: list[dict[str, Any]] = []
    while True:
        page = ok(api.get(path, **query, **({"cursor": cursor} if cursor else {})))
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows
        assert page["items"], "a page that promises another one is not empty"


@pytest.mark.parametrize(
    "ordering", ["-created_at", "created_at", "-changed_at", "changed_at", "-name", "name"]
)
def test_pages_hold_every_row_once_and_in_order(api: Api, operator: Operator, ordering: str) -> None:
    for number in range(11):
        make_deployment(operator, f"site-{number:03}")
    # Rows of the very same moment are no exception.
    moment = Deployment.objects.earliest("created_at").created_at
    Deployment.objects.filter(name__in=[f"site-{number:03}" for number in range(3, 8)]).update(
        created_at=moment
    )
    rows = walk(api, "deployments/", ordering=ordering, limit=3)
    field = ordering.removeprefix("-")
    assert len({row["id"] for row in rows}) == len(rows) == 11
    assert [row[field] for row in rows] == sorted((row[field] for row in rows), reverse=ordering[0] == "-")


def test_rows_that_arrive_meanwhile_shift_nothing(api: Api, operator: Operator) -> None:
    old = [str(make_deployment(operator, f"old-{number}").pk) for number in range(6)]
    first = ok(api.get("deployments/", limit=2))
    for number in range(3):
        make_deployment(operator, f"new-{number}")
    rest = walk(api, "deployments/", limit=2, cursor=first["next_cursor"])
    assert [row["id"] for row in first["items"] + rest] == old[::-1]


def test_rows_that_go_meanwhile_take_no_others_with_them(api: Api, operator: Operator) -> None:
    made = [make_deployment(operator, f"site-{number}") for number in range(6)]
    first = ok(api.get("deployments/", limit=2, ordering="name"))
    # The very row that the cursor stands on.
    made[1].delete()
    second = ok(api.get("deployments/", limit=2, ordering="name", cursor=first["next_cursor"]))
    assert [row["name"] for row in second["items"]] == ["site-2", "site-3"]


def test_a_filter_holds_over_all_pages(api: Api, operator: Operator) -> None:
    for number in range(4):
        make_deployment(operator, f"lyon-{number}")
        make_deployment(operator, f"paris-{number}")
    assert [row["name"] for row in walk(api, "deployments/", name="lyon", ordering="name", limit=3)] == [
        f"lyon-{number}" for number in range(4)
    ]


def test_a_last_page_that_is_full_promises_no_other(api: Api, operator: Operator) -> None:
    for _number in range(4):
        make_deployment(operator)
    assert ok(api.get("deployments/", limit=4))["next_cursor"] is None


def test_an_empty_list_is_a_list(api: Api) -> None:
    assert ok(api.get("deployments/")) == {"items": [], "next_cursor": None}
    assert ok(api.get("tasks/")) == {"items": [], "next_cursor": None}


def test_tasks_come_in_pages(api: Api, operator: Operator) -> None:
    made = []
    for _number in range(7):
        task = tasks.launch("test_count", deployment=make_deployment(operator), actor=operator)
        made.append(str(task.pk))
    assert [row["id"] for row in walk(api, "tasks/", limit=3)] == made[::-1]


def test_checks_come_in_pages_in_the_order_of_the_catalogue(api: Api, operator: Operator) -> None:
    deployment = stories.answered(operator, "checked")
    rows = walk(api, f"deployments/{deployment.pk}/checks/", limit=1)
    assert [row["requirement_id"] for row in rows] == ["TPL-01", "TPL-02", "LIFE-01"]


def test_a_cursor_is_good_for_its_own_list_and_ordering_alone(api: Api, operator: Operator) -> None:
    for _number in range(3):
        tasks.launch("test_count", deployment=make_deployment(operator), actor=operator)
    cursor = ok(api.get("deployments/", limit=1, ordering="created_at"))["next_cursor"]
    ok(api.get("deployments/", limit=1, ordering="created_at", cursor=cursor))
    for path, ordering in (
        ("deployments/", "-created_at"),
        ("deployments/", "changed_at"),
        ("deployments/", "name"),
        ("tasks/", "queued_at"),
    ):
        body = problem(api.get(path, limit=1, ordering=ordering, cursor=cursor), 422, "invalid")
        assert [error["path"] for error in body["errors"]] == ["cursor"]


@pytest.mark.parametrize(
    "cursor", ["x", "WyJuYW1lIiwgMSwgMl0=", "7", "[]", "eyJ4IjoxfQ:1:x", "é", "a" * 5000]
)
def test_a_cursor_of_ones_own_making_is_refused(api: Api, operator: Operator, cursor: str) -> None:
    make_deployment(operator)
    body = problem(api.get("deployments/", cursor=cursor), 422, "invalid")
    assert body["errors"][0]["path"] == "cursor"


@pytest.mark.parametrize(
    "ordering", ["", "-", "--name", "id", "password", "created_by__password", "name,id", "?"]
)
def test_an_ordering_that_is_none_is_refused_with_those_there_are(
    api: Api, operator: Operator, ordering: str
) -> None:
    body = problem(api.get("deployments/", ordering=ordering), 422, "invalid")
    assert body["errors"][0]["path"] == "ordering"
    assert "created_at, changed_at, name" in body["errors"][0]["message"]


def queries_of(api: Api, path: str, rows: int) -> int:
    ok(api.get("tasks/"))  # notes the use of the token, if none was noted for a minute
    with CaptureQueriesContext(connection) as captured:
        assert len(ok(api.get(path, limit=200))["items"]) == rows
    return len(captured)


def test_a_long_list_costs_as_many_queries_as_a_short_one(
    api: Api, operator: Operator, admin: Operator
) -> None:
    def grow(number: int) -> None:
        for index in range(number):
            person = operator if index % 2 else admin
            task = tasks.launch("test_count", deployment=make_deployment(person), actor=person)
            tasks.execute(task.pk, "worker-1")

    grow(1)
    few = [queries_of(api, path, 1) for path in ("deployments/", "tasks/")]
    grow(29)
    many = [queries_of(api, path, 30) for path in ("deployments/", "tasks/")]
    assert few == many == [3, 3], "of the token, of ids, of what is shown"


def test_long_logs_and_results_cost_as_many_queries_as_short_ones(api: Api, operator: Operator) -> None:
    few, many = (make_deployment(operator) for _ in range(2))
    short, long = (
        tasks.launch("test_count", deployment=deployment, actor=operator, inputs={"steps": steps})
        for deployment, steps in ((few, 1), (many, 40))
    )
    for task in (short, long):
        tasks.execute(task.pk, "worker-1")
    ok(api.get("tasks/"))

    def cost(task: Task) -> int:
        with CaptureQueriesContext(connection) as captured:
            ok(api.get(f"tasks/{task.pk}/events/"))
        return len(captured)

    assert cost(short) == cost(long)


def test_a_list_that_is_short_by_nature_comes_in_pages_too(api: Api, deployment: Deployment) -> None:
    path = f"deployments/{deployment.pk}/attestations/"
    everything = walk(api, path, limit=200)
    assert len(everything) > 3
    assert walk(api, path, limit=3) == everything
    first = ok(api.get(path, limit=3))
    assert [len(first["items"]), bool(first["next_cursor"])] == [3, True]
    other = f"deployments/{deployment.pk}/waivers/"
    problem(api.get(other, cursor=first["next_cursor"]), 422, "invalid")
