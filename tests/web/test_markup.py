from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests import plans, stories
from tests.builders import make_deployment, make_operator
from tests.services import machines
from tests.web.pages import QUESTION, Page, addresses, read, step_url
from tests.web.results import add_result
from wizard.journey import base as journey
from wizard.models import Operator
from wizard.services import attestations, deployments, waivers

# The tests read what was answered before; the mark is what makes pytest-django set up a database where they run alone.
# One worker takes all of them: the pages are asked for once a worker.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database, pytest.mark.xdist_group("markup")]


@pytest.fixture(scope="module")
def every_page(django_db_setup: None, django_db_blocker: Any) -> list[tuple[str, HttpResponse, Page]]:
    """Each address of the web door, each step in several states, each stage of the vCenter step, refusals, the sign-in.

    Asked for once for all tests here: they only read.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        operator = make_operator("olga", Operator.Role.OPERATOR)
        client = Client()
        client.force_login(operator)
        found = [(address, answer, read(answer)) for address, answer in _ask_all(client, operator)]
        transaction.set_rollback(True)
    return found


def _ask_all(client: Client, operator: Operator) -> Iterator[tuple[str, HttpResponse]]:
    recorded = stories.answered(operator, "recorded")
    failing = stories.answered(operator, "vault")
    stories.check(failing, operator, failing=("TPL-01",))
    for requirement in (QUESTION, "LIFE-02", "AV-01"):
        add_result(failing, requirement)
    attestations.attest(failing, "LIFE-02", answer="no", note="Not yet.", actor=operator)
    waivers.waive(failing, "AV-01", reason="Agreed.", until=timezone.localdate(), actor=operator)
    waiting = make_deployment(operator)
    busy = stories.answered(operator, "checked")
    stories.running(busy, "deploy_ova", operator)
    planned = stories.answered(operator, "checked")
    stories.plan(planned, operator, warnings=[plans.WARNING])
    looked = stories.answered(operator, "capacity")
    stories.probe(looked, operator, sha256=stories.OTHER_SHA256)
    pinned = {**stories.ADDRESS, "thumbprint_sha256": stories.SHA256}
    deployments.keep_draft(looked, "vcenter", pinned, actor=operator)
    wanted = [address for name, address in addresses(recorded) if name != "readyz"]
    for deployment in (recorded, failing, waiting, busy, planned, looked):
        wanted += [step_url(deployment, step.id) for step in journey.journey("asr-classic")]
        wanted += [f"/deployments/{deployment.pk}/", f"/deployments/{deployment.pk}/answers/"]
        wanted += [
            f"/deployments/{deployment.pk}/{page}/"
            for page in ("checks", "task-sheets", "firewall", "calendar")
        ]
    by_hand = machines.by_hand(operator)
    machines.hear(by_hand, operator, "broken-wmi")
    stories.check(by_hand, operator)
    linux = {"source": {"protects": ["vmware"]}, "capacity": {"failback": True, "linux_failback": True}}
    returning = machines.by_hand(operator, **linux)
    reached = machines.by_hand(operator)
    address = {"host": "cs01.lab.test", "port": 5986, "transport": "https"}
    presented = {
        "fingerprint_sha256": stories.OTHER_SHA256,
        "layers": [],
        "not_after": "2036-01-01T00:00:00Z",
    }
    stories.succeeded(reached, "probe_host", operator, inputs=address, result=presented)
    pinned = {"way": "winrm", **address, "thumbprint_sha256": stories.SHA256}
    deployments.keep_draft(reached, "evidence", pinned, actor=operator)
    modernized = deployments.create(name="oslo", profile="asr-modernized", actor=operator)
    deployments.answer(modernized, "source", {"protects": ["vmware"], "method": "manual"}, actor=operator)
    for deployment in (by_hand, returning, reached, modernized):
        wanted += [step_url(deployment, step.id) for step in journey.journey(deployment.profile)]
        wanted += [f"/deployments/{deployment.pk}/", f"/deployments/{deployment.pk}/answers/"]
    wanted.append("/deployments/00000000-0000-0000-0000-000000000000/")
    for address in wanted:
        answer = client.get(address)
        html = answer.get("Content-Type", "").startswith("text/html")
        if html and "Content-Disposition" not in answer and answer.status_code not in (302, 405):
            yield address, answer
    yield "bad form", client.post(step_url(waiting, "capacity"), {"machines": "many"})
    asked = f"/deployments/{failing.pk}/checks/{QUESTION}/answer/"
    yield "bad answer", client.post(asked, {f"{QUESTION}-answer": "perhaps"})
    yield "outdated", client.post(step_url(waiting, "capacity"), {"machines": "5", "version": "99"})
    client.logout()
    yield "sign-in", client.get("/sign-in/")


def is_file_of_ours(attributes: dict[str, str]) -> bool:
    # Two slashes would be another host.
    return re.match(r"/static/[^/]", attributes.get("src", "")) is not None


def is_data_block(attributes: dict[str, str]) -> bool:
    """No browser runs a script of this type (HTML, "prepare the script element"): scripts of ours read it as text."""
    return attributes.keys() == {"id", "type"} and attributes["type"] == "application/json"


def test_only_what_cannot_be_run_passes_for_a_data_block() -> None:
    assert is_data_block({"id": "options", "type": "application/json"})
    for kind in ("", "text/javascript", "module", "importmap", "speculationrules", "application/javascript"):
        assert not is_data_block({"id": "options", "type": kind})
    assert not is_data_block({"id": "options"})
    assert not is_file_of_ours({"src": "//static/x.js"})


def test_no_page_has_script_or_style_of_its_own(every_page: list[tuple[str, HttpResponse, Page]]) -> None:
    assert len(every_page) > 80
    for address, _answer, page in every_page:
        for tag, attributes in page.elements:
            assert tag != "style", address
            assert tag != "script" or is_file_of_ours(attributes) or is_data_block(attributes), address
            assert not {name for name in attributes if name == "style" or name.startswith(("on", "hx-on"))}, (
                address,
                attributes,
            )
            assert not attributes.get("href", "").startswith("javascript:"), address


def test_every_page_comes_with_a_strict_policy(every_page: list[tuple[str, HttpResponse, Page]]) -> None:
    for address, answer, _page in every_page:
        policy = answer["Content-Security-Policy"]
        assert "default-src 'self'" in policy, address
        assert "unsafe" not in policy, address
        assert answer["X-Frame-Options"] == "DENY", address


def test_every_form_that_changes_something_carries_the_token(
    every_page: list[tuple[str, HttpResponse, Page]],
) -> None:
    for address, _answer, page in every_page:
        forms = len(page.all("form", method="post"))
        assert len(page.all("input", name="csrfmiddlewaretoken")) == forms, address


def test_every_page_has_one_heading_and_no_id_twice(every_page: list[tuple[str, HttpResponse, Page]]) -> None:
    for address, _answer, page in every_page:
        if "/progress/" in address:
            continue
        assert len(page.all("h1")) == 1, address
        ids = Counter(attributes["id"] for _tag, attributes in page.elements if "id" in attributes)
        assert not [name for name, number in ids.items() if number > 1], address


def test_every_field_has_a_label_and_every_reference_a_target(
    every_page: list[tuple[str, HttpResponse, Page]],
) -> None:
    for address, _answer, page in every_page:
        ids = {attributes["id"] for _tag, attributes in page.elements if "id" in attributes}
        labelled = {label.get("for") for label in page.all("label")}
        for tag, attributes in page.elements:
            if tag in ("select", "textarea") or (
                tag == "input" and attributes.get("type") not in ("hidden", "submit")
            ):
                assert attributes.get("id") in labelled, (address, attributes)
            for reference in ("aria-describedby", "aria-labelledby", "for"):
                targets = attributes.get(reference, "").split()
                assert set(targets) <= ids, (address, attributes)


def test_nothing_is_fetched_from_elsewhere(every_page: list[tuple[str, HttpResponse, Page]]) -> None:
    for address, _answer, page in every_page:
        for tag, attributes in page.elements:
            if tag in ("script", "img", "iframe", "link"):
                source = attributes.get("src") or attributes.get("href", "")
                # A picture that is in the page itself is not fetched at all.
                held = (tag == "img" and source.startswith("data:image/")) or (
                    tag == "script" and is_data_block(attributes)
                )
                assert held or source.startswith("/static/"), (address, source)


def test_a_page_that_was_refused_says_so_in_its_title(
    every_page: list[tuple[str, HttpResponse, Page]],
) -> None:
    by_address = {address: answer for address, answer, _page in every_page}
    assert "<title>Error: " in by_address["bad form"].content.decode()
    assert by_address["bad form"].status_code == 422
    assert "<title>Error: " in by_address["bad answer"].content.decode()
    assert by_address["outdated"].status_code == 409


def test_the_secret_of_an_account_is_on_no_page(every_page: list[tuple[str, HttpResponse, Page]]) -> None:
    for address, answer, _page in every_page:
        assert stories.PASSWORD not in answer.content.decode(), address
