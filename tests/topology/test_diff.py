from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings

from tests.topology import sites
from tests.topology.graphs import graphs
from wizard.topology.diff import Change, diff
from wizard.topology.graph import Graph
from wizard.topology.plan import build_classic


@given(graphs())
@settings(deadline=None, max_examples=30)
def test_a_graph_does_not_differ_from_itself(graph: Graph) -> None:
    assert not diff(graph, Graph.from_json(graph.to_json()))


def test_what_came_and_what_went_is_named() -> None:
    before = build_classic(sites.minimal())
    after = build_classic(replace(sites.minimal(), cache_account=None, s2s=True))
    found = diff(before, after)
    assert found
    assert [node.key for node in found.added_nodes] == ["s2s:site-to-site"]
    assert [node.key for node in found.removed_nodes] == ["cache_sa:lyoncache01"]
    assert [link.id for link in found.removed_links] == ["E04"]
    assert (found.added_links, found.changed_nodes, found.changed_links) == ((), (), ())


def test_changes_name_the_field_and_both_values() -> None:
    site = sites.minimal()
    cs = replace(site.cs, address="10.20.0.12", data_port=9500, os=None)
    found = diff(build_classic(site), build_classic(replace(site, cs=cs)))
    assert (
        Change(key="cs:LYON-CS01", field="address", before="10.20.0.11", after="10.20.0.12")
        in found.changed_nodes
    )
    assert (
        Change(key="ps_builtin:LYON-CS01", field="attributes.data_port", before=9443, after=9500)
        in found.changed_nodes
    )
    assert (
        Change(key="cs:LYON-CS01", field="attributes.os", before="Windows Server 2016", after=None)
        in found.changed_nodes
    )
    assert found.changed_links == (
        Change(
            key="E02 mobility:Protected machines → ps_builtin:LYON-CS01",
            field="port",
            before="9443",
            after="9500",
        ),
    )


def test_the_way_back_is_the_mirror_image() -> None:
    before, after = build_classic(sites.minimal()), build_classic(sites.big())
    there, back = diff(before, after), diff(after, before)
    assert there.added_nodes == back.removed_nodes
    assert there.removed_links == back.added_links
    assert {(change.key, change.field, change.before, change.after) for change in there.changed_nodes} == {
        (change.key, change.field, change.after, change.before) for change in back.changed_nodes
    }


def test_true_is_not_one() -> None:
    graph = build_classic(sites.minimal())
    nodes = tuple(replace(node, attributes={**node.attributes, "flag": True}) for node in graph.nodes[:1])
    ones = tuple(replace(node, attributes={**node.attributes, "flag": 1}) for node in graph.nodes[:1])
    assert [change.field for change in diff(Graph(nodes), Graph(ones)).changed_nodes] == ["attributes.flag"]


def test_a_diff_can_be_stored() -> None:
    site = sites.minimal()
    after = build_classic(replace(site, s2s=True, cs=replace(site.cs, address="10.20.0.12")))
    document = diff(build_classic(site), after).to_json()
    assert document["nodes"]["added"][0]["key"] == "s2s:site-to-site"
    assert document["nodes"]["removed"] == document["links"]["added"] == document["links"]["changed"] == []
    assert {
        "key": "cs:LYON-CS01", "field": "address", "before": "10.20.0.11", "after": "10.20.0.12",
    } in document["nodes"]["changed"]  # fmt: skip
