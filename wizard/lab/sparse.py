"""Minimal disks in VMware's streamOptimized format, filled with noise: valid from outside, cheap to make.

Source: "Virtual Disk Format 5.0" (VMware), sections "Hosted Sparse Extents" and "Stream-Optimized Compressed".
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator

SECTOR = 512
GRAIN_SECTORS = 128
ENTRIES_PER_TABLE = 512

_MAGIC = b"KDMV"
_VERSION = 3
# valid newline test, compressed grains, markers
_FLAGS = 1 | (1 << 16) | (1 << 17)
_AT_END = 0xFFFFFFFFFFFFFFFF
_DEFLATE = 1
_END_OF_STREAM, _GRAIN_TABLE, _GRAIN_DIRECTORY, _FOOTER = 0, 1, 2, 3
_DESCRIPTOR_SECTORS = 20
_OVERHEAD_SECTORS = 128


def stream(capacity_bytes: int, size_bytes: int, *, seed: int) -> Iterator[bytes]:
    """A disk of `capacity_bytes` whose file is about `size_bytes` long; the same seed makes the same bytes.

    Yields pieces of some 64 KiB. The grains hold noise, so that nothing on the way can compress it.
    """
    noise = random.Random(seed)  # noqa: S311 - filler, not a secret
    capacity = capacity_bytes // SECTOR
    yield _header(capacity, _AT_END)
    yield _descriptor(capacity, seed)
    position = _OVERHEAD_SECTORS
    table: dict[int, int] = {}
    grains = max(1, (size_bytes // SECTOR - position) // (GRAIN_SECTORS + 2))
    for grain in range(min(grains, capacity // GRAIN_SECTORS)):
        packed = _pad(_grain(grain * GRAIN_SECTORS, noise.randbytes(GRAIN_SECTORS * SECTOR)))
        table[grain] = position
        position += len(packed) // SECTOR
        yield packed
    ending = _Ending(capacity, table, position)
    yield from ending.parts()


class _Ending:
    """What follows the grains: their tables, the directory, the footer and the end-of-stream marker."""

    def __init__(self, capacity: int, table: dict[int, int], position: int) -> None:
        self._capacity, self._table, self._position = capacity, table, position

    def parts(self) -> Iterator[bytes]:
        grains = -(-self._capacity // GRAIN_SECTORS)
        directory = [0] * -(-grains // ENTRIES_PER_TABLE)
        # Grains are written from the first one on without gaps, so only the first tables have entries.
        for number in range(-(-len(self._table) // ENTRIES_PER_TABLE)):
            first = number * ENTRIES_PER_TABLE
            entries = [self._table.get(first + offset, 0) for offset in range(ENTRIES_PER_TABLE)]
            content = struct.pack(f"<{ENTRIES_PER_TABLE}I", *entries)
            yield self._marker(_GRAIN_TABLE, content)
            directory[number] = self._position
            yield self._advance(content)
        content = _pad(struct.pack(f"<{len(directory)}I", *directory))
        yield self._marker(_GRAIN_DIRECTORY, content)
        start = self._position
        yield self._advance(content)
        footer = _header(self._capacity, start)
        yield self._marker(_FOOTER, footer)
        yield self._advance(footer)
        yield self._marker(_END_OF_STREAM, b"")

    def _marker(self, kind: int, content: bytes) -> bytes:
        return self._advance(_pad(struct.pack("<QII", len(content) // SECTOR, 0, kind)))

    def _advance(self, content: bytes) -> bytes:
        self._position += len(content) // SECTOR
        return content


def _header(capacity: int, directory: int) -> bytes:
    return _pad(
        struct.pack(
            "<4sIIQQQQIQQQB4sH",
            _MAGIC,
            _VERSION,
            _FLAGS,
            capacity,
            GRAIN_SECTORS,
            1,
            _DESCRIPTOR_SECTORS,
            ENTRIES_PER_TABLE,
            0,
            directory,
            _OVERHEAD_SECTORS,
            0,
            b"\n \r\n",
            _DEFLATE,
        )
    )


def _descriptor(capacity: int, seed: int) -> bytes:
    text = (
        "# Disk DescriptorFile\n"
        "version=1\n"
        f"CID={seed & 0xFFFFFFFF:08x}\n"
        "parentCID=ffffffff\n"
        'createType="streamOptimized"\n\n'
        f'RDONLY {capacity} SPARSE "generated-stream.vmdk"\n\n'
        'ddb.adapterType = "lsilogic"\n'
        'ddb.virtualHWVersion = "13"\n'
    )
    return text.encode().ljust((_OVERHEAD_SECTORS - 1) * SECTOR, b"\0")


def _grain(sector: int, content: bytes) -> bytes:
    # Level 0: noise does not shrink, and trying costs time.
    packed = zlib.compress(content, 0)
    return struct.pack("<QI", sector, len(packed)) + packed


def _pad(content: bytes) -> bytes:
    return content.ljust(-(-len(content) // SECTOR) * SECTOR, b"\0")
