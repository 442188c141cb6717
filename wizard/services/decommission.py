"""Taking a component, or all of a deployment, out of service: who says what is done, what the vault says, and the end."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from wizard.journey.errors import FieldError
from wizard.models import Addition, DecommissionStep, Deployment, DeploymentState, Operator, VaultWatch
from wizard.models.task import ACTIVE_STATES
from wizard.planning.decommission import Seen, StepState, finishable, states
from wizard.planning.decommission_steps import SUBJECT_KINDS, Subject, SubjectKind
from wizard.services import additions, audit, deployments, topology
from wizard.services.answers import answers_in_play, primary_component
from wizard.services.decommission_facts import Look, newest_facts, seen_of, standing
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.services.permissions import require
from wizard.text import Text, _
from wizard.topology.drafts import node_key
from wizard.topology.graph import Graph, Node, TopologyError
from wizard.topology.roles import ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A component on its way out; `key` is empty for the whole deployment. `confirmations` are by id of their step."""

    key: str
    title: Text
    subject: Subject
    seen: Seen
    steps: tuple[StepState, ...]
    confirmations: dict[str, DecommissionStep]

    @property
    def whole(self) -> bool:
        return self.subject.whole

    @property
    def ready(self) -> bool:
        """Whether nothing is left but to write down that it is gone."""
        return finishable(self.steps)

    @property
    def done(self) -> int:
        return sum(state.done for state in self.steps)

    @property
    def begun(self) -> bool:
        return bool(self.confirmations)


def plans_of(deployment: Deployment) -> list[Plan]:
    """What can be taken out of service: each further component, and the deployment as a whole, which comes last.

    Raises Conflict `not_deployed` while nothing stands yet.
    """
    _must_stand(deployment)
    graph, own = _graph(deployment)
    nodes = [node for node in standing(graph, own.key) if node.kind != "vcenter" or _is_classic(deployment)]
    rows = list(deployment.decommission_steps.select_related("confirmed_by"))
    look = newest_facts(deployment, graph)
    vault = str(answers_in_play(deployment).get("vault", {}).get("vault", ""))
    return [
        *(_plan(look, graph, node, rows, vault=vault, whole=False, own=own.key) for node in nodes),
        _plan(look, graph, own, rows, vault=vault, whole=True, own=own.key),
    ]


def plan_of(deployment: Deployment, key: str) -> Plan:
    """The plan of the component of that key, or for an empty one of all. Raises NotFound, Conflict `not_deployed`."""
    for plan in plans_of(deployment):
        if plan.key == key:
            return plan
    raise NotFound(Text(_("There is no such component to be taken out of service.")))


@transaction.atomic
def confirm(deployment: Deployment, key: str, step: str, *, note: str = "", actor: Operator) -> None:
    """Somebody says that a step is done. Raises NotFound, Conflict `step_blocked` and, where the vault decides, `seen_by_vault`."""
    require(actor, "decommission.confirm", deployment)
    deployments.hold(deployment)
    plan = plan_of(deployment, key)
    state = _state(plan, step)
    if state.fact is not None:
        raise Conflict(
            Text(_("Nobody has to confirm this: %(evidence)s"), evidence=state.evidence),
            remedy=Text(_("Do the step, then have the vault looked at again.")),
            code="seen_by_vault",
        )
    if state.blocked_by:
        raise Conflict(
            Text(_("“%(step)s” cannot be done yet."), step=state.step.title),
            remedy=Text(_("In the way: %(blocks)s"), blocks=list(state.blocked_by)),
            code="step_blocked",
        )
    DecommissionStep.objects.update_or_create(
        deployment=deployment,
        subject=key,
        step=step,
        defaults={"note": note.strip()[:4000], "confirmed_by": actor},
    )
    audit.record(
        "decommission.step_confirmed",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s confirmed for %(component)s of %(name)s: %(step)s."),
            who=actor.username,
            component=plan.subject.name,
            name=deployment.name,
            step=state.step.title,
        ),
        after={"component": key, "step": step, "note": note.strip()[:4000]},
    )


@transaction.atomic
def take_back(deployment: Deployment, key: str, step: str, *, actor: Operator) -> None:
    """It is not done after all; steps after it that were confirmed stay confirmed and wait. Raises NotFound."""
    require(actor, "decommission.confirm", deployment)
    deployments.hold(deployment)
    plan = plan_of(deployment, key)
    state = _state(plan, step)
    if step not in plan.confirmations:
        raise NotFound(Text(_("Nobody has confirmed this step.")))
    plan.confirmations[step].delete()
    audit.record(
        "decommission.step_taken_back",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s took back for %(component)s of %(name)s: %(step)s."),
            who=actor.username,
            component=plan.subject.name,
            name=deployment.name,
            step=state.step.title,
        ),
        before={"component": key, "step": step},
    )


@transaction.atomic
def finish(deployment: Deployment, key: str, *, name: str, actor: Operator) -> None:
    """Write down that it is gone: a component leaves the recorded topology, a deployment's work ends for good.

    `name` is what the person typed, and must be the name of the component or deployment. Raises Invalid at `name`, NotFound,
    Conflict `steps_left`, `task_running`, and `machines_remain` and `still_in_vault` for what the vault still shows.
    """
    require(actor, "decommission.finish", deployment)
    if not key:
        _overtake_looks(deployment)
    deployments.hold(deployment)
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


# --- inside: what there is --------------------------------------------------------------------------------------------


def _must_stand(deployment: Deployment) -> None:
    if deployment.is_open:
        raise Conflict(
            Text(
                _("Nothing of %(name)s stands yet, so nothing is taken out of service."), name=deployment.name
            ),
            remedy=Text(_("A draft is deleted, on its own page.")),
            code="not_deployed",
        )


def _is_classic(deployment: Deployment) -> bool:
    # An appliance keeps its vCenters to itself: they go with it (arm-site-recovery 2.2).
    return primary_component(deployment) != "appliance"


def _graph(deployment: Deployment) -> tuple[Graph, Node]:
    """The recorded graph, or the planned one before the first record; and the deployment's own machine in it."""
    graph = topology.graph_of(deployment)
    kind = _own_kind(deployment)
    name = answers_in_play(deployment).get("network", {}).get("host_name", deployment.name)
    nodes = graph.nodes_of(kind)
    own = next((node for node in nodes if node.name.casefold() == str(name).casefold()), None)
    if own is None:
        # The record may have been drawn of a machine that tells its name in another way.
        own = (
            nodes[0] if nodes else Node(key=node_key(kind, name), kind=kind, name=name, zone=ROLES[kind].zone)
        )
    return graph, own


def _own_kind(deployment: Deployment) -> SubjectKind:
    kind = primary_component(deployment)
    return next((known for known in SUBJECT_KINDS if known == kind), "cs")


def _plan(
    look: Look | None,
    graph: Graph,
    node: Node,
    rows: list[DecommissionStep],
    *,
    vault: str,
    whole: bool,
    own: str,
) -> Plan:
    key = "" if whole else node.key
    confirmations = {
        row.step: row for row in rows if row.subject == key and row.step != DecommissionStep.FINISHED
    }
    kind = next(known for known in SUBJECT_KINDS if known == node.kind)
    subject = Subject(
        kind=kind,
        name=node.name,
        address=node.address or "",
        vault=vault,
        whole=whole,
    )
    seen = seen_of(look, graph, node, whole=whole, own=own)
    return Plan(
        key=key,
        title=Text(_("The whole deployment")) if whole else ROLES[node.kind].title,
        subject=subject,
        seen=seen,
        steps=states(subject, seen, confirmations),
        confirmations=confirmations,
    )


def _state(plan: Plan, step: str) -> StepState:
    for state in plan.steps:
        if state.step.id == step:
            return state
    raise NotFound(Text(_("There is no step “%(step)s” here."), step=step))


# --- inside: the end --------------------------------------------------------------------------------------------------


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
