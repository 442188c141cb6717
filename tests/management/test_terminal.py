"""What a person sees in a terminal, and what is left of it in a log."""

from __future__ import annotations

import io
import re
import threading
import time

import pytest
from django.db import connection
from rich.console import Console

from tests import stories
from tests.builders import make_deployment
from tests.waiting import wait_until
from wizard.journey.errors import FieldError
from wizard.management import terminal
from wizard.models import CheckResult, Operator, Task
from wizard.services import tasks
from wizard.services.errors import Invalid, UserError
from wizard.services.host_facts import FactsRefused
from wizard.text import Text

pytestmark = pytest.mark.django_db


def console(*, is_terminal: bool, width: int = 100) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=is_terminal, highlight=False, _environ={})


def said(shown: Console) -> str:
    assert isinstance(shown.file, io.StringIO)
    return shown.file.getvalue()


def run(operator: Operator, kind: str) -> Task:
    task = tasks.launch(kind, deployment=make_deployment(operator), actor=operator)
    tasks.execute(task.pk, "worker-1")
    return task


def test_a_fingerprint_is_shown_letter_by_letter(capsys: pytest.CaptureFixture[str]) -> None:
    fingerprint = "C1:CA:CD:E8:AB:CL:01"
    shown = terminal.terminal()
    terminal.say_error(shown, UserError(Text("%(found)s", found=fingerprint)))
    assert capsys.readouterr().out.split() == [fingerprint]


def test_a_task_is_told_in_a_log_line_by_line(operator: Operator) -> None:
    shown = console(is_terminal=False)
    ended = terminal.follow(shown, run(operator, "test_count"))
    assert ended.state == "succeeded"
    *lines, done = [line.rstrip() for line in said(shown).splitlines()]
    assert lines == ["test_count", "  Counting", "  Step 1", "  Step 2", "  Step 3", "  Counted."]
    assert re.fullmatch(r"  Done in \d+ s\.", done)


def test_a_failure_is_told_in_red_and_leaves_no_bar(operator: Operator) -> None:
    shown = console(is_terminal=True)
    assert terminal.follow(shown, run(operator, "test_refuse")).state == "failed"
    assert "\x1b[1;31mThe bridge is closed.\x1b[0m" in said(shown)
    assert re.search(r"Failed after \d+ s\.", said(shown))


@pytest.mark.django_db(transaction=True)
def test_a_terminal_shows_a_bar_while_the_work_goes_on(operator: Operator, worker: None) -> None:
    inputs = {"steps": 16, "pause": 0.1}
    task = tasks.launch("test_count", deployment=make_deployment(operator), actor=operator, inputs=inputs)
    shown = console(is_terminal=True)
    assert terminal.follow(shown, task).state == "succeeded"
    assert "━" in said(shown)
    assert re.search(r"\b[1-9]\d%", said(shown)), "somewhere between the beginning and the end"
    assert "Counting" in said(shown)


@pytest.mark.django_db(transaction=True)
def test_a_task_that_nobody_takes_up_is_remarked_on_once(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "NO_WORKER_SECONDS", 0.1)
    task = tasks.launch("test_count", deployment=make_deployment(operator), actor=operator)

    def give_up() -> None:
        wait_until(lambda: "No worker" in said(shown))
        time.sleep(0.5)  # so that it could be remarked on again
        tasks.cancel(task, actor=operator)
        connection.close()

    shown = console(is_terminal=False)
    person = threading.Thread(target=give_up)
    person.start()
    assert terminal.follow(shown, Task.objects.get()).state == "cancelled"
    person.join()
    assert said(shown).count("No worker has taken this up yet; is one running?") == 1


@pytest.mark.parametrize("width", [100, 80])
def test_the_table_loses_nothing_on_a_narrow_terminal(operator: Operator, width: int) -> None:
    deployment = stories.answered(operator, "vault")
    stories.check(deployment, operator, failing=("TPL-02",))
    endless = "a-very-long-name-without-any-place-to-break." * 4
    CheckResult.objects.filter(requirement_id="TPL-01").update(observed=Text("%(x)s", x=endless))
    shown = console(is_terminal=False, width=width)
    terminal.show_checks(shown, list(deployment.checks.all()))
    text = said(shown)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    flat = "".join(text.split())
    assert all(requirement in text for requirement in ("TPL-01", "TPL-02", "LIFE-01"))
    assert "Actionneeded" in flat
    assert "MendTPL-02." in flat
    assert "AdetailofTPL-02." in flat
    assert "MendTPL-01." not in flat, "what is in order needs no remedy"


def test_what_was_observed_is_never_taken_for_markup(operator: Operator) -> None:
    deployment = stories.answered(operator, "vault")
    stories.check(deployment, operator, failing=("TPL-01",))
    evil = "[bold]loud[/bold] [link=http://x]here[/link] [/]"
    CheckResult.objects.update(
        observed=Text(evil), summary=Text(evil), title=Text(evil), details=[{"text": evil}]
    )
    shown = console(is_terminal=True, width=300)
    terminal.show_checks(shown, list(deployment.checks.all()))
    terminal.say_error(
        shown,
        UserError(
            Text(evil), remedy=Text(evil), errors=[FieldError(path="a[0]", message=Text(evil), code="x")]
        ),
    )
    assert said(shown).count("[bold]loud[/bold]") >= 5


def test_an_error_names_each_place_and_what_to_do() -> None:
    shown = console(is_terminal=False)
    fields = [FieldError(path="answers.network.dns.1", message=Text("No address."), code="x")]
    terminal.say_error(shown, Invalid(fields, Text("Look again.")))
    terminal.say_error(shown, UserError(Text("It is closed."), remedy=Text("Wait.")))
    assert [line.rstrip() for line in said(shown).splitlines()] == [
        "Look again.",
        "  answers.network.dns.1: No address.",
        "It is closed.",
        "  Wait.",
    ]


def test_a_document_that_is_refused_has_its_reason_said_once() -> None:
    shown = console(is_terminal=False)
    refused = FactsRefused(Text("It was changed."), remedy=Text("Run the script again."), code="tampered")
    terminal.say_error(shown, refused)
    assert [line.strip() for line in said(shown).splitlines()] == ["It was changed.", "Run the script again."]
