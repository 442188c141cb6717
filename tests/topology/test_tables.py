"""The tables of roles and edges say what the facts say, and fit together."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from wizard.topology.captions import ZONE_TITLES
from wizard.topology.edges import EDGES, STYLES, FarEnd, style_of
from wizard.topology.graph import KINDS, ZONES
from wizard.topology.picture.icons import ICONS
from wizard.topology.picture.palette import DEPTH, LINES, MUTED, PAPER, WEIGHTS
from wizard.topology.picture.palette import ZONES as ZONE_COLOURS
from wizard.topology.roles import (
    APPLIANCE_PARTS,
    MASTER_TARGET_FAMILY,
    MASTER_TARGETS,
    PROCESS_SERVERS,
    ROLES,
)


def test_every_row_of_the_facts_is_there() -> None:
    assert list(EDGES) == [f"E{number:02}" for number in range(1, 22)] + [
        f"M0{number}" for number in range(1, 8)
    ]


@pytest.mark.parametrize(
    ("row", "sources", "targets", "protocol", "port", "changeable", "basis"),
    [
        ("E01", {"mobility"}, {"cs"}, "TCP", "443", False, "D"),
        ("E02", {"mobility"}, {"ps_builtin", "ps_scaleout"}, "TCP", "9443", True, "D"),
        ("E03", {"cs"}, {"vault"}, "TCP", "443", False, "D"),
        ("E04", {"ps_builtin", "ps_scaleout"}, {"cache_sa"}, "TCP", "443", False, "D"),
        ("E05", {"cs", "ps_builtin", "ps_scaleout"}, {"vcenter", "esxi"}, "TCP", "443", True, "D"),
        ("E06", {"ps_builtin", "ps_scaleout"}, {"cs"}, "TCP", "443", False, "D"),
        ("E07", {"mt_builtin", "mt_windows", "mt_linux"}, {"cs"}, "TCP", "443", False, "D"),
        ("E08", {"ps_builtin", "ps_scaleout", "appliance"}, {"mobility"}, "TCP", "135", False, "D"),
        ("E09", {"ps_builtin", "ps_scaleout", "appliance"}, {"mobility"}, "TCP", "139, 445", False, "I"),
        ("E10", {"ps_builtin", "ps_scaleout", "appliance"}, {"mobility"}, "TCP", "49152–65535", True, "E"),
        ("E11", {"ps_builtin", "ps_scaleout", "appliance"}, {"mobility"}, "TCP", "22", False, "D"),
        ("E12", {"mobility"}, {"mobility"}, "TCP", "20004", False, "D"),
        ("E13", {"cs", "ps_builtin", "ps_scaleout"}, {"time_server"}, "UDP", "123", False, "I"),
        ("E15", {"operator"}, {"cs"}, "TCP", "44315", False, "D"),
        ("E16", {"mobility"}, {"ps_failback", "ps_builtin", "ps_scaleout"}, "TCP", "9443", True, "D"),
        ("E17", {"ps_failback"}, {"cs"}, "TCP", "443", False, "D"),
        ("E18", {"ps_failback"}, {"mt_builtin", "mt_windows", "mt_linux"}, "TCP", "9443", False, "I"),
        ("E19", {"mt_builtin", "mt_windows", "mt_linux"}, {"esxi"}, "TCP", "443, 902", False, "I"),
        ("M02", {"mobility"}, {"appliance_ps"}, "TCP", "9443", True, "D"),
        (
            "M03",
            {"appliance_proxy", "appliance_replication", "appliance_agent", "appliance_discovery"},
            {"vault", "cache_sa"},
            "TCP",
            "443",
            False,
            "D",
        ),
        (
            "M04",
            {"appliance_discovery", "appliance_reprotection"},
            {"vcenter", "esxi"},
            "TCP",
            "443",
            True,
            "D",
        ),
        ("M05", {"mobility"}, {"vault"}, "TCP", "443", False, "D"),
        ("M06", {"operator"}, {"appliance"}, "TCP", "44368", False, "I"),
    ],
)
def test_a_row_says_what_the_facts_say(
    row: str, sources: set[str], targets: set[str], protocol: str, port: str, changeable: bool, basis: str
) -> None:
    edge = EDGES[row]
    assert (set(edge.sources), set(edge.targets)) == (sources, targets)
    assert (edge.protocol, edge.port, edge.changeable, edge.basis) == (protocol, port, changeable, basis)
    assert str(edge.purpose)


def test_rows_end_at_components_or_at_known_far_ends() -> None:
    known = {*KINDS, *get_args(FarEnd)}
    assert all({*edge.sources, *edge.targets} <= known for edge in EDGES.values())


def test_rows_that_no_longer_hold_say_so() -> None:
    assert [edge.id for edge in EDGES.values() if not edge.recorded] == ["E20", "E21"]


def test_every_kind_has_a_role_and_a_sign() -> None:
    assert set(ROLES) == set(ICONS) == set(KINDS)
    for role in ROLES.values():
        assert all(str(text) for text in (role.title, role.does, role.runs_on, role.how_many))


@pytest.mark.parametrize("modernized", [False, True])
def test_two_kinds_that_can_meet_in_one_site_have_different_titles(modernized: bool) -> None:
    classic_only = {"cs", *PROCESS_SERVERS, *MASTER_TARGETS}
    left_out = classic_only if modernized else {"appliance", *APPLIANCE_PARTS}
    titles = [str(role.title) for kind, role in ROLES.items() if kind not in left_out]
    assert len(set(titles)) == len(titles)


def test_every_zone_has_a_title_and_a_colour_and_every_style_an_ink() -> None:
    assert set(ZONE_TITLES) == set(ZONE_COLOURS) == set(ZONES)
    assert set(LINES) == set(WEIGHTS) == set(DEPTH) == set(STYLES)


def test_a_row_that_no_table_knows_looks_like_control_traffic() -> None:
    assert style_of("E02") == "data"
    assert style_of("X99") == "control"


def test_every_master_target_has_a_family() -> None:
    assert set(MASTER_TARGET_FAMILY) == set(MASTER_TARGETS)


def brightness(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(part, 16) / 255 for part in re.findall("[0-9a-f]{2}", colour)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [*LINES.values(), MUTED])
def test_texts_of_every_colour_can_be_read_on_paper_and_in_every_zone(colour: str) -> None:
    for ground in (PAPER, *ZONE_COLOURS.values()):
        assert (brightness(ground) + 0.05) / (brightness(colour) + 0.05) >= 4.5
