"""Work through the API: started, followed, stopped, started again."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import stories
from tests.api.client import Api, ok, problem
from tests.builders import make_deployment
from wizard.models import Deployment, Operator, Task, TaskState
from wizard.services import tasks

pytestmark = pytest.mark.django_db


def start(api: Api, deployment: Deployment, kind: str, **inputs: Any) -> Any:
    return api.post(f"deployments/{deployment.pk}/tasks/", {"kind": kind, "inputs": inputs})


def run(task_id: str) -> None:
    tasks.execute(Task.objects.get(pk=task_id).pk, "worker-1")


def test_work_is_accepted_and_followed_to_its_end(api: Api, deployment: Deployment) -> None:
    response = start(api, deployment, "test_count", steps=2)
    accepted = ok(response, 202)
    assert response["Location"] == f"/api/v1/tasks/{accepted['id']}/"
    assert accepted == {
        "id": accepted["id"],
        "deployment": str(deployment.pk),
        "kind": "test_count",
        "state": "queued",
        "progress": 0,
        "phase": "Waiting for a worker",
        "attempt": 0,
        "queued_at": accepted["queued_at"],
        "started_at": None,
        "finished_at": None,
        "requested_by": "oskar",
        "request_id": response["X-Request-ID"],
        "result": None,
        "result_omitted": False,
        "error": None,
    }
    assert accepted["queued_at"].endswith("Z")
    run(accepted["id"])
    ended = ok(api.get(response["Location"]))
    assert (ended["state"], ended["progress"], ended["attempt"]) == ("succeeded", 100, 1)
    assert ended["result"] == {"counted": 2}
    assert ended["started_at"] <= ended["finished_at"]


def test_a_list_says_that_there_is_a_result_and_leaves_it_out(api: Api, deployment: Deployment) -> None:
    waiting = ok(start(api, deployment, "test_refuse"), 202)["id"]
    done = ok(start(api, deployment, "test_count", steps=2), 202)["id"]
    run(done)
    with CaptureQueriesContext(connection) as queries:
        rows = {row["id"]: row for row in ok(api.get("tasks/"))["items"]}
    assert (rows[done]["result"], rows[done]["result_omitted"]) == (None, True)
    assert (rows[waiting]["result"], rows[waiting]["result_omitted"]) == (None, False)
    listed = next(query["sql"] for query in queries if '"queued_at" DESC' in query["sql"])
    columns = listed[: listed.index(" FROM ")]
    assert '"wizard_task"."result",' not in columns, "a megabyte each must not even be read"
    whole = ok(api.get(f"tasks/{done}/"))
    assert (whole["result"], whole["result_omitted"]) == ({"counted": 2}, False)


def test_the_log_of_a_task_is_read_from_where_the_reader_was(api: Api, deployment: Deployment) -> None:
    task = ok(start(api, deployment, "test_count", steps=2), 202)["id"]
    assert ok(api.get(f"tasks/{task}/events/")) == {"items": []}
    run(task)
    items = ok(api.get(f"tasks/{task}/events/"))["items"]
    assert [(item["seq"], item["message"]) for item in items] == [
        (1, "Counting"),
        (2, "Step 1"),
        (3, "Step 2"),
        (4, "Counted."),
    ]
    assert items[1] == {
        "seq": 2,
        "at": items[1]["at"],
        "level": "info",
        "phase": "Counting",
        "message": "Step 1",
        "data": {},
    }
    assert [item["seq"] for item in ok(api.get(f"tasks/{task}/events/", after=2))["items"]] == [3, 4]
    assert ok(api.get(f"tasks/{task}/events/", after=4)) == {"items": []}


def test_a_failure_says_what_and_what_to_do(api: Api, deployment: Deployment) -> None:
    task = ok(start(api, deployment, "test_refuse"), 202)["id"]
    run(task)
    body = ok(api.get(f"tasks/{task}/"))
    assert body["state"] == "failed"
    assert body["error"] == {
        "code": "closed",
        "message": "The bridge is closed.",
        "remedy": "Take the ferry.",
    }
    assert ok(api.get(f"tasks/{task}/events/"))["items"][-1]["level"] == "error"


def test_a_crash_of_a_task_shows_nothing_of_its_inside(api: Api, deployment: Deployment) -> None:
    task = ok(start(api, deployment, "test_crash"), 202)["id"]
    run(task)
    shown = api.get(f"tasks/{task}/").content + api.get(f"tasks/{task}/events/").content
    assert b"internal" in shown
    assert b"canary" not in shown
    assert b"ZeroDivision" not in shown


def test_a_kind_that_is_none_is_refused_with_the_known_ones(api: Api, deployment: Deployment) -> None:
    body = problem(start(api, deployment, "make_coffee"), 422, "invalid")
    assert body["errors"][0]["path"] == "kind"
    assert body["errors"][0]["code"] == "unknown_kind"
    assert "deploy_ova" in body["errors"][0]["message"]


def test_what_cannot_start_yet_says_what_is_missing(api: Api, deployment: Deployment) -> None:
    body = problem(start(api, deployment, "preflight"), 409, "not_ready")
    assert body["detail"] == "Preflight cannot start yet."
    assert body["remedy"].startswith("Still missing: Source and method, Capacity, vCenter Server")
    assert problem(start(api, deployment, "deploy_ova"), 409, "not_ready")["remedy"]
    assert not Task.objects.exists()


def test_inputs_that_are_not_valid_are_named(api: Api, deployment: Deployment) -> None:
    body = problem(start(api, deployment, "probe_vcenter", host="https://[", port=0), 422, "invalid")
    assert {error["path"] for error in body["errors"]} == {"host", "port"}


def test_a_second_task_that_changes_something_has_to_wait(api: Api, deployment: Deployment) -> None:
    first = ok(start(api, deployment, "test_build"), 202)
    body = problem(start(api, deployment, "test_change"), 409, "task_running")
    assert "test_build" in body["detail"]
    run(first["id"])
    ok(start(api, deployment, "test_change"), 202)


def test_a_waiting_task_is_cancelled_at_once(api: Api, deployment: Deployment) -> None:
    task = ok(start(api, deployment, "test_count"), 202)["id"]
    response = api.post(f"tasks/{task}/cancel/")
    assert ok(response, 202)["state"] == "cancelled"
    assert response["Location"] == f"/api/v1/tasks/{task}/"
    problem(api.post(f"tasks/{task}/cancel/"), 409, "finished")


def test_a_running_task_is_asked_to_stop(api: Api, deployment: Deployment, operator: Operator) -> None:
    task = stories.running(deployment, "test_count", operator)
    assert ok(api.post(f"tasks/{task.pk}/cancel/"), 202)["state"] == "running"
    task.refresh_from_db()
    assert task.cancel_requested


def test_a_task_is_started_again_as_a_new_one(api: Api, deployment: Deployment) -> None:
    first = ok(start(api, deployment, "test_count", steps=7), 202)["id"]
    problem(api.post(f"tasks/{first}/retry/"), 409, "not_finished")
    run(first)
    response = api.post(f"tasks/{first}/retry/")
    again = ok(response, 202)
    assert again["id"] != first
    assert response["Location"] == f"/api/v1/tasks/{again['id']}/"
    assert Task.objects.get(pk=again["id"]).inputs == {"steps": 7}


def test_a_task_that_is_not_there_is_not_found(api: Api) -> None:
    nowhere = f"tasks/{uuid4()}/"
    for response in (
        api.get(nowhere),
        api.get(f"{nowhere}events/"),
        api.post(f"{nowhere}cancel/"),
        api.post(f"{nowhere}retry/"),
    ):
        problem(response, 404, "not_found")


def test_the_list_is_filtered(api: Api, deployment: Deployment, operator: Operator) -> None:
    counted = ok(start(api, deployment, "test_count"), 202)["id"]
    run(counted)
    refused = ok(start(api, deployment, "test_refuse"), 202)["id"]
    elsewhere = ok(start(api, make_deployment(operator), "test_count"), 202)["id"]

    def ids(**query: Any) -> list[str]:
        return [row["id"] for row in ok(api.get("tasks/", **query))["items"]]

    assert ids() == [elsewhere, refused, counted]
    assert ids(ordering="queued_at") == [counted, refused, elsewhere]
    assert ids(deployment=deployment.pk) == [refused, counted]
    assert ids(kind="test_count") == [elsewhere, counted]
    assert ids(state="queued") == [elsewhere, refused]
    assert ids(state="succeeded", kind="test_refuse") == []
    assert problem(api.get("tasks/", state="odd"), 422, "invalid")["errors"][0]["path"] == "state"
    assert problem(api.get("tasks/", deployment="x"), 422, "invalid")["errors"][0]["path"] == "deployment"


def test_the_words_of_a_task_come_in_the_readers_language_and_its_codes_do_not(
    api: Api, deployment: Deployment
) -> None:
    task = ok(start(api, deployment, "test_refuse"), 202)["id"]
    run(task)
    for language in ("fr", "sv", "fr-CA,fr;q=0.8", "xx", "*"):
        response = api.send("GET", f"tasks/{task}/", headers={"Accept-Language": language})
        assert ok(response)["error"]["code"] == "closed"
        refused = api.send(
            "POST",
            f"deployments/{deployment.pk}/tasks/",
            {"kind": "preflight"},
            headers={"Accept-Language": language},
        )
        problem(refused, 409, "not_ready")
    assert Task.objects.get(pk=task).state == TaskState.FAILED
