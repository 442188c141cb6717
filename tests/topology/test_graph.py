from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from tests.topology import sites
from tests.topology.graphs import graphs
from wizard.text import Text
from wizard.topology.graph import Graph, Link, Node, TopologyError
from wizard.topology.plan import build_classic


def node(key: str, **more: Any) -> Node:
    return Node(**{"key": key, "kind": "esxi", "name": key, "zone": "vsphere"} | more)


def link(source: str, target: str, **more: Any) -> Link:
    given = {
        "id": "E19", "source": source, "target": target, "protocol": "TCP", "port": "443",
        "purpose": Text("test"), "changeable": False, "basis": "D",
    }  # fmt: skip
    return Link(**given | more)


def test_nodes_and_links_come_in_canonical_order_whatever_order_they_are_given_in() -> None:
    vault = node("v", kind="vault", zone="azure")
    one = Graph((vault, node("b"), node("a")), (link("b", "a"), link("a", "b"), link("a", "b", id="E05")))
    other = Graph((node("a"), vault, node("b")), (link("a", "b", id="E05"), link("a", "b"), link("b", "a")))
    assert one == other
    assert [found.key for found in one.nodes] == ["a", "b", "v"]
    assert [found.key for found in one.links] == ["E05 a → b", "E19 a → b", "E19 b → a"]


def test_attributes_are_kept_in_order_of_their_names() -> None:
    assert list(node("a", attributes={"z": 1, "a": True}).attributes) == ["a", "z"]


def test_a_node_is_found_by_key_and_by_kind() -> None:
    graph = Graph((node("a"), node("v", kind="vault", zone="azure")))
    assert graph.node("v").kind == "vault"
    assert [found.key for found in graph.nodes_of("esxi", "cs")] == ["a"]
    with pytest.raises(KeyError):
        graph.node("b")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: node(""), "A component has no key; every component needs one of its own."),
        (lambda: node("a", kind="router"), "a has the kind “router”; expected one of: vault, cache_sa"),
        (
            lambda: node("a", zone="moon"),
            "a has the zone “moon”; expected one of: sources, vsphere, site, azure.",
        ),
        (
            lambda: node("a", attributes={"size": 1.5}),
            "size of a is a float; expected text, a whole number, yes or no.",
        ),
        (lambda: link("a", "b", basis="Z"), "E19 has the basis “Z”; expected one of: D, R, I, E."),
        (lambda: Graph((node("a"), node("a", name="x"))), "Two components have the key a."),
        (lambda: Graph((node("a"),), (link("a", "b"),)), "E19 ends at b, which is not among the components."),
        (
            lambda: Graph((node("a"),), (link("a", "a"), link("a", "a", port="1"))),
            "The link E19 a → a is there twice.",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_found(make: Any, message: str) -> None:
    with pytest.raises(TopologyError) as caught:
        make()
    assert str(caught.value).startswith(message)
    assert str(caught.value.text) == str(caught.value)


@given(graphs())
@settings(deadline=None, max_examples=60)
def test_a_graph_survives_being_stored_as_json(graph: Graph) -> None:
    assert Graph.from_json(json.loads(json.dumps(graph.to_json()))) == graph


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda document: document.update(version=2),
            "The topology document has version 2; expected version 1.",
        ),
        (
            lambda document: document.pop("version"),
            "The topology document has version None; expected version 1.",
        ),
        (lambda document: document.pop("links"), "The topology document cannot be read: KeyError 'links'."),
        (
            lambda document: document["nodes"][0].pop("zone"),
            "The topology document cannot be read: TypeError",
        ),
        (
            lambda document: document["nodes"][0].update(colour="red"),
            "The topology document cannot be read: TypeError",
        ),
        (lambda document: document.update(links=["E01"]), "The topology document cannot be read: TypeError"),
        (
            lambda document: document["nodes"].pop(0),
            "E01 ends at mobility:Protected machines, which is not among",
        ),
    ],
)
def test_a_damaged_document_is_refused_with_what_is_wrong(spoil: Any, message: str) -> None:
    document = json.loads(json.dumps(build_classic(sites.minimal()).to_json()))
    spoil(document)
    with pytest.raises(TopologyError) as caught:
        Graph.from_json(document)
    assert str(caught.value).startswith(message)
