from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import stories
from tests.builders import make_deployment
from tests.web.pages import read
from wizard.models import CheckResult, Deployment, Operator, VCenter, Waiver


def queries(client: Client, address: str) -> int:
    client.get(address)  # whatever is kept after the first time is not counted
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(address).status_code == 200
    return len(found)


@pytest.mark.parametrize(
    "page",
    [
        "deployments",
        "tasks",
        "deployment tasks",
        "machines",
        "checks",
        "snapshots",
        "task sheets",
        "firewall",
        "calendar",
    ],
)
def test_a_longer_list_asks_the_database_no_more_often(
    working: Client, operator: Operator, page: str
) -> None:
    recorded = stories.answered(operator, "recorded")
    more: dict[str, tuple[str, Callable[[], None]]] = {
        "deployments": ("/", lambda: _more_deployments(operator)),
        "tasks": ("/tasks/", lambda: _more_tasks(recorded, operator)),
        "deployment tasks": (f"/deployments/{recorded.pk}/tasks/", lambda: _more_tasks(recorded, operator)),
        "machines": (
            f"/deployments/{recorded.pk}/machines/",
            lambda: stories.grow(VCenter.objects.get(), 30),
        ),
        "checks": (f"/deployments/{recorded.pk}/checks/", lambda: _more_results(recorded)),
        "task sheets": (f"/deployments/{recorded.pk}/task-sheets/", lambda: _more_results(recorded)),
        "firewall": (f"/deployments/{recorded.pk}/firewall/", lambda: _more_results(recorded)),
        "calendar": (f"/deployments/{recorded.pk}/calendar/", lambda: _more_waivers(recorded, operator)),
        "snapshots": (f"/deployments/{recorded.pk}/snapshots/", lambda: _more_snapshots(recorded)),
    }
    address, grow = more[page]
    few = queries(working, address)
    grow()
    assert queries(working, address) == few
    assert few <= 18


def _more_deployments(operator: Operator) -> None:
    for number in range(29):
        deployment = make_deployment(operator)
        if number % 3 == 0:
            stories.running(deployment, "preflight", operator)


def _more_tasks(deployment: Deployment, operator: Operator) -> None:
    for _ in range(30):
        stories.succeeded(deployment, "discover_machines", operator, result={"machines": 3})


def _more_results(deployment: Deployment) -> None:
    (task,) = deployment.tasks.filter(kind="preflight")
    first = task.checks.first()
    for position in range(30):
        first.pk, first._state.adding = None, True
        first.requirement_id, first.position = f"MORE-{position}", position + 10
        first.save()
    assert CheckResult.objects.filter(task=task).count() == 33


def _more_waivers(deployment: Deployment, operator: Operator) -> None:
    Waiver.objects.bulk_create(
        Waiver(
            deployment=deployment,
            requirement_id=f"MORE-{number}",
            reason="Because.",
            until=timezone.localdate(),
            asked_by=operator,
            approved_by=operator,
            approved_at=timezone.now(),
        )
        for number in range(30)
    )


def _more_snapshots(deployment: Deployment) -> None:
    first = deployment.snapshots.get()
    for number in range(2, 32):
        first.pk, first._state.adding, first.number = None, True, number
        first.save(force_insert=True)


def test_deployments_are_found_by_a_part_of_their_name(working: Client, operator: Operator) -> None:
    make_deployment(operator, "lyon-cs01")
    make_deployment(operator, "paris-cs01")
    words = read(working.get("/?q=YON")).words
    assert "lyon-cs01" in words
    assert "paris-cs01" not in words
    assert read(working.get("/?q=YON")).value_of("q") == "YON"


def test_deployments_are_found_by_their_state(working: Client, operator: Operator) -> None:
    make_deployment(operator, "lyon-cs01")
    stories.answered(operator, "checked", name="paris-cs01")
    words = read(working.get("/?state=checked")).words
    assert "paris-cs01" in words
    assert "lyon-cs01" not in words


def test_a_search_without_result_offers_to_show_all(working: Client, operator: Operator) -> None:
    make_deployment(operator, "lyon-cs01")
    page = read(working.get("/?q=nowhere"))
    assert "Nothing matches" in page.words


def test_without_any_deployment_the_page_offers_the_first(working: Client, looking: Client) -> None:
    assert read(working.get("/")).all("a", href="/deployments/new/")
    assert not read(looking.get("/")).all("a", href="/deployments/new/")


def test_many_deployments_are_shown_page_by_page_with_the_search_kept(
    working: Client, operator: Operator
) -> None:
    for number in range(30):
        make_deployment(operator, f"site-x{number:02}")
    first = read(working.get("/?q=site-x"))
    assert "1 to 25 of 30" in first.words
    assert first.all("a", href="?q=site-x&page=2")
    assert "26 to 30 of 30" in read(working.get("/?q=site-x&page=2")).words
    assert working.get("/?page=nonsense").status_code == 200
    assert working.get("/?page=999").status_code == 200


def test_the_list_says_what_is_under_way(working: Client, operator: Operator) -> None:
    checked = stories.answered(operator, "checked")
    task = stories.running(checked, "deploy_ova", operator)
    page = read(working.get("/"))
    assert page.all("a", href=f"/tasks/{task.pk}/")
    assert "Deploy the appliance" in page.words
