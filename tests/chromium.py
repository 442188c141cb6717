"""A tab of Chromium that is signed in, and that keeps what the browser complained of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.tools import program
from wizard.models import Operator

# A machine that is busy with the other tests draws a page slowly; what never comes is noticed all the same.
expect.set_options(timeout=30_000)


def launch_args(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "executable_path": program("chromium", "chromium"), "args": ["--no-sandbox"]}


@contextmanager
def tab_of(browser: Browser, url: str, user: Operator) -> Iterator[Page]:
    """Fails at its end where a page broke the policy for scripts and styles, missed a file or raised an error."""
    client = Client()
    client.force_login(user)
    context = browser.new_context(base_url=url)
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
