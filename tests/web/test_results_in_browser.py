"""The pages of the results as a browser shows them: judged by axe, light and dark, narrow, on paper, with keys and copying."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from tests import stories
from tests.builders import make_operator
from tests.chromium import ARRANGEMENT, COLOURS, PATIENCE_MS, WHOLE, launch_args
from tests.web.pages import QUESTION
from tests.web.results import add_result, verified
from wizard.models import Deployment, DeploymentState, Operator, VCenter
from wizard.services import attestations, deployments, physical_servers, waivers
from wizard.services.applicable import requirements_for
from wizard.services.discovery import judging
from wizard.text import Text

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("pages"),
]

PICTURES = os.environ.get("FOOTHOLD_PICTURES")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return launch_args(browser_type_launch_args)


@pytest.fixture
def olga(transactional_db: None) -> Operator:
    return make_operator("olga", Operator.Role.OPERATOR)


@pytest.fixture
def page(browser: Browser, live_server: Any, olga: Operator) -> Iterator[Page]:
    client = Client()
    client.force_login(olga)
    context = browser.new_context(base_url=live_server.url, permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    tab = context.new_page()
    yield tab
    context.close()


@pytest.fixture
def judged(olga: Operator) -> Deployment:
    """Deployed and verified: every requirement of both phases with some result, answers, waivers in every state."""
    deployment = stories.answered(olga, "vault")
    run = stories.succeeded(deployment, "preflight", olga, result={})
    old = timezone.now() - timedelta(days=3)
    statuses = cycle(("pass", "pass", "fail", "warn", "unknown", "skipped"))
    for row in requirements_for(deployment):
        status = "unknown" if row.kind == "attested" else next(statuses)
        add_result(deployment, row.id, run, status=status, observed_at=old)
    colleague = make_operator("otto", Operator.Role.OPERATOR)
    today = timezone.localdate()
    for asker, name in ((olga, "LIFE-02"), (colleague, "AV-01")):
        waivers.waive(deployment, name, reason="Agreed with the customer.", until=today, actor=asker)
    attestations.attest(deployment, QUESTION, answer="yes", note="Seen in the portal.", actor=olga)
    deployment.refresh_from_db()
    deployments.move_to(deployment, DeploymentState.CHECKED)
    stories.deploy(deployment, olga)
    verified(deployment, olga, "HW-01", "INST-03")
    return deployment


PAGES = {
    "home": "/",
    "checks": "/checks/",
    "answer": f"/checks/{QUESTION}/answer/",
    "waive": "/checks/LIFE-02/waiver/",
    "sheets": "/task-sheets/?phase=before",
    "firewall": "/firewall/",
    "calendar": "/calendar/",
}


# What one machine after the other differs in.
STATES: tuple[dict[str, Any], ...] = (
    {"secure_boot": True, "firmware": "efi"},
    {
        "power_state": "poweredOff",
        "name": "a-rather-long-name-of-a-machine-that-nobody-would-break-by-itself-01",
    },
    {"guest_id": "otherGuest64", "guest_full_name": "Other (64-bit)"},
    {"is_template": True},
    {"firmware": "efi", "snapshot_count": 3},
)
MACHINES = {
    "machines": "",
    "machines-filtered": "?q=nothing-is-called-so",
    "machine": "{vm}/",
    "machine-blocked": "{blocked}/",
    "physical": "{physical}/",
    "physical-add": "physical/add/",
    "physical-change": "{physical}/change/",
    "physical-remove": "{physical}/remove/",
    "physical-file": "physical/file/",
}


@pytest.fixture
def discovered(judged: Deployment, olga: Operator) -> dict[str, Any]:
    """Machines in every verdict, a refresh that failed, and a physical server: what the addresses of MACHINES name."""
    vcenter = stories.register(judged, olga, machines=12)
    rows = list(vcenter.machines.all())
    for row, changes in zip(rows, STATES, strict=False):
        for name, value in changes.items():
            setattr(row, name, value)
        judging.judge_row(row, judging.around(vcenter))
        row.save()
    VCenter.objects.update(
        refreshed_at=timezone.now() - timedelta(hours=1),
        refresh_failed_at=timezone.now(),
        refresh_failure=Text("The connection to vcenter.lab.test was lost."),
        refresh_remedy=Text("See whether vCenter runs and can be reached, then refresh again."),
        refresh_failure_details={
            "code": "x",
            "address": "vcenter.lab.test:443",
            "step": "RetrievePropertiesEx",
        },
    )
    physical = stories.enter_server(judged, olga)
    blocked = vcenter.machines.filter(verdict_classic="blocked").first()
    assert blocked is not None
    return {"vm": rows[-1].pk, "blocked": blocked.pk, "physical": physical.pk}


@pytest.mark.parametrize("name", MACHINES)
def test_the_pages_of_machines_are_for_everybody(
    page: Page, judged: Deployment, discovered: dict[str, Any], name: str
) -> None:
    page.goto(f"/deployments/{judged.pk}/machines/{MACHINES[name].format(**discovered)}")
    for details in page.locator("main details").all():
        details.locator("summary").click()
    _judge(page, name)


@pytest.mark.parametrize("content", ["name,address,operating system\nbad one,2001:db8::1,x\n", "good"])
def test_a_file_with_servers_is_shown_to_everybody(page: Page, judged: Deployment, content: str) -> None:
    page.goto(f"/deployments/{judged.pk}/machines/physical/file/")
    good = content == "good"
    text = physical_servers.template() if good else content
    page.get_by_label("CSV file").set_input_files(
        {"name": "servers.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Read the file").press("Enter")
    expect(page.get_by_role("region").first).to_be_visible()
    _judge(page, "physical-file-shown" if good else "physical-file-refused")
    if good:
        page.get_by_role("button", name="Import them").press("Enter")
        expect(page.get_by_text("1 server is imported.")).to_be_visible()


def test_a_deployment_without_machines_says_where_they_come_from(page: Page, judged: Deployment) -> None:
    page.goto(f"/deployments/{judged.pk}/machines/")
    expect(page.get_by_text("No machine is known yet")).to_be_visible()
    _judge(page, "machines-none")


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_of_results_are_for_everybody(page: Page, judged: Deployment, name: str) -> None:
    page.goto(f"/deployments/{judged.pk}{PAGES[name]}")
    for details in page.locator("details.check__evidence").all()[-2:]:
        details.locator("summary").click()
    _judge(page, name)


def _judge(page: Page, name: str) -> None:
    """Wide and narrow, light and dark: axe finds nothing, and nobody has to scroll sideways."""
    for width, scheme, judged in (
        (1280, "light", WHOLE),
        (1280, "dark", COLOURS),
        (400, "light", ARRANGEMENT),
    ):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        _keep(page, f"{name}-{width}-{scheme}")
        found = Axe().run(page, options={"runOnly": judged})
        assert found.violations_count == 0, f"{name} {width} {scheme}: {found.generate_report()}"
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} pixels wider than a window of {width}"


def test_on_paper_each_owner_has_a_sheet_of_its_own(page: Page, judged: Deployment) -> None:
    page.goto(f"/deployments/{judged.pk}/task-sheets/?phase=before")
    page.emulate_media(media="print")
    sheets = page.locator(".sheet")
    assert sheets.count() > 2
    for sheet in sheets.all()[1:]:
        expect(sheet).to_have_css("break-before", "page")
    expect(page.locator(".site-nav")).to_be_hidden()
    expect(page.locator(".tabs")).to_be_hidden()
    _keep(page, "sheets-paper")


def test_commands_and_sheets_are_copied(page: Page, judged: Deployment) -> None:
    page.goto(f"/deployments/{judged.pk}/task-sheets/?phase=before")
    button = page.locator("[data-copy^=markdown-]").first
    owner = (button.get_attribute("data-copy") or "").removeprefix("markdown-")
    button.click()
    expect(button).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    title = page.locator(f"#sheet-{owner}").inner_text()
    assert copied.startswith(f"# Tasks of {judged.name}\n\n## {title}\n")
    page.goto(f"/deployments/{judged.pk}/firewall/")
    page.locator("[data-copy=firewall-rules]").click()
    expect(page.locator("[data-copy=firewall-rules]")).to_have_text("Copied")
    assert "\t" in page.evaluate("navigator.clipboard.readText()")


def test_a_question_is_answered_with_the_keyboard(page: Page, judged: Deployment) -> None:
    page.goto(f"/deployments/{judged.pk}/checks/?kind=attested&phase=before")
    row = page.locator("#check-AZ-01")
    row.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Seen.")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**#check-AZ-01")
    expect(page.locator("#check-AZ-01 .check__note")).to_have_text("Seen.")


def _keep(page: Page, name: str) -> None:
    """A picture for people, where somebody asked for pictures."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True, caret="initial")
