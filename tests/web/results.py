"""Results beside those of the stories: of questions, of long ago, of the verification."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tests import stories
from wizard.checks import catalogue
from wizard.models import CheckResult, Deployment, Operator, Task
from wizard.services import results
from wizard.text import Text


def add_result(
    deployment: Deployment, requirement_id: str, task: Task | None = None, **fields: Any
) -> CheckResult:
    """One more row of the newest run; nothing of it is met."""
    run = task or results.latest_run(deployment)
    assert run is not None
    requirement = catalogue.load(deployment.profile).get(requirement_id)
    assert requirement is not None
    values = {
        "position": run.checks.count(),
        "category": requirement.category,
        "severity": requirement.severity,
        "owner": requirement.owner,
        "status": "unknown" if requirement.kind == "attested" else "fail",
        "title": requirement.title,
        "summary": Text("The summary."),
        "observed": Text("seen"),
        "expected": Text("wanted"),
        "remedy": requirement.remedy,
        "observed_from": "this server",
        "observed_at": timezone.now(),
        **fields,
    }
    return CheckResult.objects.create(
        deployment=deployment, task=run, requirement_id=requirement_id, **values
    )


def verified(deployment: Deployment, actor: Operator, *failing: str) -> Task:
    """A run of the verification that found these requirements not to be met."""
    task = stories.succeeded(deployment, "verify_installation", actor, result={})
    for requirement_id in failing:
        add_result(deployment, requirement_id, task)
    return task
