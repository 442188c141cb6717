"""The small parts below a session: fingerprints and pieces of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.hosts.fingerprint import normalise, of_certificate, of_host_key, same
from wizard.hosts.pieces import in_pieces

HEX = of_certificate(b"certificate")
OPENSSH = of_host_key(b"certificate")


@pytest.mark.parametrize(
    "spelling", [HEX, HEX.lower(), HEX.replace(":", ""), HEX.replace(":", " "), f"  {HEX}\n"]
)
def test_every_spelling_of_a_thumbprint_becomes_one(spelling: str) -> None:
    assert normalise(spelling) == HEX


def test_a_fingerprint_of_openssh_stays_as_it_is_printed() -> None:
    assert normalise(f" {OPENSSH} ") == normalise(OPENSSH + "=") == OPENSSH


def test_both_notations_of_one_fingerprint_are_the_same() -> None:
    assert same(HEX, OPENSSH)
    assert not same(HEX, of_host_key(b"another"))


@pytest.mark.parametrize("text", ["", "AB:CD", HEX[:-1] + "G", "SHA256:", OPENSSH[:-1], "SHA256:" + "!" * 43])
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256 fingerprint"):
        normalise(text)


@given(st.lists(st.binary(max_size=50)), st.integers(min_value=1, max_value=40))
def test_pieces_are_whole_in_order_and_of_one_size(chunks: list[bytes], size: int) -> None:
    pieces = list(in_pieces(chunks, size))
    assert b"".join(pieces) == b"".join(chunks)
    assert pieces
    assert all(len(piece) == size for piece in pieces[:-1])
    assert len(pieces[-1]) <= size
