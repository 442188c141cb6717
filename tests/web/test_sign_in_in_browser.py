"""Passkeys with a real browser and an authenticator that Chromium plays; all pages of signing in judged by axe."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.builders import make_operator
from tests.chromium import COLOURS, PATIENCE_MS, WHOLE, launch_args
from tests.web.oidc_provider import CLIENT, SECRET, running
from wizard.models import BrowserSession, Operator
from wizard.services import second_factors

PICTURES = os.environ.get("FOOTHOLD_PICTURES")
AXE = Axe()
PASSWORD = "correct horse battery"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("pages"),
    pytest.mark.any_database,
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return launch_args(browser_type_launch_args)


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def tab(browser: Browser, live_server: Any, settings: Any, complaints: list[str]) -> Iterator[Page]:
    """With a security key plugged in that says yes to everything. It must complain of nothing but refused forms."""
    settings.PUBLIC_URL = live_server.url
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_NAME = (
        "https://login.test",
        CLIENT,
        "Contoso",
    )
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "usb",
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type in ("error", "warning") and "status of 4" not in message.text
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def look(page: Page, name: str, *, dark: bool = False) -> None:
    """`dark` for pages with something on them that no other page has."""
    for scheme, judged in (("light", WHOLE), ("dark", COLOURS)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/{name}-{scheme}.png", full_page=True, caret="initial")
        if scheme == "light" or dark:
            found = AXE.run(page, options={"runOnly": judged})
            assert found.violations_count == 0, f"{name} ({scheme}): {found.generate_report()}"
    page.emulate_media(color_scheme="light")


def password_step(page: Page) -> None:
    page.goto("/sign-in/")
    page.get_by_label("User name").fill("oskar")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_passkey_is_added_and_asked_for_at_the_sign_in_and_to_confirm_that_it_is_you(tab: Page) -> None:
    oskar = make_operator("oskar", Operator.Role.OPERATOR)
    tab.goto("/sign-in/?next=/account/")
    look(tab, "sign-in")
    password_step(tab)
    tab.goto("/account/password/")
    look(tab, "password")
    tab.goto("/account/sessions/")
    look(tab, "sessions")
    tab.goto("/account/second-factor/app/")
    look(tab, "second-factor-app", dark=True)

    tab.goto("/account/second-factor/passkeys/add/")
    tab.get_by_label("Name").fill("Blue key")
    look(tab, "second-factor-key")
    tab.get_by_role("button", name="Make the passkey").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    look(tab, "recovery-codes")
    tab.get_by_role("link", name="I have kept them").click()
    expect(tab.get_by_text("Blue key").first).to_be_visible()
    look(tab, "second-factor")
    assert second_factors.kinds_of(oskar) == {second_factors.KEY}

    tab.context.clear_cookies()
    password_step(tab)
    expect(tab.get_by_role("heading", level=1)).to_have_text("Second step")
    tab.get_by_label("Code").fill("000000")
    tab.get_by_role("button", name="Confirm with the code").click()
    expect(tab.locator("#error-summary")).to_be_visible()
    look(tab, "second-step-wrong", dark=True)
    tab.get_by_role("button", name="Use a passkey").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Deployments")

    _let_eleven_minutes_pass(oskar)
    tab.goto("/account/tokens/")
    tab.locator("main").get_by_role("link", name="Confirm that it is you").click()
    look(tab, "confirm")
    tab.get_by_role("button", name="Use a passkey").click()
    expect(tab.get_by_role("button", name="Make the token")).to_be_visible()


def test_the_button_leads_to_the_provider_and_back_under_the_strict_policy(
    tab: Page, settings: Any, live_server: Any
) -> None:
    oskar = Operator(username="oskar", role=Operator.Role.OPERATOR)
    oskar.set_unusable_password()
    oskar.save()
    with running() as provider:
        settings.OIDC_ISSUER, settings.OIDC_CLIENT_SECRET = provider.issuer, SECRET
        tab.goto("/sign-in/?next=/account/")
        tab.get_by_role("button", name="Sign in with Contoso").click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("Your account")
        expect(tab.get_by_role("button", name="Disconnect Contoso")).to_be_visible()
        tab.context.clear_cookies()
        provider.person = {"sub": "u-2", "preferred_username": "nobody"}
        tab.goto("/sign-in/")
        tab.get_by_role("button", name="Sign in with Contoso").click()
        expect(tab.get_by_role("heading", level=1)).to_have_text("You are not signed in")
        look(tab, "provider-refused")


def test_the_door_that_is_closed_says_until_when(tab: Page, settings: Any) -> None:
    settings.AXES_ENABLED = True
    for _ in range(settings.AXES_FAILURE_LIMIT):
        tab.goto("/sign-in/")
        tab.get_by_label("User name").fill("oskar")
        tab.get_by_label("Password").fill("wrong")
        tab.get_by_role("button", name="Sign in", exact=True).click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Too many attempts")
    look(tab, "locked-out")


def _let_eleven_minutes_pass(person: Operator) -> None:
    """Since the last proof, as the session has it noted."""
    (row,) = (row for row in BrowserSession.objects.filter(person=person).order_by("-expire_date")[:1])
    data = row.get_decoded()
    data["sign_in"]["proved"] -= 11 * 60
    row.session_data = BrowserSession.get_session_store_class()().encode(data)
    row.save(update_fields=["session_data"])
