"""A preflight of a few requirements lifts nothing that the whole would hold back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import stories
from wizard.models import Deployment, Operator, Task
from wizard.services import attestations, deployment_progress, deployments, preflight, tasks
from wizard.services.applicable import fingerprint
from wizard.services.errors import Invalid, NotReady
from wizard.text import Text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deployment(operator: Operator, nowhere: None) -> Deployment:
    return stories.answered(operator)


def run(deployment: Deployment, operator: Operator, **inputs: Any) -> dict[str, Any]:
    """The new results by requirement, each with the time when it was observed."""
    task = tasks.launch("preflight", deployment=deployment, actor=operator, inputs=inputs)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert task.result is not None, task.error
    asked = {row.id for row in attestations.questions_for(deployment)}
    rows = preflight.latest_results(deployment)
    # What rests on people's answers is as of now, whenever it is read.
    return {row.requirement_id: row.observed_at for row in rows if row.requirement_id not in asked}


def test_results_are_kept_only_from_a_run_that_had_them_for_the_same_answers(
    deployment: Deployment, operator: Operator
) -> None:
    everything = {row.id for row in preflight.requirements_for(deployment) if row.kind == "probe"}
    first = run(deployment, operator, only=["TPL-01"])
    assert first.keys() == everything, "what was never looked at blocks nothing, so it must not be left out"
    deployment.refresh_from_db()
    assert deployment.state == "draft"

    second = run(deployment, operator, only=["TPL-01"])
    assert second.keys() == everything
    assert {name for name in everything if second[name] != first[name]} == {"TPL-01"}

    deployments.answer(deployment, "capacity", {"machines": 300, "daily_change_gb": 900}, actor=operator)
    third = run(deployment, operator, only=["TPL-01"])
    assert {name for name in everything if third[name] == second[name]} == set()


@pytest.mark.parametrize("only", [5, [["TPL-01"]], {"TPL-01": True}, "TPL-01"])
def test_a_scope_that_is_no_list_of_ids_is_refused(
    deployment: Deployment, operator: Operator, only: Any
) -> None:
    with pytest.raises(Invalid) as refused:
        tasks.launch("preflight", deployment=deployment, actor=operator, inputs={"only": only})
    assert refused.value.errors[0].path == "only"
    assert not Task.objects.filter(kind="preflight").exists()


def test_a_run_that_asked_for_something_else_lets_nothing_pass(operator: Operator) -> None:
    """As after an upgrade: what the catalogue asks for since then was never judged."""
    deployment = stories.answered(operator, "checked")
    assert status_of(deployment, "preflight") == "complete"
    deployment.tasks.filter(kind="preflight").update(result={"blocked": False})
    assert preflight.outdated(deployment)
    assert status_of(deployment, "preflight") == "next"
    approval = stories.approval(deployment)
    with pytest.raises(NotReady) as refused:
        tasks.launch("deploy_ova", deployment=deployment, actor=operator, inputs=approval)
    assert "a preflight without blocking findings" in str(refused.value.remedy)


def test_what_waited_for_a_worker_until_a_waiver_ended_does_not_begin(
    operator: Operator, settings: Any
) -> None:
    settings.WAIVERS_NEED_SECOND_PERSON = False
    deployment = stories.answered(operator)
    row = next(
        row.id
        for row in preflight.requirements_for(deployment)
        if row.waivable and (row.kind, row.severity) == ("probe", "block")
    )
    run = stories.check(deployment, operator, failing=("TPL-01",))
    run.checks.filter(requirement_id="TPL-01").update(requirement_id=row)
    preflight.waive(deployment, row, reason="Known.", until=timezone.localdate(), actor=operator)
    stories.plan(deployment, operator)
    approval = stories.approval(deployment)
    task = tasks.launch("deploy_ova", deployment=deployment, actor=operator, inputs=approval)
    deployment.waivers.update(until=timezone.localdate() - timedelta(days=1))
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert (task.state, (task.error or {})["code"]) == ("failed", "not_ready")
    assert row in str(task.error)


def test_wording_changes_no_fingerprint_and_what_is_asked_does(deployment: Deployment) -> None:
    rows = preflight.requirements_for(deployment)
    reworded = [replace(row, title=Text("Something else"), remedy=Text("")) for row in rows]
    assert fingerprint(reworded) == fingerprint(rows)
    assert fingerprint(rows[1:]) != fingerprint(rows)
    stricter = [replace(row, params={**row.params, "least": 99}) for row in rows]
    assert fingerprint(stricter) != fingerprint(rows)


def status_of(deployment: Deployment, step: str) -> str:
    return next(row.status for row in deployment_progress.overview(deployment) if row.step.id == step)
