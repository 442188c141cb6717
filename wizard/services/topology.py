"""The recorded topology: drawn from what was answered and found, validated, kept as a chain of immutable snapshots."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from wizard.journey import base as journey
from wizard.models import Component, Deployment, DeploymentState, Link, Operator, TopologySnapshot
from wizard.services import audit, deployment_progress, deployments, vault_observation
from wizard.services.discovery import judging
from wizard.services.errors import Conflict, NotFound
from wizard.services.sites import planned_graph
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.text import Text, _
from wizard.topology import drawing, exports
from wizard.topology.diff import GraphDiff, diff
from wizard.topology.digest import chain, verify
from wizard.topology.graph import Graph
from wizard.topology.roles import ROLES
from wizard.topology.rules import Violation, validate

__all__ = [
    "EXPORT_FORMATS",
    "checked",
    "compare",
    "component_rows",
    "export",
    "first_broken_snapshot",
    "graph_in",
    "graph_of",
    "keep",
    "link_rows",
    "picture",
    "planned_graph",
    "prepare",
    "run",
    "tree",
    "violations_of",
]

EXPORT_FORMATS = ("json", "svg", "mermaid", "dot")


# --- the task ---------------------------------------------------------------------------------------------------------


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """Whatever comes before the record step, on this deployment's path, must be complete."""
    status = next(row for row in deployment_progress.overview(deployment) if row.step.id == "record")
    titles = [journey.step(deployment.profile, step).title for step in status.blocked_by]
    return Prepared(missing=tuple(Text(title) for title in titles))


def run(progress: Progress) -> Done:
    task = progress.task
    deployment = task.deployment
    progress.phase(Text(_("Drawing the component graph")), 20)
    graph = planned_graph(deployment)
    violations = checked(progress, graph)
    progress.phase(Text(_("Recording")), 80)

    def commit() -> None:
        snapshot = keep(deployment, graph, actor=task.requested_by)
        deployments.move_to(deployment, DeploymentState.RECORDED)
        audit.record(
            "topology.recorded",
            subject=deployment,
            actor=task.requested_by,
            sentence=Text(
                _("%(who)s recorded the topology of %(name)s as snapshot %(number)s."),
                who=task.requested_by.username,
                name=deployment.name,
                number=snapshot.number,
            ),
            after={"number": snapshot.number, "digest": snapshot.digest},
        )

    return Done(
        summary=Text(
            _("The topology is recorded: %(nodes)s components, %(links)s links."),
            nodes=len(graph.nodes),
            links=len(graph.links),
        ),
        result={"nodes": len(graph.nodes), "links": len(graph.links), "warnings": len(violations)},
        commit=commit,
    )


def checked(progress: Progress, graph: Graph) -> tuple[Violation, ...]:
    """What the rules of Site Recovery find in it, told to the task. Raises Conflict `topology_invalid` where one is broken."""
    progress.phase(Text(_("Checking it against the rules of Site Recovery")), 50)
    violations = validate(graph)
    for violation in violations:
        progress.warning(violation.text, rule=violation.rule)
    blocking = [violation for violation in violations if violation.severity == "block"]
    if blocking:
        raise Conflict(
            Text(
                _("The topology breaks rule %(rule)s: %(text)s"), rule=blocking[0].rule, text=blocking[0].text
            ),
            remedy=Text(_("Correct what the rule names, then record again.")),
            code="topology_invalid",
        )
    return violations


def keep(deployment: Deployment, graph: Graph, *, actor: Operator) -> TopologySnapshot:
    """In the caller's transaction: the components of the graph in place of those before, and a snapshot of it."""
    _replace_components(deployment, graph)
    # What is recorded here is no machine to protect.
    for vcenter in deployment.vcenters.all():
        judging.judge_again(vcenter)
    vault_observation.make_due(deployment)
    return _append_snapshot(deployment, graph, actor)


# --- reading ----------------------------------------------------------------------------------------------------------


def graph_of(deployment: Deployment) -> Graph:
    """The newest recorded graph, or the planned one where nothing is recorded yet."""
    snapshot = deployment.snapshots.first()
    return Graph.from_json(snapshot.document) if snapshot else planned_graph(deployment)


def graph_in(snapshot: TopologySnapshot) -> Graph:
    """The graph that a snapshot holds."""
    return Graph.from_json(snapshot.document)


def component_rows(graph: Graph) -> list[dict[str, Any]]:
    """Every component with what it is and does, in the order of the graph."""
    return [
        {
            "kind": ROLES[node.kind].title,
            "does": ROLES[node.kind].does,
            "name": node.name,
            "address": node.address or "",
            "attributes": dict(node.attributes),
        }
        for node in graph.nodes
    ]


def violations_of(graph: Graph) -> tuple[Violation, ...]:
    return validate(graph)


def picture(graph: Graph, *, name: str) -> str:
    """The graph as SVG, in the reader's language."""
    return drawing.svg(
        graph,
        title=str(Text(_("Topology of %(name)s"), name=name)),
        description=str(
            Text(
                _("%(nodes)s components and %(links)s links; the table beside it lists all of them."),
                nodes=len(graph.nodes),
                links=len(graph.links),
            )
        ),
    )


def export(deployment: Deployment, form: str) -> tuple[str | dict[str, Any], str]:
    """The graph in one of EXPORT_FORMATS (a document for json, else text), and its media type. Raises NotFound, Conflict."""
    graph = graph_of(deployment)
    match form:
        case "json":
            return graph.to_json(), "application/json"
        case "svg":
            return picture(graph, name=deployment.name), "image/svg+xml"
        case "mermaid":
            return exports.mermaid(graph), "text/vnd.mermaid"
        case "dot":
            return exports.dot(graph), "text/vnd.graphviz"
    raise NotFound(
        Text(
            _("There is no format “%(form)s”; it can be one of %(formats)s."),
            form=form,
            formats=list(EXPORT_FORMATS),
        )
    )


def tree(deployment: Deployment) -> str:
    """The graph as a tree for a terminal."""
    return exports.tree(graph_of(deployment))


def link_rows(graph: Graph) -> list[dict[str, Any]]:
    """The table that says the same as the picture."""
    return exports.link_rows(graph)


def compare(deployment: Deployment, before: int, after: int) -> GraphDiff:
    """What changed between two snapshots. Raises NotFound."""
    found = {row.number: row for row in deployment.snapshots.filter(number__in=(before, after))}
    if found.keys() != {before, after}:
        raise NotFound(Text(_("There is no such snapshot.")))
    return diff(Graph.from_json(found[before].document), Graph.from_json(found[after].document))


def first_broken_snapshot(deployment: Deployment) -> int | None:
    """The number of the first snapshot whose digest does not fit its content or its predecessor; None if all do."""
    rows = list(deployment.snapshots.order_by("number"))
    broken = verify([(row.document, row.previous_digest or None, row.digest) for row in rows])
    return None if broken is None else rows[broken].number


# --- inside -----------------------------------------------------------------------------------------------------------


def _replace_components(deployment: Deployment, graph: Graph) -> None:
    deployment.links.all().delete()
    deployment.components.all().delete()
    Component.objects.bulk_create(
        Component(
            deployment=deployment,
            key=node.key,
            kind=node.kind,
            name=node.name,
            address=node.address or "",
            zone=node.zone,
            attributes=dict(node.attributes),
        )
        for node in graph.nodes
    )
    by_key = {row.key: row for row in deployment.components.all()}
    Link.objects.bulk_create(
        Link(
            deployment=deployment,
            edge=link.id,
            source=by_key[link.source],
            target=by_key[link.target],
            protocol=link.protocol,
            port=link.port,
            purpose=link.purpose,
        )
        for link in graph.links
    )


@transaction.atomic
def _append_snapshot(deployment: Deployment, graph: Graph, actor: Operator) -> TopologySnapshot:
    # The deployment's row is the lock: two recordings never take the same number.
    Deployment.objects.select_for_update().get(pk=deployment.pk)
    last = deployment.snapshots.first()
    document = graph.to_json()
    previous = last.digest if last else None
    return TopologySnapshot.objects.create(
        deployment=deployment,
        number=(last.number if last else 0) + 1,
        document=document,
        previous_digest=previous or "",
        digest=chain(document, previous),
        recorded_by=actor,
    )
