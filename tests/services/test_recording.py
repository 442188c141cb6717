"""What is recorded stays as it was recorded: numbered, chained, and found out where somebody tampers with it."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import PermissionDenied

from tests import stories
from tests.builders import make_deployment
from tests.walk import VM_NAME, Walk
from wizard.models import AuditEntry, Component, Deployment, Link, Operator, TaskState, TopologySnapshot
from wizard.services import tasks, topology
from wizard.services.errors import Conflict, NotFound, NotReady

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded(operator: Operator) -> Deployment:
    return stories.answered(operator, "recorded")


def record(deployment: Deployment) -> None:
    task = tasks.launch("record_topology", deployment=deployment, actor=deployment.created_by)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED, task.error


@pytest.mark.vcenter
def test_the_first_snapshot_holds_what_was_answered_found_and_registered(walk: Walk) -> None:
    walk.to("recorded")
    snapshot = walk.deployment.snapshots.get()
    assert (snapshot.number, snapshot.previous_digest) == (1, "")
    graph = topology.graph_of(walk.deployment)
    kinds = [node.kind for node in graph.nodes]
    assert {"cs", "vcenter", "esxi", "vault"} <= set(kinds)
    assert kinds.count("esxi") == 3
    names = {node.name for node in graph.nodes}
    assert names >= {"cs01", "vcenter.lab.test", "lyon-vault", "esx-01.lab.test", "Protected machines"}
    assert VM_NAME not in names, "machines are one group, not single nodes"
    assert Component.objects.filter(deployment=walk.deployment).count() == len(graph.nodes)
    assert Link.objects.filter(deployment=walk.deployment).count() == len(graph.links)
    assert topology.first_broken_snapshot(walk.deployment) is None
    entry = AuditEntry.objects.get(action="topology.recorded")
    assert entry.after == {"number": 1, "digest": snapshot.digest}


def test_each_recording_adds_a_snapshot_chained_to_the_one_before(recorded: Deployment) -> None:
    record(recorded)
    record(recorded)
    third, second, first = recorded.snapshots.all()
    assert [row.number for row in (first, second, third)] == [1, 2, 3]
    assert (second.previous_digest, third.previous_digest) == (first.digest, second.digest)
    assert len({first.digest, second.digest, third.digest}) == 3, (
        "the same graph at another place in the chain"
    )
    assert topology.first_broken_snapshot(recorded) is None
    assert Component.objects.count() == len(topology.graph_of(recorded).nodes)


def test_a_snapshot_can_be_neither_changed_nor_deleted(recorded: Deployment) -> None:
    snapshot = recorded.snapshots.get()
    snapshot.document = {}
    with pytest.raises(PermissionDenied, match="cannot be changed"):
        snapshot.save()
    with pytest.raises(PermissionDenied, match="cannot be deleted"):
        snapshot.delete()
    assert TopologySnapshot.objects.get().document != {}


@pytest.mark.parametrize("what", ["document", "digest", "previous_digest", "missing"])
def test_tampering_past_the_product_is_found_at_the_first_snapshot_that_does_not_fit(
    recorded: Deployment, what: str
) -> None:
    record(recorded)
    record(recorded)
    second = TopologySnapshot.objects.filter(number=2)
    if what == "document":
        document = json.loads(json.dumps(second.get().document).replace("lyon-vault", "paris-vault"))
        second.update(document=document)
    elif what == "missing":
        second._raw_delete(second.db)
    else:
        second.update(**{what: "0" * 64})
    expected = 3 if what == "missing" else 2
    assert topology.first_broken_snapshot(recorded) == expected


def test_two_snapshots_are_compared(recorded: Deployment) -> None:
    vcenter = recorded.vcenters.get()
    vcenter.friendly_name = "vcenter of lyon"
    vcenter.save()
    record(recorded)
    found = topology.compare(recorded, 1, 2)
    assert [node.name for node in found.added_nodes] == ["vcenter of lyon"]
    assert [node.name for node in found.removed_nodes] == ["vcenter.lab.test"]
    assert {change.field for change in found.changed_nodes} == {"attributes.vcenter"}
    assert not topology.compare(recorded, 2, 2)
    with pytest.raises(NotFound, match="There is no such snapshot"):
        topology.compare(recorded, 1, 7)


def test_before_the_vcenter_is_registered_nothing_is_recorded(operator: Operator) -> None:
    with pytest.raises(NotReady) as refused:
        record(stories.answered(operator, "deployed"))
    assert str(refused.value.remedy) == "Still missing: Register vCenter Server"


def test_the_plan_can_be_drawn_before_anything_exists_and_not_before_it_is_answered(
    operator: Operator,
) -> None:
    deployment = stories.answered(operator, "vault")
    graph = topology.planned_graph(deployment)
    assert "vcenter" not in {node.kind for node in graph.nodes}
    assert topology.graph_of(deployment).to_json() == graph.to_json()
    with pytest.raises(Conflict, match="There is nothing to draw yet") as refused:
        topology.planned_graph(make_deployment(operator))
    assert "Answer the steps up to the vault first" in str(refused.value.remedy)


@pytest.mark.parametrize(
    ("form", "kind", "beginning"),
    [
        ("svg", "image/svg+xml", "<svg"),
        ("mermaid", "text/vnd.mermaid", "flowchart"),
        ("dot", "text/vnd.graphviz", "digraph"),
    ],
)
def test_the_recorded_graph_is_exported(recorded: Deployment, form: str, kind: str, beginning: str) -> None:
    text, media_type = topology.export(recorded, form)
    assert media_type == kind
    assert beginning in str(text)[:200]
    assert "lyon-vault" in str(text)


def test_the_export_as_json_is_what_the_snapshot_holds(recorded: Deployment) -> None:
    assert topology.export(recorded, "json")[0] == recorded.snapshots.get().document
    with pytest.raises(NotFound, match="no format “pdf”; it can be one of json, svg, mermaid, dot"):
        topology.export(recorded, "pdf")
    assert "cs01" in topology.tree(recorded)
