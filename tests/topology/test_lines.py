"""Tracks, strokes and markup: the small parts that the picture is made with."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.topology.picture.markup import element, text
from wizard.topology.picture.strokes import arrowhead, path
from wizard.topology.picture.tracks import Bundle, assign

heights = st.lists(st.integers(0, 40), min_size=1, max_size=4, unique=True)


@st.composite
def bundles(draw: st.DrawFn) -> list[Bundle]:
    count = draw(st.integers(0, 8))
    return [
        Bundle(
            net=net,
            left=tuple(12 * y + net for y in draw(heights)),
            right=tuple(12 * y + net for y in draw(heights)),
        )
        for net in range(count)
    ]


@given(bundles())
def test_nets_that_would_touch_have_tracks_of_their_own(found: list[Bundle]) -> None:
    tracks = assign(found)
    assert set(tracks) == {bundle.net for bundle in found if not bundle.straight}
    for one, other in combinations([bundle for bundle in found if not bundle.straight], 2):
        assert tracks[one.net] != tracks[other.net] or not one.meets(other)


def test_two_steps_down_side_by_side_do_not_cross() -> None:
    upper = Bundle(net=0, left=(0,), right=(48,))
    lower = Bundle(net=1, left=(24,), right=(72,))
    tracks = assign([upper, lower])
    assert tracks[1] < tracks[0]


def test_nets_apart_share_a_track() -> None:
    assert assign([Bundle(net=0, left=(0,), right=(24,)), Bundle(net=1, left=(48,), right=(96,))]) == {
        0: 0,
        1: 0,
    }


def test_a_straight_line_needs_no_track() -> None:
    assert assign([Bundle(net=0, left=(12,), right=(12,))]) == {}


def test_a_line_has_rounded_corners_and_ends_before_its_tip() -> None:
    course = ((0.0, 0.0), (50.0, 0.0), (50.0, 40.0), (100.0, 40.0))
    assert path([course]) == "M0 0H43M50 7V33M57 40H94M43 0Q50 0 50 7M50 33Q50 40 57 40"
    assert arrowhead(course) == "M100 40L92 36L92 44Z"


def test_what_lines_share_is_drawn_once() -> None:
    one = ((0.0, 0.0), (50.0, 0.0), (50.0, 80.0), (100.0, 80.0))
    other = ((0.0, 40.0), (50.0, 40.0), (50.0, 80.0), (100.0, 80.0))
    drawn = path([one, other])
    assert drawn.count("H94") == 1
    assert re.findall(r"M50 [0-9.]+V[0-9.]+", drawn) == ["M50 7V73"]
    assert path([one, one]) == path([one])


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ((0.0, 30.0), "M0 30L-4 22L4 22Z"),
        ((0.0, -30.0), "M0 -30L4 -22L-4 -22Z"),
        ((-30.0, 0.0), "M-30 0L-22 4L-22 -4Z"),
    ],
)
def test_an_arrowhead_points_where_the_line_goes(end: tuple[float, float], expected: str) -> None:
    assert arrowhead(((0.0, 0.0), end)) == expected


@given(st.text())
def test_texts_and_attributes_come_back_as_they_were_or_replaced_where_xml_cannot_hold_them(
    words: str,
) -> None:
    root = ElementTree.fromstring(element("a", {"b": words}, text(words)))
    assert root.get("b") == (root.text or "")
    assert len(root.get("b") or "") == len(words)


def test_numbers_are_written_short() -> None:
    assert element("a", {"x": 1.0, "y": 1.25, "z": 3}) == '<a x="1" y="1.2" z="3"/>'
