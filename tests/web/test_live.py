from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.web.pages import Page, read, step_url
from wizard.models import Deployment, DeploymentState, Operator, Task
from wizard.services import deployments, pulses
from wizard.text import Text
from wizard.web.live import Seen


@pytest.fixture
def checked(operator: Operator) -> Deployment:
    return stories.answered(operator, "checked")


@pytest.fixture
def task(checked: Deployment, operator: Operator) -> Task:
    return stories.running(checked, "deploy_ova", operator)


def next_look(page: Page) -> str:
    (live,) = page.all("div", id="live-task")
    return live.get("hx-get", "")


def lines(page: Page) -> list[int]:
    return [int(line["value"]) for line in page.all("li") if "log__line" in line.get("class", "")]


def end(task: Task, state: str) -> None:
    Task.objects.filter(pk=task.pk).update(state=state, finished_at=timezone.now(), progress=100)


def test_a_task_that_goes_on_asks_again_in_a_second(working: Client, task: Task) -> None:
    page = read(working.get(f"/tasks/{task.pk}/"))
    (live,) = page.all("div", id="live-task")
    assert (live["hx-trigger"], live["hx-swap"]) == ("every 1s", "outerHTML")
    assert lines(page) == [1]


def test_nothing_is_sent_while_nothing_changed(working: Client, task: Task) -> None:
    answer = working.get(next_look(read(working.get(f"/tasks/{task.pk}/"))))
    assert answer.status_code == 204
    assert answer.content == b""


def test_a_task_whose_worker_died_says_that_none_is_there_to_take_it_up(working: Client, task: Task) -> None:
    words = "No worker was heard of lately"
    first = read(working.get(f"/tasks/{task.pk}/"))
    assert words not in first.words
    Task.objects.filter(pk=task.pk).update(lease_until=timezone.now() - timedelta(seconds=25))
    assert words in read(working.get(next_look(first))).words
    # Another one takes it up by itself.
    pulses.note("worker", "worker2@host")
    assert words not in read(working.get(f"/tasks/{task.pk}/")).words


def test_every_line_of_the_log_comes_once_and_in_order(working: Client, task: Task) -> None:
    page = read(working.get(f"/tasks/{task.pk}/"))
    seen = lines(page)
    for burst in (1, 3, 2):
        for number in range(burst):
            stories.tell(task, f"Line {number}")
        answer = working.get(next_look(page))
        assert answer.status_code == 200
        page = read(answer)
        assert page.all("ol", hx_swap_oob="beforeend:#log")
        seen += lines(page)
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_a_line_that_repeats_its_phase_says_it_once(working: Client, task: Task) -> None:
    stories.tell(task, str(task.phase))
    stories.tell(task, "Half of it is done.")
    words = read(working.get(f"/tasks/{task.pk}/")).words
    log = words[words.index("The work began.") :]
    assert log.count(str(task.phase)) == 2, log
    assert f"{task.phase} Half of it is done." in log


def test_the_facts_about_a_task_follow_it_to_its_end(working: Client, task: Task) -> None:
    first = read(working.get(f"/tasks/{task.pk}/"))
    assert first.all("dl", id="task-facts")
    end(task, "failed")
    page = read(working.get(next_look(first)))
    assert page.all("dl", id="task-facts", hx_swap_oob="true")
    assert "Ended" in page.words
    elsewhere = working.get(f"/tasks/{task.pk}/progress/?at=deploy&seen=0.0.0")
    assert b"task-facts" not in elsewhere.content


def test_the_last_answer_has_no_trigger_and_stops_the_polling(working: Client, task: Task) -> None:
    address = next_look(read(working.get(f"/tasks/{task.pk}/")))
    stories.tell(task, "The last line.")
    end(task, "succeeded")
    answer = working.get(address)
    assert answer.status_code == 286
    page = read(answer)
    assert next_look(page) == ""
    assert lines(page) == [2]
    assert "Succeeded" in page.words


def test_a_change_of_phase_is_said_once_to_who_listens(working: Client, task: Task) -> None:
    address = next_look(read(working.get(f"/tasks/{task.pk}/")))
    Task.objects.filter(pk=task.pk).update(phase=Text("Uploading"), progress=40)
    page = read(working.get(address))
    (said,) = page.all("p", id="live")
    assert said["hx-swap-oob"] == "innerHTML"
    assert "Deploy the appliance: Uploading" in page.words

    Task.objects.filter(pk=task.pk).update(progress=41)
    page = read(working.get(next_look(page)))
    assert "41 %" in page.words
    assert not page.all("p", id="live")


@pytest.mark.parametrize("at_the_step", [True, False])
def test_how_fast_an_upload_is_and_what_is_left_is_shown_and_said_once(
    working: Client, task: Task, at_the_step: bool
) -> None:
    address = step_url(task.deployment, "deploy") if at_the_step else f"/tasks/{task.pk}/"
    page = read(working.get(address))
    said = []
    for left in (42, 41):
        phase = Text(
            "Sending the disks: %(percent)d %% · %(speed)s MB/s · %(seconds)d s left",
            percent=70,
            speed="118",
            seconds=left,
        )
        Task.objects.filter(pk=task.pk).update(phase=phase)
        answer = working.get(next_look(page))
        assert answer.status_code == 200
        page = read(answer)
        assert f"Sending the disks: 70 % · 118 MB/s · {left} s left" in page.words
        said.append(bool(page.all("p", id="live")))
    assert said == [True, False], "figures that change every second are not for who listens"


def test_from_work_that_is_done_the_page_goes_on_to_the_next_step(
    working: Client, task: Task, checked: Deployment
) -> None:
    address = next_look(read(working.get(step_url(checked, "deploy"))))
    stories.tell(task, "The machine runs.")
    end(task, "succeeded")
    deployments.move_to(checked, DeploymentState.DEPLOYED)
    answer = working.get(address)
    assert answer["HX-Redirect"] == step_url(checked, "register")
    assert "The machine runs." in read(working.get(step_url(checked, "register"))).words


def test_what_went_wrong_is_read_on_the_page_of_its_step(
    working: Client, task: Task, checked: Deployment
) -> None:
    address = next_look(read(working.get(step_url(checked, "deploy"))))
    end(task, "failed")
    assert working.get(address)["HX-Redirect"] == step_url(checked, "deploy")


def test_a_recorded_topology_is_shown(working: Client, operator: Operator) -> None:
    registered = stories.answered(operator, "registered")
    task = stories.running(registered, "record_topology", operator)
    address = next_look(read(working.get(step_url(registered, "record"))))
    end(task, "succeeded")
    assert working.get(address)["HX-Redirect"] == f"/deployments/{registered.pk}/topology/"


@pytest.mark.parametrize("step", ["vcenter", "placement"])
def test_what_was_found_out_is_read_where_it_was_asked_for(
    working: Client, operator: Operator, step: str
) -> None:
    draft = stories.answered(operator, "vcenter")
    task = stories.running(
        draft, "sign_in_vcenter", operator, inputs=deployments.answers_of(draft)["vcenter"]
    )
    address = next_look(read(working.get(step_url(draft, step))))
    (before,) = read(working.get(step_url(draft, step))).all("section", id="outcome")
    assert before["tabindex"] == "-1"
    end(task, "succeeded")
    # With a query, without which a browser that is at that place already would not ask for the page.
    assert working.get(address)["HX-Redirect"] == f"{step_url(draft, step)}?after={task.pk}#outcome"
    page = read(working.get(step_url(draft, step)))
    (found,) = [attributes for _tag, attributes in page.elements if attributes.get("id") == "outcome"]
    assert found["tabindex"] == "-1"


@pytest.mark.parametrize("step", ["vcenter", "placement", "template"])
def test_no_form_takes_the_place_in_the_address_along_to_the_next_page(
    working: Client, operator: Operator, step: str
) -> None:
    draft = stories.answered(operator, "template")
    url = f"{step_url(draft, step)}?back=answers"
    forms = read(working.get(url)).all("form", method="post")
    # Without an address of its own a form is sent to that of the page, and redirects inherit what stands behind its #.
    assert len([form for form in forms if form.get("action") == url]) >= 2
    assert all(form.get("action") for form in forms)


def test_without_javascript_each_look_has_another_address_at_the_same_place(
    working: Client, operator: Operator
) -> None:
    draft = stories.answered(operator, "vcenter")
    stories.running(draft, "sign_in_vcenter", operator, inputs=deployments.answers_of(draft)["vcenter"])
    for query, wanted in (
        ("", "?look=1#outcome"),
        ("?look=1&back=answers", "?look=2&back=answers#outcome"),
        ("?look=-1", "?look=1#outcome"),
        ("?look=²", "?look=1#outcome"),
    ):
        (refresh,) = read(working.get(step_url(draft, "vcenter") + query)).all("meta", http_equiv="refresh")
        assert refresh["content"] == f"3; url={wanted}"


def test_on_the_page_of_the_checks_the_end_shows_the_new_results(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    run = stories.running(checked, "preflight", operator)
    address = next_look(read(working.get(f"/deployments/{checked.pk}/checks/")))
    end(run, "failed")
    assert working.get(address)["HX-Redirect"] == f"/deployments/{checked.pk}/checks/"


def test_an_edited_address_cannot_lead_elsewhere(working: Client, task: Task) -> None:
    end(task, "succeeded")
    assert working.get(f"/tasks/{task.pk}/progress/?at=//example.net/").status_code == 404


@pytest.mark.parametrize(
    "written", ["", "1", "1.2", "a.b.c", "1.2.-3", "١.٢.٣", "1.2.3.4", "9" * 40 + ".1.1"]
)
def test_an_edited_note_of_what_was_seen_begins_at_the_first_line(written: str) -> None:
    assert Seen.parse(written) == Seen()


def test_a_note_of_what_was_seen_survives_its_journey(task: Task) -> None:
    seen = Seen.of(task)
    assert Seen.parse(str(seen)) == seen
    assert seen.seq == 1


def test_without_javascript_the_page_refreshes_itself_until_the_end(working: Client, task: Task) -> None:
    address = f"/tasks/{task.pk}/"
    assert working.get(address).content.count(b'http-equiv="refresh"') == 1
    end(task, "failed")
    assert b'http-equiv="refresh"' not in working.get(address).content


def test_a_task_that_no_worker_takes_says_so(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    task = stories.running(checked, "preflight", operator)
    Task.objects.filter(pk=task.pk).update(state="queued")
    page = read(working.get(f"/tasks/{task.pk}/"))
    assert "No worker has taken this task yet" not in page.words
    address = next_look(page)
    Task.objects.filter(pk=task.pk).update(queued_at=timezone.now() - timedelta(minutes=1))
    answer = working.get(address)
    assert answer.status_code == 200
    assert "No worker has taken this task yet" in read(answer).words


def test_a_failed_task_says_what_happened_and_what_to_do(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    task = stories.failed(checked, "deploy_ova", operator, "upload_failed", "The upload broke off.")
    page = read(working.get(f"/tasks/{task.pk}/"))
    assert "The upload broke off. Do something about it." in page.words
    assert "upload_failed" in page.words
    assert page.all("form", action=f"/tasks/{task.pk}/retry/")


def test_a_running_task_is_asked_to_stop_once(working: Client, task: Task) -> None:
    answer = working.post(f"/tasks/{task.pk}/cancel/", follow=True)
    assert "The task was asked to stop." in read(answer).words
    assert "Cancelling…" in read(answer).words
    task.refresh_from_db()
    assert task.cancel_requested


def test_a_task_that_has_ended_cannot_be_stopped(working: Client, task: Task) -> None:
    end(task, "succeeded")
    answer = working.post(f"/tasks/{task.pk}/cancel/", follow=True)
    assert "This task has ended already." in read(answer).words


def test_a_failed_task_starts_again_as_a_new_one(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    old = stories.failed(
        checked,
        "deploy_ova",
        operator,
        "upload_failed",
        "The upload broke off.",
        inputs=stories.approval(checked),
    )
    answer = working.post(f"/tasks/{old.pk}/retry/")
    new = checked.tasks.get(kind="deploy_ova", state="queued")
    assert answer["Location"] == f"/tasks/{new.pk}/"


def test_a_task_that_cannot_start_again_says_why(working: Client, operator: Operator) -> None:
    draft = stories.answered(operator, "vault")
    old = stories.failed(draft, "deploy_ova", operator, "upload_failed", "The upload broke off.")
    answer = working.post(f"/tasks/{old.pk}/retry/", follow=True)
    assert "a preflight without blocking findings" in read(answer).words
    assert not draft.tasks.filter(state="queued").exists()


def test_a_name_with_markup_in_a_log_is_shown_and_not_obeyed(working: Client, task: Task) -> None:
    stories.tell(task, "<script>alert(1)</script> & so on")
    content = working.get(f"/tasks/{task.pk}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; so on" in content


def test_watching_a_task_that_was_deleted_ends(working: Client, task: Task) -> None:
    address = next_look(read(working.get(f"/tasks/{task.pk}/")))
    task.delete()
    assert working.get(address, headers={"HX-Request": "true"}).status_code == 286
    assert working.get(address).status_code == 404
