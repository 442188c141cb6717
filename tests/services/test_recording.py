"""What is recorded stays as it was recorded: numbered, chained, and found out where somebody tampers with it."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import PermissionDenied

from tests.builders import make_deployment
from tests.walk import VM_NAME, Walk
from wizard.models import AuditEntry, Component, Link, Operator, TopologySnapshot
from wizard.services import topology
from wizard.services.errors import Conflict, NotFound, NotReady

pytestmark = pytest.mark.vcenter


@pytest.fixture
def recorded(walk: Walk) -> Walk:
    return walk.to("recorded")


def test_the_first_snapshot_holds_what_was_answered_found_and_registered(recorded: Walk) -> None:
    snapshot = recorded.deployment.snapshots.get()
    assert (snapshot.number, snapshot.previous_digest) == (1, "")
    graph = topology.graph_of(recorded.deployment)
    kinds = [node.kind for node in graph.nodes]
    assert {"cs", "vcenter", "esxi", "vault"} <= set(kinds)
    assert kinds.count("esxi") == 3
    assert {node.name for node in graph.nodes} >= {
        "cs01",
        "vcenter.lab.test",
        "lyon-vault",
        "esx-01.lab.test",
    }
    assert Component.objects.filter(deployment=recorded.deployment).count() == len(graph.nodes)
    assert Link.objects.filter(deployment=recorded.deployment).count() == len(graph.links)
    assert topology.first_broken_snapshot(recorded.deployment) is None
    entry = AuditEntry.objects.get(action="topology.recorded")
    assert entry.after == {"number": 1, "digest": snapshot.digest}


def test_each_recording_adds_a_snapshot_chained_to_the_one_before(recorded: Walk) -> None:
    recorded.done("record_topology")
    recorded.done("record_topology")
    third, second, first = recorded.deployment.snapshots.all()
    assert [row.number for row in (first, second, third)] == [1, 2, 3]
    assert (second.previous_digest, third.previous_digest) == (first.digest, second.digest)
    assert len({first.digest, second.digest, third.digest}) == 3, (
        "the same graph at another place in the chain"
    )
    assert topology.first_broken_snapshot(recorded.deployment) is None
    assert Component.objects.count() == len(topology.graph_of(recorded.deployment).nodes)


def test_a_snapshot_can_be_neither_changed_nor_deleted(recorded: Walk) -> None:
    snapshot = recorded.deployment.snapshots.get()
    snapshot.document = {}
    with pytest.raises(PermissionDenied, match="cannot be changed"):
        snapshot.save()
    with pytest.raises(PermissionDenied, match="cannot be deleted"):
        snapshot.delete()
    assert TopologySnapshot.objects.get().document != {}


@pytest.mark.parametrize("what", ["document", "digest", "previous_digest", "missing"])
def test_tampering_past_the_product_is_found_at_the_first_snapshot_that_does_not_fit(
    recorded: Walk, what: str
) -> None:
    recorded.done("record_topology")
    recorded.done("record_topology")
    second = TopologySnapshot.objects.filter(number=2)
    if what == "document":
        document = json.loads(json.dumps(second.get().document).replace("lyon-vault", "paris-vault"))
        second.update(document=document)
    elif what == "missing":
        second._raw_delete(second.db)  # type: ignore[attr-defined]
    else:
        second.update(**{what: "0" * 64})
    expected = 3 if what == "missing" else 2
    assert topology.first_broken_snapshot(recorded.deployment) == expected


def test_two_snapshots_are_compared(recorded: Walk) -> None:
    vcenter = recorded.deployment.vcenters.get()
    vcenter.friendly_name = "vcenter of lyon"
    vcenter.save()
    recorded.done("record_topology")
    found = topology.compare(recorded.deployment, 1, 2)
    assert [node.name for node in found.added_nodes] == ["vcenter of lyon"]
    assert [node.name for node in found.removed_nodes] == ["vcenter.lab.test"]
    assert {change.field for change in found.changed_nodes} == {"attributes.vcenter"}
    assert not topology.compare(recorded.deployment, 2, 2)
    with pytest.raises(NotFound, match="There is no such snapshot"):
        topology.compare(recorded.deployment, 1, 7)


def test_before_the_vcenter_is_registered_nothing_is_recorded(walk: Walk) -> None:
    walk.to("deployed")
    with pytest.raises(NotReady) as refused:
        walk.launch("record_topology")
    assert str(refused.value.remedy) == "Still missing: the registered vCenter"


def test_the_plan_can_be_drawn_before_anything_exists_and_not_before_it_is_answered(
    operator: Operator, walk: Walk
) -> None:
    walk.to("vault")
    graph = topology.planned_graph(walk.deployment)
    assert "vcenter" not in {node.kind for node in graph.nodes}
    assert topology.graph_of(walk.deployment).to_json() == graph.to_json()
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
def test_the_recorded_graph_is_exported(recorded: Walk, form: str, kind: str, beginning: str) -> None:
    text, media_type = topology.export(recorded.deployment, form)
    assert media_type == kind
    assert beginning in str(text)[:200]
    assert "lyon-vault" in str(text)


def test_the_export_as_json_is_what_the_snapshot_holds(recorded: Walk) -> None:
    assert topology.export(recorded.deployment, "json")[0] == recorded.deployment.snapshots.get().document
    with pytest.raises(NotFound, match="no format “pdf”; it can be one of json, svg, mermaid, dot"):
        topology.export(recorded.deployment, "pdf")
    assert "cs01" in topology.tree(recorded.deployment)


def test_machines_of_the_lab_are_a_group_not_single_nodes(recorded: Walk) -> None:
    names = {node.name for node in topology.graph_of(recorded.deployment).nodes}
    assert VM_NAME not in names
    assert "Protected machines" in names
