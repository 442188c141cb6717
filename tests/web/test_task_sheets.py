"""Task sheets: what is left to do, for each person who does it, on paper, in tickets and on the page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.web.pages import read
from tests.web.results import add_result, verified
from wizard.checks import catalogue
from wizard.models import Deployment, Operator
from wizard.services import waivers


@pytest.fixture
def failing(operator: Operator) -> Deployment:
    draft = stories.answered(operator, "vault")
    stories.check(draft, operator, failing=("TPL-01",))
    add_result(draft, "HW-01", owner="windows")
    return draft


def url(deployment: Deployment, rest: str = "/") -> str:
    return f"/deployments/{deployment.pk}/task-sheets{rest}"


def test_every_owner_has_a_sheet_with_what_to_do_and_the_command(
    looking: Client, failing: Deployment
) -> None:
    page = read(looking.get(url(failing)))
    assert [line["aria-labelledby"] for line in page.all("section") if "sheet" in line.get("class", "")] == [
        "sheet-windows",
        "sheet-azure",
        "sheet-operator",
    ]
    assert "Mend TPL-01." in page.words
    assert "TPL-02" not in page.words
    assert page.all("a", href="/requirements/asr-classic/HW-01/")
    command = catalogue.load("asr-classic").get("HW-01")
    assert command is not None
    assert command.command
    assert command.command in page.text
    assert page.all("button", data_copy="command-HW-01")


def test_a_sheet_is_copied_and_taken_away_as_markdown(looking: Client, failing: Deployment) -> None:
    page = read(looking.get(url(failing)))
    assert page.all("button", data_copy="markdown-windows")
    assert page.all("pre", id="markdown-windows")
    assert page.all("a", href=url(failing, ".md?phase=before&owner=windows"))

    whole, one = (looking.get(url(failing, f".md{query}")) for query in ("", "?owner=windows"))

    assert whole["Content-Type"] == "text/markdown; charset=utf-8"
    assert whole["Content-Disposition"] == f'attachment; filename="{failing.name}-tasks.md"'
    assert one["Content-Disposition"] == f'attachment; filename="{failing.name}-tasks-windows.md"'
    for name in ("TPL-01", "HW-01", "LIFE-01"):
        assert f"### {name} " in whole.content.decode()
    assert "### HW-01 " in one.content.decode()
    assert "TPL-01" not in one.content.decode()
    assert looking.get(url(failing, ".md?owner=nobody")).status_code == 404


def test_what_a_machine_said_of_itself_stays_text_on_the_sheet(looking: Client, failing: Deployment) -> None:
    add_result(failing, "HW-02", details=[{"text": "%(value)s", "values": {"value": "<img src=x>"}}])
    answer = looking.get(url(failing))
    assert "&lt;img src=x&gt;" in answer.content.decode()
    assert not read(answer).all("img", src="x")


def test_what_is_waived_is_on_no_sheet(looking: Client, failing: Deployment, admin: Operator) -> None:
    waivers.waive(failing, "LIFE-01", reason="Old.", until=timezone.localdate(), actor=failing.created_by)
    assert read(looking.get(url(failing))).all("section", aria_labelledby="sheet-azure")
    waivers.approve_waiver(failing, "LIFE-01", actor=admin)
    assert not read(looking.get(url(failing))).all("section", aria_labelledby="sheet-azure")


def test_before_the_first_run_the_page_leads_to_it(looking: Client, operator: Operator) -> None:
    draft = stories.answered(operator, "vault")
    page = read(looking.get(url(draft)))
    assert page.all("a", href=f"/deployments/{draft.pk}/steps/preflight/")
    assert looking.get(url(draft, ".md")).status_code == 404


def test_where_nothing_is_left_the_page_says_so(looking: Client, operator: Operator) -> None:
    done = stories.answered(operator, "vault")
    task = stories.succeeded(done, "preflight", operator, result={})
    add_result(done, "HW-01", task, status="pass")
    assert "Nothing is left to do" in read(looking.get(url(done))).words


def test_after_the_verification_its_tasks_come_first(looking: Client, operator: Operator) -> None:
    deployed = stories.answered(operator, "deployed")
    verified(deployed, operator, "HW-01")
    page = read(looking.get(url(deployed)))
    assert page.all("a", href="/requirements/asr-classic/HW-01/")
    assert not page.all("a", href="/requirements/asr-classic/LIFE-01/")
    before = read(looking.get(url(deployed, "/?phase=before")))
    assert before.all("a", href="/requirements/asr-classic/LIFE-01/")
    # The file says what the page says, also without naming a phase.
    for address in (".md", ".md?phase=after"):
        assert "### HW-01 " in looking.get(url(deployed, address)).content.decode()
