"""Approvals and the audit trail through the API: asked for by one program, decided by another person's, read by a third."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import stories
from tests.api.client import Api, ok, problem, token_of
from tests.builders import make_deployment, make_operator
from wizard.models import Deployment, Operator, Team
from wizard.services import approvals, audit_chain, deployments

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(db: None) -> Operator:
    return make_operator("rosa", Operator.Role.REVIEWER)


@pytest.fixture
def review(reviewer: Operator) -> Api:
    """A reviewer's program; what it decides changes something."""
    return Api(token_of(reviewer, "operate"))


@pytest.fixture
def checked(operator: Operator) -> Deployment:
    return stories.answered(operator, "checked", name="lyon-cs01")


def where(deployment: Deployment) -> str:
    return f"deployments/{deployment.pk}/"


def demand(review: Api, deployment: Deployment, needed: bool = True) -> Any:
    deployment.refresh_from_db()
    return review.patch(where(deployment), {"needs_approval": needed}, deployment.revision)


def test_from_the_demand_to_the_start_of_the_work(
    api: Api, review: Api, checked: Deployment, operator: Operator
) -> None:
    assert ok(demand(review, checked))["needs_approval"] is True
    order = {"kind": "deploy_ova", "inputs": stories.approval(checked)}
    refused = problem(api.post(f"{where(checked)}tasks/", order), 409, "not_ready")
    assert "who may approve: rosa" in refused["remedy"]
    path = f"{where(checked)}approvals/"
    standing = ok(api.get(path))["standing"]
    assert (standing["needed"], standing["state"], standing["who_may_approve"]) == (True, "none", ["rosa"])
    asked = ok(api.post(path, {"note": "For Lyon."}), 201)
    assert (asked["state"], asked["digest"], asked["asked_by"]) == ("waiting", standing["digest"], "oskar")
    problem(api.post(path, {}), 409, "already_asked")
    problem(api.post(f"{path}{asked['id']}/approve/", {}), 403, "not_allowed")
    assert [row["id"] for row in ok(review.get("approvals/", state="waiting", mine="true"))["items"]] == [
        asked["id"]
    ]
    assert ok(api.get("approvals/", mine="true"))["items"] == []
    problem(review.post(f"{path}{asked['id']}/approve/", {"digest": "ab" * 32}), 412, "revision_outdated")
    given = ok(review.post(f"{path}{asked['id']}/approve/", {"digest": asked["digest"], "reason": "Fine."}))
    assert (given["state"], given["decided_by"], given["reason"]) == ("approved", "rosa", "Fine.")
    problem(review.post(f"{path}{asked['id']}/reject/", {"reason": "No."}), 409, "already_decided")
    ok(api.post(f"{where(checked)}tasks/", order), 202)


def test_what_was_changed_since_is_named_field_by_field(
    api: Api, review: Api, checked: Deployment, operator: Operator, reviewer: Operator
) -> None:
    demand(review, checked)
    checked.refresh_from_db()
    approvals.approve(approvals.ask(checked, actor=operator), actor=reviewer)
    deployments.answer(checked, "capacity", {"machines": 121, "daily_change_gb": 700}, actor=operator)
    standing = ok(api.get(f"{where(checked)}approvals/"))["standing"]
    assert standing["state"] == "outdated"
    assert [(one["path"], one["before"], one["after"]) for one in standing["changed"]] == [
        ("capacity.machines", 120, 121)
    ]
    problem(api.post(f"{where(checked)}approvals/", {}), 409, "not_ready")


def test_rejected_with_a_reason_and_withdrawn_by_who_asked(
    api: Api, review: Api, checked: Deployment
) -> None:
    path = f"{where(checked)}approvals/"
    first = ok(api.post(path, {}), 201)
    problem(review.post(f"{path}{first['id']}/reject/", {"reason": " "}), 422, "invalid")
    assert ok(review.post(f"{path}{first['id']}/reject/", {"reason": "Other vault."}))["state"] == "rejected"
    second = ok(api.post(path, {}), 201)
    assert ok(api.post(f"{path}{second['id']}/withdraw/"))["state"] == "withdrawn"
    problem(api.post(f"{path}{second['id']}/withdraw/"), 409, "already_decided")
    assert [row["state"] for row in ok(api.get(path))["items"]] == ["withdrawn", "rejected"]


def test_only_reviewers_say_whether_it_has_to_be_approved(
    api: Api, review: Api, deployment: Deployment, admin: Operator
) -> None:
    problem(demand(api, deployment), 403, "not_allowed")
    ok(demand(review, deployment))
    problem(
        review.patch(where(deployment), {"name": "lyon-cs09"}, deployment.revision + 1), 403, "not_allowed"
    )
    problem(
        review.patch(where(deployment), {"needs_approval": False}, deployment.revision),
        412,
        "revision_outdated",
    )
    deployment.refresh_from_db()
    problem(review.patch(where(deployment), {}, deployment.revision), 422, "invalid")
    own = make_deployment(admin, "own")
    problem(demand(Api(token_of(admin, "operate")), own, needed=False), 409, "same_person")


def test_a_request_of_another_deployment_is_not_there(
    api: Api, review: Api, checked: Deployment, operator: Operator
) -> None:
    approval = approvals.ask(checked, actor=operator)
    other = make_deployment(operator)
    problem(review.post(f"{where(other)}approvals/{approval.pk}/approve/", {}), 404, "not_found")


# --- the audit trail --------------------------------------------------------------------------------------------------


def test_reviewers_read_the_trail_and_others_do_not(
    api: Api, review: Api, deployment: Deployment, viewer: Operator
) -> None:
    audit_chain.sweep()
    for other in (api, Api(token_of(viewer, "read"))):
        problem(other.get("audit/"), 403, "not_allowed")
    entry = next(row for row in ok(review.get("audit/"))["items"] if row["action"] == "deployment.created")
    assert (entry["sentence"], entry["actor"], entry["deployment"]) == (
        "oskar began the deployment lyon-cs01.",
        "oskar",
        str(deployment.pk),
    )
    assert entry["place"] >= 1
    assert len(entry["digest"]) == 64


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"action": "deployment"}, 3),
        ({"action": "deployment.renamed"}, 1),
        ({"action": "deploy"}, 0),
        ({"actor": "OSKAR", "action": "deployment"}, 3),
        ({"actor": "rosa"}, 0),
        ({"since": "2999-01-01T00:00:00Z"}, 0),
        ({"until": "2999-01-01T00:00:00Z", "action": "deployment"}, 3),
        ({"deployment": "own"}, 2),
        ({"request_id": "nowhere"}, 0),
    ],
)
def test_the_trail_is_searched(
    review: Api, deployment: Deployment, operator: Operator, query: dict[str, str], found: int
) -> None:
    deployments.rename(deployment, name="lyon-cs02", actor=operator)
    make_deployment(operator)
    if "deployment" in query:
        query = {"deployment": str(deployment.pk)}
    assert len([row for row in ok(review.get("audit/", **query))["items"] if row["actor"] != "rosa"]) >= found
    rows = [
        row for row in ok(review.get("audit/", **query))["items"] if row["action"].startswith("deployment.")
    ]
    assert len(rows) == found


def test_a_day_without_a_time_zone_is_no_moment(review: Api) -> None:
    problem(review.get("audit/", since="2026-11-22T00:00:00"), 422, "invalid")


def test_the_trail_comes_in_pages_with_as_many_queries_for_many_as_for_few(
    review: Api, deployment: Deployment, operator: Operator
) -> None:
    for number in range(5):
        deployments.rename(deployment, name=f"lyon-{number}", actor=operator)
    audit_chain.sweep()
    # The first use of a token is noted.
    ok(review.get("audit/", limit=1))
    with CaptureQueriesContext(connection) as few:
        first = ok(review.get("audit/", limit=2))
    with CaptureQueriesContext(connection) as many:
        rest = ok(review.get("audit/", limit=200, cursor=first["next_cursor"]))
    assert len(few) == len(many)
    ids = [row["id"] for row in first["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)
    assert rest["next_cursor"] is None


def test_what_a_team_does_is_not_shown_to_strangers(
    api: Api, review: Api, deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    team = Team.objects.create(name="Lyon")
    team.members.add(operator)
    Deployment.objects.update(team=team)
    rows = ok(review.get("audit/", deployment=str(deployment.pk)))["items"]
    assert rows == []
    problem(review.get(f"{where(deployment)}history/"), 404, "not_found")
    history = ok(api.get(f"{where(deployment)}history/"))["items"]
    assert [row["action"] for row in history] == ["deployment.created"]
    team.members.add(reviewer)
    assert ok(
        Api(token_of(Operator.objects.get(pk=reviewer.pk), "read")).get(
            "audit/", deployment=str(deployment.pk)
        )
    )["items"]
