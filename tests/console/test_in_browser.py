"""The console as a browser shows it: nothing blocked, everything legible, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests import stories
from tests.builders import make_operator
from tests.chromium import COLOURS, WHOLE, tab_of
from tests.console.conftest import furnish
from tests.console.test_pages import list_url, page_url
from wizard.models import (
    Approval,
    AuditEntry,
    CheckResult,
    Deployment,
    Operator,
    Pulse,
    Task,
    TaskState,
    TopologySnapshot,
    VaultWatch,
    Waiver,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("pages"),
]

REASON = (
    "The checksum of the template was compared with that of the download centre by two people on 14 November."
)


@pytest.fixture
def ada(transactional_db: None) -> Operator:
    return make_operator("ada", Operator.Role.ADMIN, is_staff=True)


@pytest.fixture
def tab(browser: Browser, live_server: Any, ada: Operator) -> Iterator[Page]:
    furnish(ada)
    with tab_of(browser, live_server.url, ada) as page:
        yield page


def test_its_pages_are_legible_in_light_and_dark_and_break_no_policy(tab: Page, ada: Operator) -> None:
    """Without preloading, for which axe would ask for style sheets in places where there are none."""
    snapshot = TopologySnapshot.objects.all()[0]
    paths = ["/console/", f"{page_url(ada)}", "/console/wizard/operator/add/", "/console/keys/"]
    paths += [list_url(model) for model in (Deployment, Task, CheckResult, AuditEntry, Waiver)]
    # With blanks to filter by, with nothing but a link in front, and empty.
    paths += [list_url(Pulse), list_url(VaultWatch), f"{list_url(Task)}?q=nowhere"]
    paths += [page_url(model.objects.all()[0]) for model in (Deployment, Task, Approval)]
    paths += [page_url(snapshot), f"{list_url(TopologySnapshot)}compare/?of={snapshot.pk}&before=1&after=1"]
    for path in paths:
        tab.goto(path)
        judge(tab, path)
    tab.goto(page_url(Approval.objects.all()[0]))
    tab.get_by_role("button", name="Reject").click()
    expect(tab.get_by_role("textbox", name="Reason")).to_be_visible()
    judge(tab, "confirmation")


def test_reasons_have_room_in_lists(tab: Page) -> None:
    """Some words a line, also where a table has many columns."""
    Waiver.objects.update(reason=REASON)
    Approval.objects.update(note=REASON)
    for width in (1280, 1600):
        tab.set_viewport_size({"width": width, "height": 900})
        for model, column in ((Waiver, "reason"), (Approval, "note"), (AuditEntry, "sentence")):
            tab.goto(list_url(model))
            box = tab.locator(f"#result_list .field-{column}").first.bounding_box()
            assert box is not None
            assert box["width"] >= 220, (model, width)
            assert box["height"] <= 160, (model, width)


@pytest.mark.parametrize("model", [Waiver, Deployment])
def test_a_list_shows_all_its_columns_on_a_screen_of_1280_pixels(tab: Page, model: Any) -> None:
    Waiver.objects.update(reason=REASON)
    Operator.objects.filter(username="oskar").update(username="oskar-the-operator")
    tab.goto(list_url(model))
    table = tab.locator("#changelist .results").first
    shown, whole = table.evaluate("(part) => [part.clientWidth, part.scrollWidth]")
    assert whole <= shown


def judge(tab: Page, path: str) -> None:
    for scheme, rules in (("light", WHOLE), ("dark", COLOURS)):
        # Without motion there is no moment between the colours of the two.
        tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(tab, options={"preload": False, "runOnly": rules})
        assert found.violations_count == 0, f"{path} ({scheme}): {found.generate_report()}"


def test_a_task_is_followed_to_its_end_and_the_page_asks_no_more(tab: Page, ada: Operator) -> None:
    task = stories.running(stories.answered(ada, "vault"), "probe_vcenter", ada)
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url) if "/live/" in request.url else None)
    tab.goto(page_url(task))
    stories.tell(task, "A line that came later.")
    expect(tab.locator("#task-log")).to_contain_text("A line that came later.")
    expect(tab.locator("#task-log li")).to_have_count(2)
    Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED, progress=100)
    expect(tab.locator("#live-task")).to_contain_text("Succeeded")
    seen = len(asked)
    tab.wait_for_timeout(1500)
    assert len(asked) == seen
    tab.get_by_role("link", name="Load its record anew").click()
    expect(tab.locator(".field-state")).to_contain_text("Succeeded")


def test_the_chosen_scheme_wins_over_the_systems(tab: Page) -> None:
    tab.emulate_media(color_scheme="light")
    tab.goto("/console/")

    def background() -> str:
        shown: str = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        return shown

    light = background()
    toggle = tab.locator("#user-tools .theme-toggle")
    seen = set()
    for _turn in range(3):
        toggle.click()
        seen.add(background())
    assert seen == {light, "rgb(16, 23, 22)"}


def test_the_way_back_to_the_product_is_on_every_page(tab: Page) -> None:
    tab.goto(list_url(Task))
    tab.get_by_role("link", name="Back to Foothold").click()
    expect(tab).to_have_url(tab.url.split("/console")[0].rstrip("/") + "/")
    expect(tab.get_by_role("heading", level=1)).to_be_visible()


def test_a_narrow_screen_scrolls_tables_and_not_the_page(tab: Page) -> None:
    tab.set_viewport_size({"width": 390, "height": 800})
    for path in ("/console/", list_url(Task), list_url(AuditEntry), page_url(Deployment.objects.get())):
        tab.goto(path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, path
