"""The console as a browser shows it: nothing blocked, everything legible, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.builders import make_operator
from tests.chromium import tab_of
from tests.console.conftest import furnish
from tests.console.test_pages import list_url, page_url
from wizard.models import AuditEntry, CheckResult, Deployment, Operator, Task

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("pages"),
]


@pytest.fixture
def ada(transactional_db: None) -> Operator:
    return make_operator("ada", Operator.Role.ADMIN, is_staff=True)


@pytest.fixture
def tab(browser: Browser, live_server: Any, ada: Operator) -> Iterator[Page]:
    furnish(ada)
    with tab_of(browser, live_server.url, ada) as page:
        yield page


def test_its_pages_are_legible_in_light_and_dark_and_break_no_policy(tab: Page, ada: Operator) -> None:
    paths = ["/console/", f"{page_url(ada)}", "/console/wizard/operator/add/"]
    paths += [list_url(model) for model in (Deployment, Task, CheckResult, AuditEntry)]
    paths += [page_url(model.objects.all()[0]) for model in (Deployment, Task)]
    for path in paths:
        tab.goto(path)
        for scheme in ("light", "dark"):
            # Without motion there is no moment between the colours of the two.
            tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(tab, options={"runOnly": {"type": "rule", "values": ["color-contrast"]}})
            assert found.violations_count == 0, f"{path} ({scheme}): {found.generate_report()}"


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
