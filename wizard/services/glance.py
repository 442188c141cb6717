"""How many deployments stand at once: for lists, in a number of queries that does not grow with the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q

from wizard.journey import base as journey
from wizard.models import (
    Approval,
    CheckResult,
    CheckStatus,
    Deployment,
    DeploymentState,
    StepAnswer,
    Task,
    TaskState,
    Waiver,
)
from wizard.models.check import waiver_day

# The steps of work that a state stands for. What needs proof is proven on the deployment's own page, one by one.
_DONE: Final = {
    DeploymentState.CHECKED: ("preflight",),
    DeploymentState.DEPLOYED: ("deploy", "install"),
    DeploymentState.REGISTERED: ("register",),
    DeploymentState.RECORDED: ("record",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What a list says of one deployment.

    `done` of `steps`: the steps that apply and were answered, or whose work the state stands for; one that is out of service
    counts as done. Whether an answer is still proven is not asked here. `blocking` and `warnings` are of the newest preflight,
    without what is waived today; None where none has ended. `approval` is the state of the newest request, None where nobody asked; whether other answers have overtaken it is not asked.
    """

    done: int
    steps: int
    blocking: int | None
    warnings: int | None
    approval: Approval.State | None


def glance_at(deployments: Collection[Deployment]) -> dict[UUID, Glance]:
    """What a list says of each, by id, in five queries."""
    ids = [deployment.pk for deployment in deployments]
    answered: dict[UUID, set[str]] = defaultdict(set)
    saved = StepAnswer.objects.filter(deployment__in=ids, data__isnull=False)
    for deployment_id, step in saved.values_list("deployment_id", "step"):
        answered[deployment_id].add(step)
    # Which steps apply is decided by this one answer.
    sources = dict(saved.filter(step="source").values_list("deployment_id", "data"))
    findings = _findings(ids)
    approvals = dict(
        Approval.objects.filter(deployment__in=ids).order_by("asked_at").values_list("deployment_id", "state")
    )
    found = {}
    for deployment in deployments:
        done, steps = _progress(deployment, answered[deployment.pk], sources.get(deployment.pk))
        blocking, warnings = findings.get(deployment.pk, (None, None))
        state = approvals.get(deployment.pk)
        found[deployment.pk] = Glance(
            done=done,
            steps=steps,
            blocking=blocking,
            warnings=warnings,
            approval=Approval.State(state) if state else None,
        )
    return found


def _progress(deployment: Deployment, answered: set[str], source: dict[str, Any] | None) -> tuple[int, int]:
    out = journey.not_applicable(deployment.profile, {"source": source} if source else {})
    steps = {step.id for step in journey.journey(deployment.profile)} - out.keys()
    if deployment.state == DeploymentState.DECOMMISSIONED:
        return len(steps), len(steps)
    order = list(DeploymentState)
    came_to = order.index(DeploymentState(deployment.state))
    done = {"profile", *answered}
    for state, work in _DONE.items():
        if came_to >= order.index(state):
            done.update(work)
    return len(done & steps), len(steps)


def _findings(ids: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
    """How many findings of the newest preflight block, and how many only warn: the rules of `checks.gate`, counted."""
    # The later ones take the place of the earlier: a subquery for each row would be slower than reading them.
    runs = Task.objects.filter(deployment__in=ids, kind="preflight", state=TaskState.SUCCEEDED)
    run_of = dict(runs.order_by("finished_at").values_list("deployment_id", "pk"))
    waived = Exists(
        Waiver.objects.filter(
            deployment=OuterRef("deployment"),
            requirement_id=OuterRef("requirement_id"),
            approved_at__isnull=False,
            until__gte=waiver_day(),
        )
    )
    in_the_way = Q(severity="block") & ~Q(status=CheckStatus.WARN)
    open_ones = CheckResult.objects.filter(task__in=run_of.values()).exclude(status=CheckStatus.PASS)
    counts = {
        row["task"]: (row["blocking"], row["warnings"])
        for row in open_ones.filter(~waived)
        .order_by()
        .values("task")
        .annotate(blocking=Count("pk", filter=in_the_way), warnings=Count("pk", filter=~in_the_way))
    }
    return {pk: counts.get(run, (0, 0)) for pk, run in run_of.items()}
