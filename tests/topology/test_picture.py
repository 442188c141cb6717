"""The picture keeps its promises for every graph, not just for those that a site can have."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import pytest
from hypothesis import given, settings

from tests.topology import sites
from tests.topology.geometry import (
    crosses,
    holds,
    of_label,
    on_border,
    overlap,
    run_together,
    segments,
    view,
)
from tests.topology.graphs import graphs
from wizard.topology.appliance_plan import build_appliance
from wizard.topology.graph import ZONES, Graph, Node
from wizard.topology.picture.legend import SIZE
from wizard.topology.picture.lettering import width
from wizard.topology.picture.scene import COLUMNS, MOST_IN_A_ROW
from wizard.topology.picture.shapes import Picture
from wizard.topology.picture.sketch import sketch
from wizard.topology.plan import build_classic
from wizard.topology.process_server_plan import build_process_server
from wizard.topology.site import ClassicSite, EsxiHost, MachineGroup

any_graph = given(graphs())
patient = settings(deadline=None, max_examples=60)


def check_boxes(picture: Picture) -> None:
    for one, other in combinations(picture.boxes, 2):
        assert not overlap(one.rect, other.rect)
    for one_zone, other_zone in combinations(picture.zones, 2):
        assert not overlap(one_zone.rect, other_zone.rect)
    for one_frame, other_frame in combinations(picture.frames, 2):
        assert not overlap(one_frame.rect, other_frame.rect)
    for box in picture.boxes:
        assert holds(view(picture), box.rect)
        around = [zone for zone in picture.zones if holds(zone.rect, box.rect)]
        assert [zone.zone for zone in around] == [box.card.nodes[0].zone]
        for frame in picture.frames:
            assert holds(frame.rect, box.rect) or not overlap(frame.rect, box.rect)


def check_lines(picture: Picture) -> None:
    boxes = {node.key: box for box in picture.boxes for node in box.card.nodes}
    for line in picture.lines:
        for run in line.runs:
            for link in run.links:
                assert on_border(run.points[0], boxes[link.source].rect)
                assert on_border(run.points[-1], boxes[link.target].rect)
        for segment in segments(line):
            assert segment[0] == segment[2] or segment[1] == segment[3]
            assert 0 <= segment[0] <= segment[2] <= picture.width
            assert not any(crosses(segment, box.rect) for box in picture.boxes)
    for one, other in combinations(picture.lines, 2):
        for mine, theirs in product(segments(one), segments(other)):
            assert not run_together(mine, theirs)


def check_labels(picture: Picture) -> None:
    covered = [of_label(label) for label in picture.labels]
    for rect in covered:
        assert holds(view(picture), rect)
        assert not any(overlap(rect, box.rect) for box in picture.boxes)
        assert not any(crosses(segment, rect) for line in picture.lines for segment in segments(line))
    for one, other in combinations(covered, 2):
        assert not overlap(one, other)


def check_legend(picture: Picture) -> None:
    for row in picture.legend:
        assert picture.legend_top < row.y < picture.height
        assert row.row_x + width(row.row, SIZE, bold=True) <= row.ports_x
        assert row.ports_x + width(row.ports, SIZE) <= row.purpose_x
        assert row.purpose_x + width(row.purpose, SIZE) <= picture.width
    for zone in picture.zones:
        assert zone.rect.y + zone.rect.height < picture.legend_top


def check_completeness(picture: Picture, graph: Graph) -> None:
    drawn = sorted(node.key for box in picture.boxes for node in box.card.nodes)
    assert drawn == sorted(node.key for node in graph.nodes)
    links = sorted(link.key for line in picture.lines for run in line.runs for link in run.links)
    assert links == sorted(link.key for link in graph.links)
    assert {row.row for row in picture.legend} >= {link.id for link in graph.links if len(link.id) == 3}


@any_graph
@patient
def test_boxes_zones_and_frames_never_overlap(graph: Graph) -> None:
    check_boxes(sketch(graph))


@any_graph
@patient
def test_lines_join_their_boxes_and_run_through_no_other_and_not_on_top_of_each_other(graph: Graph) -> None:
    check_lines(sketch(graph))


@any_graph
@patient
def test_labels_stay_in_view_and_clear_of_boxes_lines_and_each_other(graph: Graph) -> None:
    check_labels(sketch(graph))


@any_graph
@patient
def test_the_legend_stands_below_and_fits(graph: Graph) -> None:
    check_legend(sketch(graph))


@any_graph
@patient
def test_every_component_and_every_link_is_drawn_once(graph: Graph) -> None:
    check_completeness(sketch(graph), graph)


@any_graph
@patient
def test_equal_graphs_make_equal_pictures(graph: Graph) -> None:
    turned = Graph(tuple(reversed(graph.nodes)), tuple(reversed(graph.links)))
    assert sketch(turned) == sketch(graph)


def long_names() -> ClassicSite:
    site = sites.big()
    long = "n" * 60
    groups = tuple(replace(group, name=f"{long}-{place}") for place, group in enumerate(site.machine_groups))
    return replace(site, cs=replace(site.cs, name=f"{long}-cs"), machine_groups=groups)


@pytest.mark.parametrize(
    "graph",
    [
        build_classic(sites.minimal()),
        build_classic(sites.big()),
        build_classic(long_names()),
        build_classic(sites.physical()),
        build_process_server(sites.process_server()),
        build_appliance(sites.modernized()),
        build_appliance(sites.two_appliances()),
    ],
    ids=["minimal", "big", "long names", "physical", "process server", "modernized", "two appliances"],
)
def test_real_sites_make_clean_pictures(graph: Graph) -> None:
    picture = sketch(graph)
    check_boxes(picture)
    check_lines(picture)
    check_labels(picture)
    check_legend(picture)
    check_completeness(picture, graph)


def test_the_smallest_complete_site_fits_a_page_without_being_made_smaller() -> None:
    assert sketch(build_classic(sites.minimal())).width <= 1120
    assert sketch(build_appliance(sites.modernized())).width <= 1140


def test_the_parts_of_an_appliance_share_a_frame_and_say_what_they_are_instead_of_its_name() -> None:
    picture = sketch(build_appliance(sites.modernized()))
    (frame,) = [frame for frame in picture.frames if frame.title]
    assert frame.title == "On one machine: LYON-ASR01"
    inside = sorted(
        (box.rect.y, box.face.name, box.face.lines) for box in picture.boxes if holds(frame.rect, box.rect)
    )
    assert [(name, lines) for _, name, lines in inside] == [
        ("LYON-ASR01", ("10.20.0.41", "In the vault: lyon-1")),
        ("Proxy server", ()),
        ("Process server", ("Data port 9443",)),
        ("Replication service", ()),
        ("Recovery Services agent", ()),
        ("Site Recovery provider", ()),
        ("Discovery service", ()),
        ("Re-protection server", ()),
    ]
    assert all(box.face.sign for box in picture.boxes if holds(frame.rect, box.rect))


def test_a_part_alone_is_drawn_with_its_name() -> None:
    lone = Node(key="k", kind="appliance_ps", name="LYON-ASR01", zone="site")
    (box,) = sketch(Graph((lone,))).boxes
    assert (box.face.title, box.face.name) == ("Process server", "LYON-ASR01")


def test_the_columns_hold_every_zone_once_and_end_with_azure() -> None:
    assert sorted(zone for zones in COLUMNS for zone in zones) == sorted(ZONES)
    assert COLUMNS[-1] == ("azure",)
    picture = sketch(build_classic(sites.big()))
    lefts = {zone.zone: zone.rect.x for zone in picture.zones}
    assert lefts["sources"] == lefts["vsphere"] < lefts["site"] < lefts["azure"]


def test_the_data_path_to_azure_is_straight() -> None:
    picture = sketch(build_classic(sites.minimal()))
    upload = [run for line in picture.lines for run in line.runs if run.links[0].id == "E04"]
    assert [len(run.points) for run in upload] == [2]


def test_links_between_the_same_boxes_share_one_line_with_a_label_each() -> None:
    picture = sketch(build_classic(sites.minimal()))
    push = [line for line in picture.lines if line.style == "push"]
    assert [[link.id for link in run.links] for line in push for run in line.runs] == [["E08", "E09", "E10"]]
    assert {label.text for label in picture.labels if label.style == "push"} == {
        "E08 135",
        "E09 139, 445",
        "E10 49152–65535",
    }


def test_hosts_beyond_what_can_be_looked_through_share_a_box_that_names_them() -> None:
    site = replace(
        sites.minimal(),
        esxi_hosts=tuple(
            EsxiHost(name=f"esx{number:02}", address=f"10.0.0.{number}", vcenter="lyon-vcenter")
            for number in range(1, 31)
        ),
    )
    graph = build_classic(site)
    picture = sketch(graph)
    hosts = [box for box in picture.boxes if box.card.kind == "esxi"]
    assert len(hosts) == MOST_IN_A_ROW
    last = hosts[-1].face
    assert last.name == "ESXi host: 25 more"
    assert last.lines == ("esx06 – esx30",)
    assert "esx17 10.0.0.17" in last.tooltip
    check_completeness(picture, graph)


def test_machines_stand_in_the_order_of_their_process_servers() -> None:
    site = sites.big()
    groups = (
        MachineGroup(name="a", process_server="PARIS-PS02"),
        MachineGroup(name="b", process_server="LYON-PS01"),
        MachineGroup(name="c"),
    )
    picture = sketch(build_classic(replace(site, machine_groups=groups)))
    shown = sorted((box.rect.y, box.card.nodes[0]) for box in picture.boxes if box.card.kind == "mobility")
    assert [node.name for _, node in shown] == ["c", "b", "a"]


def test_an_empty_graph_makes_an_empty_picture() -> None:
    picture = sketch(Graph())
    assert (picture.boxes, picture.lines, picture.labels, picture.legend) == ((), (), (), ())
