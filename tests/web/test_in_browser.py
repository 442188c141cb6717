"""What only a browser shows: fragments that refresh themselves, focus, the spoken region, keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests import stories
from tests.builders import make_operator
from tests.chromium import PATIENCE_MS, launch_args
from tests.web.pages import step_url
from wizard.models import Deployment, DeploymentState, Operator, Task
from wizard.services import deployments
from wizard.text import Text

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("pages"),
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return launch_args(browser_type_launch_args)


@pytest.fixture
def olga(transactional_db: None) -> Operator:
    return make_operator("olga", Operator.Role.OPERATOR)


@pytest.fixture
def page(browser: Browser, live_server: Any, olga: Operator) -> Iterator[Page]:
    """A tab of somebody who is signed in; it must not complain of anything but refused forms."""
    client = Client()
    client.force_login(olga)
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # htmx speaks up, too, when a newer choice takes the place of a request that is still under way.
        harmless = ("status of 422", "htmx:sendAbort", "htmx:afterRequest")
        if message.type in ("error", "warning") and not any(part in message.text for part in harmless):
            complaints.append(message.text)

    tab = context.new_page()
    tab.on("console", note)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab
    context.close()
    assert complaints == []


@pytest.fixture
def task(olga: Operator) -> Task:
    return stories.running(stories.answered(olga, "checked"), "deploy_ova", olga)


def end(task: Task, state: str, **fields: Any) -> None:
    Task.objects.filter(pk=task.pk).update(state=state, finished_at=timezone.now(), **fields)


def test_a_running_task_is_followed_to_its_end_and_no_further(page: Page, task: Task) -> None:
    looks: list[str] = []
    page.on("request", lambda request: looks.append(request.url) if "/progress/" in request.url else None)
    page.goto(f"/tasks/{task.pk}/")
    page.locator("#task-progress-cancel").focus()
    for number in (1, 2, 3):
        stories.tell(task, f"Line {number}.")
        Task.objects.filter(pk=task.pk).update(progress=30 + number)
        expect(page.locator("#log li")).to_have_count(number + 1)
        expect(page.locator("#task-progress")).to_have_attribute("value", str(30 + number))
        # A swap must not take the focus from who is about to press the button.
        expect(page.locator("#task-progress-cancel")).to_be_focused()
    Task.objects.filter(pk=task.pk).update(phase=Text("Uploading"))
    expect(page.locator("#live")).to_have_text("Deploy the appliance: Uploading")

    stories.tell(task, "The last line.")
    end(task, "succeeded", progress=100)
    expect(page.locator("#log li")).to_have_count(5)
    expect(page.locator("#live")).to_have_text("Deploy the appliance: Succeeded")
    expect(page.locator("#task-progress-cancel")).to_have_count(0)
    before = len(looks)
    page.wait_for_timeout(2500)
    assert len(looks) == before


def test_the_page_of_a_step_goes_on_by_itself(page: Page, task: Task) -> None:
    page.goto(step_url(task.deployment, "deploy"))
    expect(page.locator("#live-task")).to_be_visible()
    stories.tell(task, "The machine runs.")
    deployments.move_to(task.deployment, DeploymentState.DEPLOYED)
    end(task, "succeeded")
    expect(page.get_by_role("heading", level=1)).to_have_text("Register vCenter Server")
    expect(page.get_by_text("The machine runs.")).to_be_visible()


def test_the_pick_lists_of_the_placement_follow_each_other(page: Page, olga: Operator) -> None:
    draft: Deployment = stories.answered(olga, "vcenter")
    page.goto(f"{step_url(draft, 'placement')}#outcome")
    page.get_by_label("VM name").fill("typed-first")
    for datacenter in ("DC1", "DC0"):
        page.get_by_label("Datacenter").select_option(datacenter)
        expect(page.get_by_label("Cluster, host or resource pool")).to_contain_text(f"{datacenter}_C0")
    page.get_by_label("Cluster, host or resource pool").select_option("DC0_C0")
    page.get_by_label("Datastore").select_option("shared")
    page.get_by_label("Network", exact=True).select_option("VM Network")
    expect(page.get_by_label("VM name")).to_have_value("typed-first")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("OVA template")
    assert page.url.endswith("/"), "the next page is read from its top"
    assert deployments.answers_of(draft)["placement"]["vm_name"] == "typed-first"


def test_what_the_numbers_need_is_shown_while_they_are_typed(page: Page, olga: Operator) -> None:
    draft = stories.answered(olga, "source")
    page.goto(step_url(draft, "capacity"))
    page.get_by_label("Number of machines").fill("120")
    page.get_by_label("Data changed per day (GB)", exact=True).fill("700")
    page.keyboard.press("Tab")
    expect(page.locator("#advice")).to_contain_text("12 vCPU")


def test_an_error_is_reached_and_corrected_with_the_keyboard_alone(page: Page, olga: Operator) -> None:
    draft = stories.answered(olga, "source")
    page.goto(step_url(draft, "capacity"))
    page.get_by_label("Number of machines").focus()
    page.keyboard.type("many")
    page.keyboard.press("Enter")
    expect(page).to_have_title("Error: Capacity · " + draft.name + " · Foothold")
    expect(page.locator("#error-summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Number of machines")).to_be_focused()
    expect(page.get_by_label("Number of machines")).to_have_value("many")


def test_the_missing_privileges_are_copied_as_rows_to_hand_on(page: Page, olga: Operator) -> None:
    done = stories.answered(olga, "vcenter")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(step_url(done, "vcenter"))
    panel = page.locator("section.panel", has=page.get_by_role("heading", name="Full"))
    panel.get_by_role("button", name="Copy").click()
    expect(page.locator("#live")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert copied[-1] == "DC1\tCreate snapshot\tVirtualMachine.State.CreateSnapshot"


def test_a_long_word_in_a_refusal_breaks_on_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto("/deployments/new/")
    page.get_by_label("Name of the deployment").fill("A" * 400)
    page.get_by_label("Classic: configuration server").check()
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("#error-summary")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
