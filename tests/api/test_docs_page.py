"""The page where people read and try the API, under the same strict policy as every page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from tests.api.client import Api, token_of
from tests.builders import make_deployment, make_operator
from tests.chromium import launch_args, tab_of
from wizard.models import Operator

DOCS = "/api/v1/docs"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return launch_args(browser_type_launch_args)


@pytest.mark.django_db
def test_strangers_are_sent_to_the_sign_in() -> None:
    response = Client().get(DOCS)
    assert response.status_code == 302
    assert response["Location"] == f"/sign-in/?next={DOCS}"


@pytest.mark.django_db
def test_the_page_keeps_the_policy_of_all_pages(viewer: Operator) -> None:
    client = Client()
    client.force_login(viewer)
    response = client.get(DOCS)
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    html = response.content.decode()
    for tag, body in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL):
        assert "src=" in tag or 'type="application/json"' in tag
        assert not ("src=" in tag and body.strip())
    assert "<style" not in html
    assert not re.search(r"\s(style|on\w+)=", html)
    assert "https://" not in html, "nothing comes from outside"


@pytest.mark.django_db
def test_nobody_outside_is_asked_whether_the_description_is_valid(viewer: Operator) -> None:
    client = Client()
    client.force_login(viewer)
    found = re.search(
        r'id="swagger-settings"[^>]*>(.*?)</script>', client.get(DOCS).content.decode(), re.DOTALL
    )
    assert found
    settings = json.loads(found[1])
    assert settings["validatorUrl"] == "none"
    assert settings["persistAuthorization"] is False
    assert settings["url"] == "/api/v1/openapi.json"


@pytest.fixture
def oskar(transactional_db: None) -> Operator:
    return make_operator("oskar", Operator.Role.OPERATOR)


@pytest.fixture
def tab(browser: Browser, live_server: Any, oskar: Operator) -> Iterator[Page]:
    with tab_of(browser, live_server.url, oskar) as page:
        yield page


@pytest.mark.browser
@pytest.mark.xdist_group("pages")
def test_the_api_is_read_and_tried_in_a_browser(tab: Page, oskar: Operator) -> None:
    deployment = make_deployment(oskar, "lyon-cs01")
    described = Api(token_of(oskar, "read", "reader")).get("openapi.json").json()
    operations = sum(len(methods) for methods in described["paths"].values())
    tab.goto(DOCS)
    expect(tab.locator(".opblock")).to_have_count(operations)
    expect(tab.locator(".opblock-tag-section")).to_have_count(len(described["tags"]))
    # Of every fourth group one, one after the other: with more than a hundred operations each click takes the page a second,
    # with many of them open several.
    for group in tab.locator(".opblock-tag-section").all()[::4]:
        control = group.locator(".opblock-summary-control").first
        control.click()
        expect(tab.locator(".opblock.is-open")).to_have_count(1)
        control.click()
    tab.locator("#operations-tasks-start_task .opblock-summary-control").click()
    expect(tab.locator("#swagger-ui")).to_contain_text("Needs a preflight that passed")
    tab.locator("#operations-deployments-list_deployments .opblock-summary-control").click()

    tab.get_by_role("button", name="Authorize").click()
    tab.get_by_label("auth-bearer-value").fill(token_of(oskar, "read"))
    tab.locator(".auth-btn-wrapper").get_by_role("button", name="Apply credentials").click()
    tab.locator(".auth-btn-wrapper").get_by_role("button", name="Close").click()

    block = tab.locator("#operations-deployments-list_deployments")
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table")
    expect(answer).to_contain_text(str(deployment.pk))
    expect(answer).to_contain_text("next_cursor")
