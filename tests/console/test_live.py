"""A task's page follows it: new lines are added, nothing is asked in vain, and at the end it stops."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests import stories
from tests.console.conftest import signed_in
from tests.console.test_pages import assert_strict, body, page_url
from wizard.models import Operator, Task, TaskState, Team
from wizard.text import Text

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def task(operator: Operator) -> Task:
    return stories.running(stories.answered(operator, "vault"), "probe_vcenter", operator)


def next_look(html: str) -> str | None:
    found = re.search(r'hx-get="([^"]+)"', html)
    return found[1].replace("&amp;", "&") if found else None


def test_a_running_task_is_followed_line_by_line(reading: Client, task: Task) -> None:
    stories.tell(task, "The first line.")
    page = body(reading, page_url(task))
    assert_strict(page, page_url(task))
    assert "htmx" in page
    assert "The first line." in page
    url = next_look(page)
    assert url is not None
    assert reading.get(url).status_code == 204
    stories.tell(task, "The second line.")
    answer = reading.get(url)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "The second line." in html
    assert "The first line." not in html
    again = next_look(html)
    assert again is not None
    assert reading.get(again).status_code == 204


def test_at_the_end_it_says_so_once_and_asks_no_more(reading: Client, task: Task) -> None:
    url = next_look(body(reading, page_url(task)))
    assert url is not None
    Task.objects.filter(pk=task.pk).update(
        state=TaskState.FAILED, error={"code": "x", "message": Text("It broke.").to_json(), "remedy": None}
    )
    answer = reading.get(url)
    assert answer.status_code == 286
    html = answer.content.decode()
    assert next_look(html) is None
    assert "It broke." in html
    page = body(reading, page_url(task))
    assert next_look(page) is None
    assert "htmx" not in page


def test_what_somebody_edited_in_the_address_is_the_beginning(reading: Client, task: Task) -> None:
    stories.tell(task, "The first line.")
    for seen in ("", "x.y", "-1.2", "9" * 40, "1"):
        answer = reading.get(f"/console/wizard/task/{task.pk}/live/", {"seen": seen})
        assert answer.status_code in (200, 204), seen


def test_who_may_not_see_a_task_cannot_follow_it(task: Task, reviewer: Operator, operator: Operator) -> None:
    url = f"/console/wizard/task/{task.pk}/live/"
    assert Client().get(url).status_code == 302
    assert signed_in(operator).get(url).status_code in (302, 403)
    task.deployment.team = Team.objects.create(name="others")
    task.deployment.save()
    answer = signed_in(reviewer).get(url)
    assert answer.status_code == 286
    assert not answer.content
