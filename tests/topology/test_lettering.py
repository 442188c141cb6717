from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wizard.topology.picture.lettering import ELLIPSIS, shorten, width

cuts = st.sampled_from(["middle", "end"])


@given(st.text(), st.floats(20, 400), st.booleans(), cuts)
def test_a_shortened_text_fits_and_a_text_that_fits_is_left_alone(text, room, bold, cut) -> None:
    short = shorten(text, room, 11, bold=bold, cut=cut)
    assert width(short, 11, bold=bold) <= room
    assert (short == text) == (width(text, 11, bold=bold) <= room) or short.count(ELLIPSIS) > text.count(
        ELLIPSIS
    )


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=60), cuts)
def test_as_much_is_kept_as_fits(text: str, cut) -> None:
    short = shorten(text, 150, 11, cut=cut)
    widest = width("@", 11)
    assert 150 - 2 * widest <= width(short, 11) <= 150


def test_names_keep_their_end_and_sentences_their_beginning() -> None:
    assert shorten("production-cluster-lyon-esx-host-01", 120, 11, cut="middle").endswith("host-01")
    assert shorten("Orchestration through the endpoints", 120, 11).startswith("Orchestration t")


def test_wide_and_combining_characters_are_measured_as_such() -> None:
    assert width("機械", 10) > width("mm", 10)
    assert width("e\u0301", 10) == width("e", 10)
    assert width("e", 10, bold=True) > width("e", 10)
