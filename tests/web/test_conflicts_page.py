"""The page of conflicts between deployments."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import stories
from tests.services.test_crossing import site
from tests.web.pages import read
from wizard.models import Operator

pytestmark = pytest.mark.django_db


def test_each_conflict_says_what_where_and_what_to_do(looking: Client, operator: Operator) -> None:
    first = site(operator, "lyon", address="192.0.2.9")
    second = site(operator, "essen", address="192.0.2.9")
    server = stories.enter_server(first, operator)
    stories.enter_server(second, operator)
    page = read(looking.get("/conflicts/"))
    assert "2 conflicts, 1 of them critical." in page.words
    assert "One address twice Servers of essen, lyon have one address: 192.0.2.9. Critical" in page.words
    assert "Give one of them another address" in page.words
    assert page.all("a", href=f"/deployments/{second.pk}/")
    assert page.all("a", href=f"/deployments/{first.pk}/machines/{server.pk}/")


def test_the_list_of_deployments_leads_there_and_asks_how_many(looking: Client, operator: Operator) -> None:
    assert not read(looking.get("/")).all("a", href="/conflicts/"), (
        "without deployments there is nothing to ask"
    )
    for name in ("lyon", "metz"):
        site(operator, name, address="192.0.2.9")
    page = read(looking.get("/"))
    assert page.all("a", href="/conflicts/")
    (asking,) = [found for tag, found in page.elements if "/conflicts/?count" in found.get("hx-get", "")]
    fragment = looking.get(asking["hx-get"], headers={"HX-Request": "true"})
    assert read(fragment).words == "1 conflict between deployments"
    assert "One address twice" in read(looking.get("/conflicts/?count=1")).words, (
        "without script it is the page itself"
    )


def test_without_a_conflict_the_page_says_so(looking: Client) -> None:
    assert "No conflict" in read(looking.get("/conflicts/")).words
