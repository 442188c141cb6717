"""Cutting a stream of bytes into pieces of one size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# In base64, twice over, such a piece still fits the 500 kB that WinRM takes as one message.
PIECE_BYTES = 192 * 2**10


def in_pieces(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """All of `chunks` in pieces of `size` bytes, the last one shorter; one empty piece where there is nothing."""
    waiting = bytearray()
    any_sent = False
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
            any_sent = True
    if waiting or not any_sent:
        yield bytes(waiting)
