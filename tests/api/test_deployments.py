"""Deployments through the API: begun, read, renamed, thrown away; never overwritten unseen."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests import stories
from tests.api.client import Api, ok, problem
from tests.builders import make_deployment
from wizard.models import AuditEntry, Deployment, Operator
from wizard.services import tasks

pytestmark = pytest.mark.django_db

STEPS = [
    "profile",
    "source",
    "capacity",
    "vcenter",
    "placement",
    "template",
    "network",
    "vault",
    "installation",
    "evidence",
    "preflight",
    "deploy",
    "install",
    "register",
    "record",
]


def test_a_deployment_is_begun_and_found_again(api: Api) -> None:
    response = api.post("deployments/", {"name": "lyon-cs01", "profile": "asr-classic"})
    body = ok(response, 201)
    assert response["ETag"] == '"1"'
    assert response["Location"] == f"/api/v1/deployments/{body['id']}/"
    assert (body["name"], body["profile"], body["state"], body["revision"]) == (
        "lyon-cs01",
        "asr-classic",
        "draft",
        1,
    )
    assert body["created_by"] == "oskar"
    assert body["created_at"].endswith("Z")
    again = api.get(response["Location"])
    assert ok(again) == body
    assert again["ETag"] == '"1"'


def test_who_began_it_stands_in_the_audit_trail_with_the_request(api: Api) -> None:
    response = api.send(
        "POST",
        "deployments/",
        {"name": "lyon-cs01", "profile": "asr-classic"},
        headers={"X-Request-ID": "run-4711"},
    )
    assert response["X-Request-ID"] == "run-4711"
    entry = AuditEntry.objects.get(action="deployment.created")
    assert (str(entry.actor), entry.request_id, entry.address) == ("oskar", "run-4711", "127.0.0.1")


def test_the_steps_say_how_they_stand(api: Api, deployment: Deployment) -> None:
    body = ok(api.get(f"deployments/{deployment.pk}/"))
    assert [step["id"] for step in body["steps"]] == STEPS
    assert body["progress"] == 7, "one of fifteen"
    assert body["steps"][0]["status"] == "complete"
    assert body["steps"][1] == {
        "id": "source",
        "title": "Source and method",
        "complete": False,
        "applies": True,
        "status": "next",
        "reason": "",
    }
    assert body["steps"][2]["reason"] == "Cannot start yet. First complete: Source and method."


def test_a_recorded_deployment_shows_its_answers_and_its_end(api: Api, operator: Operator) -> None:
    deployment = stories.answered(operator, "recorded")
    body = ok(api.get(f"deployments/{deployment.pk}/"))
    assert (body["state"], body["progress"]) == ("recorded", 100)
    assert all(step["complete"] for step in body["steps"] if step["applies"])
    assert {step["id"] for step in body["steps"] if not step["applies"]} == {
        "installation",
        "evidence",
        "install",
    }
    assert body["answers"]["capacity"]["machines"] == 120
    assert body["answers"]["vcenter"]["credential"] == f"{deployment.name}-vcenter"


@pytest.mark.parametrize(
    ("sent", "path", "message"),
    [
        ({"name": "", "profile": "asr-classic"}, "name", "An answer is missing here."),
        ({"profile": "asr-classic"}, "name", "An answer is missing here."),
        ({"name": "x", "profile": "asr-modernised"}, "profile", None),
        (
            {"name": "x", "profile": "asr-classic", "colour": "red"},
            "colour",
            "This field is not known here. Check the spelling, or remove it.",
        ),
        ({"name": 7, "profile": "asr-classic"}, "name", "“7” is not a text. Put it in quotes."),
        ([], "", None),
        ("lyon", "", None),
    ],
)
def test_what_is_not_valid_is_refused_by_the_field(
    api: Api, sent: object, path: str, message: str | None
) -> None:
    body = problem(api.post("deployments/", sent), 422, "invalid")
    assert [error["path"] for error in body["errors"]] == [path]
    assert message is None or body["errors"][0]["message"] == message
    assert not Deployment.objects.exists()


def test_a_name_is_given_once(api: Api, deployment: Deployment) -> None:
    body = problem(api.post("deployments/", {"name": "lyon-cs01", "profile": "asr-classic"}), 422, "invalid")
    assert body["errors"] == [
        {
            "path": "name",
            "message": "A deployment named “lyon-cs01” exists already; choose another name.",
            "code": "name_taken",
        }
    ]


def test_a_profile_that_does_not_exist_is_told_from_those_that_do(api: Api) -> None:
    body = problem(api.post("deployments/", {"name": "x1", "profile": "asr-quantum"}), 422, "invalid")
    assert body["errors"][0]["code"] == "profile_unavailable"
    assert "asr-modernized, asr-classic" in body["errors"][0]["message"]


def test_an_appliance_has_its_own_steps(api: Api) -> None:
    body = ok(api.post("deployments/", {"name": "x1", "profile": "asr-modernized"}), 201)
    assert "appliance" in [step["id"] for step in body["steps"]]


def test_no_architecture_is_taken_for_granted(api: Api) -> None:
    body = problem(api.post("deployments/", {"name": "no good!", "profile": ""}), 422, "invalid")
    assert {error["path"]: error["code"] for error in body["errors"]} == {
        "name": "invalid",
        "profile": "missing",
    }


def test_a_deployment_is_renamed(api: Api, deployment: Deployment) -> None:
    response = api.patch(f"deployments/{deployment.pk}/", {"name": "paris-cs01"}, deployment.revision)
    assert ok(response)["name"] == "paris-cs01"
    assert response["ETag"] == '"2"'
    deployment.refresh_from_db()
    assert (deployment.name, deployment.revision) == ("paris-cs01", 2)


def test_a_change_without_a_revision_is_asked_for_one(api: Api, deployment: Deployment) -> None:
    body = problem(api.patch(f"deployments/{deployment.pk}/", {"name": "x1"}), 428, "if_match_required")
    assert "ETag" in body["remedy"]
    deployment.refresh_from_db()
    assert deployment.name == "lyon-cs01"


def test_a_change_of_an_old_revision_changes_nothing(api: Api, deployment: Deployment) -> None:
    ok(api.patch(f"deployments/{deployment.pk}/", {"name": "paris-cs01"}, 1))
    refused = [
        api.patch(f"deployments/{deployment.pk}/", {"name": "rome-cs01"}, 1),
        api.put(f"deployments/{deployment.pk}/steps/capacity/", {"machines": 1, "daily_change_gb": 1}, 1),
        api.delete(f"deployments/{deployment.pk}/", 1),
    ]
    for body in [problem(response, 412, "revision_outdated") for response in refused]:
        # Nobody who writes a program has a page or a form before them.
        assert body["detail"] == "The deployment is at revision 2, not 1."
        assert body["remedy"] == "Read what is there now, and decide again."
    deployment.refresh_from_db()
    assert deployment.name == "paris-cs01"


@pytest.mark.parametrize("tag", ['"1"', "1", 'W/"1"', ' "1" '])
def test_a_revision_may_be_written_as_proxies_write_it(api: Api, deployment: Deployment, tag: str) -> None:
    ok(api.send("PATCH", f"deployments/{deployment.pk}/", {"name": "x1"}, headers={"If-Match": tag}))


@pytest.mark.parametrize(
    "tag", ["*", '"one"', '"1", "2"', '""', '"-1"', '"99999999999999999999"', '"1', '1"', "W/*", ","]
)
def test_a_revision_that_is_none_is_refused_by_name(api: Api, deployment: Deployment, tag: str) -> None:
    response = api.send("PATCH", f"deployments/{deployment.pk}/", {"name": "x1"}, headers={"If-Match": tag})
    assert problem(response, 422, "invalid")["errors"][0]["path"] == "If-Match"


def test_a_draft_is_thrown_away(api: Api, deployment: Deployment) -> None:
    response = api.delete(f"deployments/{deployment.pk}/")
    assert (response.status_code, response.content) == (204, b"")
    problem(api.get(f"deployments/{deployment.pk}/"), 404, "not_found")


def test_a_draft_of_another_revision_is_not_thrown_away(api: Api, deployment: Deployment) -> None:
    problem(api.delete(f"deployments/{deployment.pk}/", 7), 412, "revision_outdated")
    assert Deployment.objects.exists()
    assert api.delete(f"deployments/{deployment.pk}/", 1).status_code == 204


def test_what_is_deployed_is_neither_deleted_nor_renamed(api: Api, operator: Operator) -> None:
    deployment = stories.answered(operator, "deployed")
    problem(api.delete(f"deployments/{deployment.pk}/"), 409, "not_a_draft")
    problem(
        api.patch(f"deployments/{deployment.pk}/", {"name": "x1"}, deployment.revision),
        409,
        "already_deployed",
    )


def test_a_draft_with_a_task_under_way_is_not_thrown_away(
    api: Api, deployment: Deployment, operator: Operator
) -> None:
    tasks.launch("test_count", deployment=deployment, actor=operator)
    problem(api.delete(f"deployments/{deployment.pk}/"), 409, "task_running")


def test_what_is_not_there_is_not_found(api: Api) -> None:
    nowhere = f"deployments/{uuid4()}/"
    for response in (
        api.get(nowhere),
        api.patch(nowhere, {"name": "x"}, 1),
        api.delete(nowhere),
        api.get(f"{nowhere}steps/source/"),
        api.put(f"{nowhere}steps/source/", {}, 1),
        api.get(f"{nowhere}checks/"),
        api.get(f"{nowhere}checks/report"),
        api.get(f"{nowhere}topology/"),
        api.get(f"{nowhere}answers"),
        api.post(f"{nowhere}tasks/", {"kind": "preflight"}),
    ):
        problem(response, 404, "not_found")


def test_the_list_is_filtered(api: Api, operator: Operator) -> None:
    first = stories.answered(operator, "source", name="lyon-cs01")
    stories.answered(operator, "deployed", name="Lyon-cs02")
    make_deployment(operator, "paris-cs01")

    def names(**query: str) -> list[str]:
        return sorted(row["name"] for row in ok(api.get("deployments/", **query))["items"])

    assert names(name="lyon") == ["Lyon-cs02", "lyon-cs01"]
    assert names(state="deployed") == ["Lyon-cs02"]
    assert names(state="draft", name="lyon") == [first.name]
    assert names(method="ova") == ["Lyon-cs02", "lyon-cs01"]
    assert names(method="manual") == []
    assert names(profile="asr-classic") == ["Lyon-cs02", "lyon-cs01", "paris-cs01"]
    assert names(profile="asr-modernized") == []
    assert names(name="%") == []


@pytest.mark.parametrize(
    "query", [{"state": "broken"}, {"method": "magic"}, {"limit": "0"}, {"limit": "201"}, {"limit": "many"}]
)
def test_a_filter_that_can_match_nothing_is_refused_by_name(api: Api, query: dict[str, str]) -> None:
    body = problem(api.get("deployments/", **query), 422, "invalid")
    assert [error["path"] for error in body["errors"]] == list(query)
