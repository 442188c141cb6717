"""The task that takes an added component into the recorded topology."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from wizard.models import Addition, Deployment, DeploymentState
from wizard.services import additions, audit, azure_access, topology
from wizard.services.additions_inputs import addition_in, addition_of
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.text import Text, _


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """`addition` in the inputs is its id. The vault must show it; where no account can ask the vault, `confirmed` says so.

    Raises Invalid, NotFound, Conflict `removed`.
    """
    row = addition_in(deployment, inputs)
    missing = []
    if deployment.state != DeploymentState.RECORDED:
        missing.append(Text(_("the recorded topology of this deployment")))
    additions.settle(row)
    by_hand = inputs.get("confirmed") is True and not azure_access.account_name(deployment)
    if row.state in (Addition.State.PLANNED, Addition.State.CHECKED) and not by_hand:
        missing.append(Text(_("%(name)s in the vault"), name=row.name))
    return Prepared(inputs={"addition": str(row.pk), "confirmed": by_hand}, missing=tuple(missing))


def run(progress: Progress) -> Done:
    task = progress.task
    deployment, row = task.deployment, addition_of(task)
    progress.phase(Text(_("Drawing the component graph")), 20)
    graph = topology.planned_graph(deployment, joining=row)
    violations = topology.checked(progress, graph)
    progress.phase(Text(_("Recording")), 80)
    result: dict[str, Any] = {"addition": str(row.pk), "nodes": len(graph.nodes), "warnings": len(violations)}

    def commit() -> None:
        # Whoever removed or changed it meanwhile goes first: what was drawn is not what is there.
        additions.must_be_unchanged(
            row,
            Text(_("%(name)s was changed while it was being recorded."), name=row.name),
            Text(_("Look at it, then record it again.")),
        )
        now = timezone.now()
        Addition.objects.filter(pk=row.pk).update(
            state=Addition.State.RECORDED,
            recorded_at=row.recorded_at or now,
            appeared_at=row.appeared_at or now,
            changed_at=now,
        )
        snapshot = topology.keep(deployment, graph, actor=task.requested_by)
        result["snapshot"] = snapshot.number
        audit.record(
            "addition.recorded",
            subject=row,
            actor=task.requested_by,
            sentence=Text(
                _(
                    "%(who)s recorded the component %(kind)s %(name)s of %(deployment)s as snapshot %(number)s."
                ),
                who=task.requested_by.username,
                kind=additions.title_of(row),
                name=row.name,
                deployment=deployment.name,
                number=snapshot.number,
            ),
            after={"number": snapshot.number, "digest": snapshot.digest},
        )

    return Done(
        summary=Text(_("%(name)s is part of the recorded topology."), name=row.name),
        result=result,
        commit=commit,
    )
