"""Chromium against a running site. Every page that a test looks at is judged by axe."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.site import BASE, Site
from tests.chromium import COLOURS, PATIENCE_MS, WHOLE, launch_args
from tests.tools import missing
from wizard.lab import build

PICTURES = os.environ.get("FOOTHOLD_PICTURES")
LAST_SEEN = Path(PICTURES or BASE / "var" / "pictures") / "last-seen.png"
PASSWORD = "correct horse battery staple"

Look = Callable[[str], None]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return launch_args(browser_type_launch_args)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    try:
        build.simulator()
    except build.LabUnavailable as reason:
        missing(str(reason))
    running = Site(tmp_path_factory.mktemp("site"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def signed_in(site: Site, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The browser's state of somebody who came by the one-time link and chose a password."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(site.sign_in_link())
    page.locator("main form button").click()
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password confirmation").fill(PASSWORD)
    page.locator("main form button").click()
    page.wait_for_load_state()
    state = tmp_path_factory.mktemp("browser") / "state.json"
    context.storage_state(path=state)
    context.close()
    return state


def prove(page: Page) -> None:
    """Say again who it is, where the sign-in that all tests share is too old for what comes next; and come back."""
    page.goto(f"/sign-in/again/?next={urlsplit(page.url).path}")
    if page.get_by_role("heading", name="Confirm that it is you").is_visible():
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm", exact=True).click()
        page.wait_for_load_state()


@pytest.fixture
def complaints() -> list[str]:
    """What the console of the browser said that it should not have."""
    return []


@pytest.fixture
def page(
    browser: Browser, signed_in: Path, complaints: list[str], site: Site, request: pytest.FixtureRequest
) -> Iterator[Page]:
    context = browser.new_context(
        storage_state=signed_in, base_url=site.url, viewport={"width": 1280, "height": 900}
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()

    def note(message: ConsoleMessage) -> None:
        # A 4xx is reported by Chromium itself; that forms answer 422 is how they are meant.
        # htmx says so, too, when a newer choice takes the place of a request that is still under way.
        harmless = ("the server responded with a status of 4", "htmx:sendAbort", "htmx:afterRequest")
        if message.type in ("error", "warning") and not any(part in message.text for part in harmless):
            complaints.append(message.text)

    # Chromium's own message does not say where a violation comes from.
    page.add_init_script(
        "addEventListener('securitypolicyviolation', (event) => console.error('from',"
        " event.sourceFile, event.lineNumber, event.target.outerHTML?.slice(0, 200)))"
    )
    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    failed = request.session.testsfailed
    yield page
    if request.session.testsfailed > failed:
        LAST_SEEN.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=LAST_SEEN, full_page=True, caret="initial")
    context.close()


def draw(page: Page, name: str) -> None:
    """A picture for people, where somebody asked for pictures."""
    if PICTURES:
        # To hide the caret Playwright would write style attributes, which htmx then carries over and the policy blocks.
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True, caret="initial")


@pytest.fixture
def look(page: Page, complaints: list[str]) -> Look:
    """Let axe and the console judge the page, in light and dark; where somebody asked for pictures, keep one of each."""
    axe = Axe()

    def take(name: str) -> None:
        expect(page.locator(".htmx-request")).to_have_count(0)
        for scheme, judged in (
            ("light", WHOLE),
            # The page is the same but for its colours.
            ("dark", COLOURS),
        ):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            draw(page, f"{name}-{scheme}")
            found = axe.run(page, options={"runOnly": judged})
            assert found.violations_count == 0, f"{name} ({scheme}): {found.generate_report()}"
        page.emulate_media(color_scheme="light")
        assert complaints == [], f"{name}: {complaints}"

    return take
