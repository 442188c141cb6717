from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.topology import sites
from tests.topology.graphs import graphs, names
from wizard.topology.drawing import svg
from wizard.topology.graph import Graph
from wizard.topology.picture.sketch import sketch
from wizard.topology.plan import build_classic
from wizard.topology.site import EsxiHost

NAMESPACE = "{http://www.w3.org/2000/svg}"


def draw(
    graph: Graph, title: str = "Topology of lyon", description: str = "All of it."
) -> ElementTree.Element:
    return ElementTree.fromstring(svg(graph, title=title, description=description))


def named(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """Elements that carry a class."""
    return [element for element in root.iter() if name in element.get("class", "").split()]


def said(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{NAMESPACE}text")]


@given(graphs(), names, names)
@settings(deadline=None, max_examples=80)
def test_whatever_the_names_are_it_is_xml_without_script_and_style(
    graph: Graph, title: str, about: str
) -> None:
    root = draw(graph, title, about)
    for element in root.iter():
        assert element.tag.removeprefix(NAMESPACE) in {"svg", "title", "desc", "g", "rect", "path", "text"}
        assert not [
            name for name in element.attrib if name == "style" or name.startswith("on") or "href" in name
        ]


@given(graphs())
@settings(deadline=None, max_examples=40)
def test_every_component_and_every_arrow_is_in_it(graph: Graph) -> None:
    root, picture = draw(graph), sketch(graph)
    alone = {box.card.nodes[0].key for box in picture.boxes if not box.card.folded}
    assert {node.get("data-key") for node in named(root, "topology-node")} - {None} == alone
    assert len(named(root, "topology-node")) == len(picture.boxes)
    rows = {row for link in named(root, "topology-link") for row in (link.get("data-rows") or "").split(" ")}
    assert rows >= {link.id for link in graph.links if " " not in link.id}
    tips = {run.points[-1] for line in picture.lines for run in line.runs}
    assert len(named(root, "topology-link-arrow")) == len(tips)


@given(st.text())
def test_a_name_stands_in_full_in_the_tooltip_of_its_box(name: str) -> None:
    graph = build_classic(replace(sites.minimal(), vault=replace(sites.VAULT, name=name)))
    (vault,) = named(draw(graph), "topology-node--vault")
    tooltip = vault.findtext(f"{NAMESPACE}title") or ""
    allowed = re.sub("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", name)
    assert tooltip.startswith(f"Recovery Services vault: {allowed}")


def test_it_says_what_it_is_to_those_who_cannot_see_it() -> None:
    root = draw(build_classic(sites.minimal()), "A & B", "1 < 2")
    assert root.get("role") == "img"
    by_id = {element.get("id"): element.text for element in root.iter() if element.get("id")}
    assert [by_id[name] for name in (root.get("aria-labelledby") or "").split()] == ["A & B", "1 < 2"]


def test_two_pictures_on_one_page_share_no_id() -> None:
    one, other = draw(build_classic(sites.minimal())), draw(build_classic(sites.big()))
    ids = [{element.get("id") for element in root.iter() if element.get("id")} for root in (one, other)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_the_same_graph_gives_the_same_text() -> None:
    one = svg(build_classic(sites.big()), title="t", description="d")
    assert svg(build_classic(sites.big()), title="t", description="d") == one


def test_a_box_shows_title_name_address_and_facts() -> None:
    (cs,) = named(draw(build_classic(sites.minimal())), "topology-node--cs")
    assert said(cs) == ["Configuration server", "LYON-CS01", "10.20.0.11", "Version 9.57.6920.1"]


def test_names_too_long_for_a_box_are_shortened_in_the_middle() -> None:
    name = f"{'x' * 58}-end1"
    graph = build_classic(replace(sites.minimal(), vault=replace(sites.VAULT, name=name)))
    (vault,) = named(draw(graph), "topology-node--vault")
    shown = said(vault)[1]
    assert re.fullmatch("x+…x*-end1", shown)
    assert len(shown) < 40


def test_labels_carry_row_and_port_and_the_legend_explains_the_rows() -> None:
    root = draw(build_classic(sites.minimal()))
    labels = {element.text for element in named(root, "topology-label")}
    assert labels == {
        "E01 443", "E02 9443", "E03 443", "E04 443", "E05 443", "E06 443", "E07 443", "E08 135",
        "E09 139, 445", "E10 49152–65535", "E19 443, 902",
    }  # fmt: skip
    (legend,) = named(root, "topology-legend")
    assert said(legend)[:3] == ["E01", "TCP 443", "Replication management"]
    assert len(named(root, "topology-legend-row")) == 11


def test_a_line_names_all_its_links_in_its_tooltip() -> None:
    root = draw(build_classic(sites.minimal()))
    (push,) = named(root, "topology-link--push")
    assert (push.findtext(f"{NAMESPACE}title") or "").splitlines() == [
        "E08: LYON-CS01 → Protected machines, TCP 135. Push installation on Windows: remote execution",
        "E09: LYON-CS01 → Protected machines, TCP 139, 445. Push installation on Windows: file copy",
        "E10: LYON-CS01 → Protected machines, TCP 49152–65535. Push installation on Windows: dynamic RPC range",
    ]


def test_the_tooltip_of_a_line_with_very_many_links_ends_early() -> None:
    hosts = tuple(
        EsxiHost(name=f"esx{number}", address=f"10.0.0.{number}", vcenter="lyon-vcenter")
        for number in range(1, 41)
    )
    root = draw(build_classic(replace(sites.minimal(), esxi_hosts=hosts)))
    (failback,) = named(root, "topology-link--failback")
    lines = (failback.findtext(f"{NAMESPACE}title") or "").splitlines()
    assert len(lines) == 13
    assert lines[-1] == "…"


def test_it_can_be_read_without_a_style_sheet() -> None:
    root = draw(build_classic(sites.big()))
    background = named(root, "topology-background")[0]
    assert (background.get("width"), background.get("height")) == (root.get("width"), root.get("height"))
    assert background.get("fill") == "#ffffff"
    assert root.get("fill") == "#1b2430"
    for line in named(root, "topology-link"):
        assert re.fullmatch("#[0-9a-f]{6}", line.get("color", ""))
    view = (root.get("viewBox") or "").split()
    assert view == ["0", "0", root.get("width"), root.get("height")]


def test_it_speaks_the_language_of_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = build_classic(sites.minimal())
    words = {"Configuration server": "Konfigurationsserver", "Replication data": "Replikationsdaten"}
    monkeypatch.setattr("wizard.text._translate", lambda template: words.get(template, template))
    texts = said(draw(graph))
    assert {"Konfigurationsserver", "Replikationsdaten"} <= set(texts)
    assert "Configuration server" not in texts


def test_an_empty_graph_is_still_a_picture() -> None:
    root = draw(Graph())
    assert said(root) == ["Topology of lyon"]
