"""Chromium in the tests: how it is started, a tab that is signed in and keeps what it complained of, what axe judges."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.tools import program
from wizard.models import Operator

# A machine that is busy with the other tests draws a page slowly; what never comes is noticed all the same.
PATIENCE_MS = 120_000
expect.set_options(timeout=PATIENCE_MS)

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What axe is asked of a page the first time, and what may be otherwise in other colours or in a narrow window.
WHOLE = {"type": "tag", "values": RULES}
COLOURS = {"type": "rule", "values": ["color-contrast"]}
ARRANGEMENT = {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}

QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


def launch_args(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "executable_path": program("chromium", "chromium"), "args": list(QUIET)}


@contextmanager
def tab_of(browser: Browser, url: str, user: Operator) -> Iterator[Page]:
    """Fails at its end where a page broke the policy for scripts and styles, missed a file or raised an error."""
    client = Client()
    client.force_login(user)
    context = browser.new_context(base_url=url)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def outside(route: Any) -> None:
        complaints.append(f"asked for {route.request.url}")
        route.abort()

    context.route(lambda asked: not asked.startswith((url, "data:", "blob:")), outside)
    tab = context.new_page()
    tab.on("console", note)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield tab
    finally:
        context.close()
    assert complaints == []
