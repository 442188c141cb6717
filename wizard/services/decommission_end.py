"""Writing down that a component, or all of a deployment, is out of service: what leaves, what is forgotten, and what stays."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from wizard.journey.errors import FieldError
from wizard.models import Addition, DecommissionStep, Deployment, DeploymentState, Operator, VaultWatch
from wizard.models.task import ACTIVE_STATES
from wizard.services import additions, audit, deployments, topology
from wizard.services.decommission import Plan, plan_of
from wizard.services.errors import Conflict, Invalid
from wizard.services.permissions import require
from wizard.text import Text, _
from wizard.topology.graph import Graph, Node, TopologyError


@transaction.atomic
def finish(deployment: Deployment, key: str, *, name: str, actor: Operator) -> None:
    """Write down that it is gone: a component leaves the recorded topology, a deployment's work ends for good.

    `name` is what the person typed, and must be the name of the component or deployment. Raises Invalid at `name`, NotFound,
    Conflict `steps_left`, `task_running`, and `machines_remain` and `still_in_vault` for what the vault still shows.
    """
    require(actor, "decommission.finish", deployment)
    if not key:
        _overtake_looks(deployment)
    deployments.hold_for(actor, "decommission.finish", deployment)
    plan = plan_of(deployment, key)
    wanted = deployment.name if plan.whole else plan.subject.name
    if name.strip() != wanted:
        text = Text(_("Type the name as it stands here: %(name)s."), name=wanted)
        raise Invalid([FieldError(path="name", message=text, code="wrong_name")])
    left = [state.step.title for state in plan.steps if not state.done]
    if left:
        raise Conflict(
            Text(_("%(name)s cannot be written off yet."), name=wanted),
            remedy=Text(_("Still to do: %(steps)s"), steps=left),
            code="steps_left",
        )
    if deployment.tasks.filter(state__in=ACTIVE_STATES).exists():
        raise Conflict(
            Text(_("A task of this deployment is under way.")),
            remedy=Text(_("Wait until it has ended, or cancel it.")),
            code="task_running",
        )
    if plan.whole:
        _end(deployment, plan, actor)
    else:
        _remove(deployment, plan, actor)


# --- inside -----------------------------------------------------------------------------------------------------------


def _remove(deployment: Deployment, plan: Plan, actor: Operator) -> None:
    added = deployment.additions.filter(
        kind=plan.subject.kind, name__iexact=plan.subject.name, state=Addition.State.RECORDED
    ).first()
    if added is not None:
        additions.remove(added, actor=actor)
    else:
        if plan.subject.kind == "vcenter":
            node = topology.graph_of(deployment).node(plan.key)
            # It may have got another name in the vault since it was recorded.
            same = Q(friendly_name=node.name) | Q(
                instance_uuid=str(node.attributes.get("instance_uuid") or "?")
            )
            deployment.vcenters.remove(*deployment.vcenters.filter(same))
        if deployment.snapshots.exists():
            topology.keep(deployment, _without(topology.graph_of(deployment), plan.key), actor=actor)
    deployment.decommission_steps.filter(subject=plan.key).delete()
    DecommissionStep.objects.create(
        deployment=deployment, subject=plan.key, step=DecommissionStep.FINISHED, confirmed_by=actor
    )
    audit.record(
        "decommission.component_removed",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s took %(component)s of %(name)s out of service."),
            who=actor.username,
            component=plan.subject.name,
            name=deployment.name,
        ),
        before=_as_said(plan),
    )


def _overtake_looks(deployment: Deployment) -> None:
    """A look at the vault that is under way is no task: it loses its claim, so that it opens no notice after the end.

    Before the deployment is locked: looks lock their watch first, too.
    """
    VaultWatch.objects.filter(deployment=deployment).update(
        refresh_claim="", refreshing_until=None, next_refresh_at=None
    )


def _end(deployment: Deployment, plan: Plan, actor: Operator) -> None:
    now = timezone.now()
    deployments.move_to(deployment, DeploymentState.DECOMMISSIONED)
    deployment.installation_secrets.all().delete()
    # Scripts that nobody will bring facts of any more, with the keys that would have proven these.
    deployment.collector_issues.filter(received=None).delete()
    deployment.additions.exclude(state=Addition.State.REMOVED).update(
        state=Addition.State.REMOVED, removed_at=now, changed_at=now
    )
    deployment.notices.filter(ended_at=None).update(ended_at=now)
    audit.record(
        "deployment.decommissioned",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s took the deployment %(name)s out of service."),
            who=actor.username,
            name=deployment.name,
        ),
        before=_as_said(plan),
    )


def _as_said(plan: Plan) -> dict[str, object]:
    """Who had said what when it ended, for the audit trail: the confirmations of a component do not outlive it."""
    return {
        "component": plan.key,
        "confirmed": {
            step: {"by": row.confirmed_by.username, "at": row.confirmed_at.isoformat(), "note": row.note}
            for step, row in plan.confirmations.items()
        },
    }


def _without(graph: Graph, key: str) -> Graph:
    """The graph without that component, what only exists through it, and their links."""
    gone = {key} | {node.key for node in graph.nodes if node.attributes.get("vcenter") == key}
    try:
        return Graph(
            tuple(_pointing_nowhere(node, gone) for node in graph.nodes if node.key not in gone),
            tuple(link for link in graph.links if not {link.source, link.target} & gone),
        )
    except TopologyError as error:
        raise Conflict(error.text, code="topology_invalid") from None


def _pointing_nowhere(node: Node, gone: set[str]) -> Node:
    if node.attributes.get("master_target") not in gone:
        return node
    return replace(node, attributes={**node.attributes, "master_target": None})
