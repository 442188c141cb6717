"""The recorded plan through the API: read, approved by its digest, refused where it is not the current one."""

from __future__ import annotations

from typing import Any

import pytest

from tests import plans, stories
from tests.api.client import Api, ok, problem
from wizard.models import AuditEntry, Deployment, Operator
from wizard.vsphere.import_record import ImportRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def checked(operator: Operator) -> Deployment:
    return stories.answered(operator, "checked")


def plan_of(api: Api, deployment: Deployment) -> Any:
    return ok(api.get(f"deployments/{deployment.pk}/plan"))


def start(api: Api, deployment: Deployment, kind: str, **inputs: Any) -> Any:
    return api.post(f"deployments/{deployment.pk}/tasks/", {"kind": kind, "inputs": inputs})


def test_the_plan_is_read_as_it_was_recorded(api: Api, checked: Deployment) -> None:
    stored = checked.plans.get()
    body = plan_of(api, checked)
    assert (body["sha256"], body["status"], body["outdated_because"]) == (stored.sha256, "current", None)
    assert (body["task"], body["approved_by"], body["approved_at"]) == (str(stored.task_id), None, None)
    record = ImportRecord.from_json(body["record"])
    assert record.sha256 == stored.sha256
    assert record.parts["properties"]["admin.password"] == plans.HIDDEN


def test_before_one_was_made_there_is_none(api: Api, checked: Deployment) -> None:
    checked.plans.all().delete()
    body = problem(api.get(f"deployments/{checked.pk}/plan"), 404, "not_found")
    assert body["detail"] == "No plan was made yet."
    assert ok(start(api, checked, "plan_deployment"), 202)["state"] == "queued"


def test_starting_the_deployment_with_its_digest_approves_it(api: Api, checked: Deployment) -> None:
    sha256 = plan_of(api, checked)["sha256"]
    task = ok(start(api, checked, "deploy_ova", plan_sha256=sha256), 202)
    body = plan_of(api, checked)
    assert (body["approved_by"], body["status"]) == ("oskar", "current")
    entry = AuditEntry.objects.get(action="plan.approved")
    assert str(entry.sentence) == f"oskar approved the plan {sha256[:12]} of {checked.name}."
    assert entry.after["plan_sha256"] == sha256
    assert entry.after["task"] == task["id"]


def test_without_its_digest_nothing_is_deployed(api: Api, checked: Deployment) -> None:
    body = problem(start(api, checked, "deploy_ova"), 409, "not_ready")
    assert body["remedy"] == ("Still missing: a plan of the import, made after the last change and approved")


@pytest.mark.parametrize("given", ["00" * 32, 7, {"sha256": "x"}])
def test_another_digest_is_refused(api: Api, checked: Deployment, given: Any) -> None:
    body = problem(start(api, checked, "deploy_ova", plan_sha256=given), 409, "plan_outdated")
    assert plan_of(api, checked)["sha256"][:12] in body["detail"]
    assert body["remedy"] == "Look at the newest plan and approve that one."
    assert not AuditEntry.objects.filter(action="plan.approved").exists()


def test_an_outdated_plan_says_why(api: Api, checked: Deployment, operator: Operator) -> None:
    stories.check(checked, operator)
    body = plan_of(api, checked)
    assert body["status"] == "outdated"
    assert body["outdated_because"] == "Preflight was run after the plan was made."
    problem(start(api, checked, "deploy_ova", plan_sha256=body["sha256"]), 409, "not_ready")


def test_what_was_deployed_stays_to_be_read(api: Api, operator: Operator) -> None:
    deployed = stories.answered(operator, "deployed")
    body = plan_of(api, deployed)
    assert (body["status"], body["approved_by"]) == ("deployed", operator.username)
    assert body["approved_at"] is not None
