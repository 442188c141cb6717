"""Taking a component, or all of a deployment, out of service: what is to be done, what the vault says, who confirms what."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from wizard.models import DecommissionStep, Deployment, Operator
from wizard.planning.decommission import Seen, StepState, finishable, states
from wizard.planning.decommission_steps import SUBJECT_KINDS, Subject, SubjectKind
from wizard.services import audit, deployments, topology
from wizard.services.answers import answers_in_play, primary_component
from wizard.services.decommission_facts import Look, newest_facts, seen_of, standing
from wizard.services.errors import Conflict, NotFound
from wizard.text import Text, _
from wizard.topology.drafts import node_key
from wizard.topology.graph import Graph, Node
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
    deployments.hold_for(actor, "decommission.confirm", deployment)
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
    deployments.hold_for(actor, "decommission.confirm", deployment)
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


# --- inside -----------------------------------------------------------------------------------------------------------


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
