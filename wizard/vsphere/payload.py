"""What a descriptor refers to, and how it is stored: as one file or in chunks, as it is or compressed."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from wizard.text import Text, _
from wizard.vsphere.errors import OvaInvalid
from wizard.vsphere.ova_index import Member
from wizard.vsphere.ovf import OvfFile

_UNPACKED_BYTES = 2**20
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One file of the References section.

    `parts` are the stored files in their order, `size` their bytes together; `packed` means that these bytes are
    gzip, which a host does not read.
    """

    name: str
    parts: tuple[str, ...]
    size: int
    packed: bool


def find_payloads(files: Iterable[OvfFile], members: Mapping[str, Member]) -> dict[str, Payload]:
    """Pair what the descriptor refers to with what is there, by `href`.

    Raises OvaInvalid with reason `external_file`, `unsafe_name`, `compressed`, `missing_file` or `size_mismatch`.
    """
    return {file.href: _payload(file, members) for file in files}


def _payload(file: OvfFile, members: Mapping[str, Member]) -> Payload:
    name = _plain_name(file, members)
    if file.compression not in ("", "identity", "gzip"):
        raise OvaInvalid(
            Text(
                _("“%(name)s” is compressed as %(method)s; as it is, or as gzip, was expected."),
                name=name,
                method=file.compression,
            ),
            reason="compressed",
            remedy=Text(_("Export the template again without compression; ovftool does so by default.")),
        )
    parts = _chunks(name, file.chunk_size_bytes, members) if file.chunk_size_bytes else (name,)
    for part in parts:
        if part not in members:
            raise _missing(part, members)
    size = sum(members[part].size for part in parts)
    # OVF 1.1, 7.1: the size is that of the file as it is stored, all chunks together.
    if file.size_bytes is not None and file.size_bytes != size:
        raise OvaInvalid(
            Text(
                _("“%(name)s” has %(found)d bytes; the descriptor says %(expected)d."),
                name=name,
                found=size,
                expected=file.size_bytes,
            ),
            reason="size_mismatch",
        )
    return Payload(name=name, parts=parts, size=size, packed=file.compression == "gzip")


def _plain_name(file: OvfFile, members: Mapping[str, Member]) -> str:
    # An href is a relative URI, yet not every tool writes a space or a percent sign as one must.
    name = file.href if file.href in members else unquote(file.href)
    if "://" in name or name.startswith("//"):
        raise OvaInvalid(
            Text(_("The descriptor refers to “%(href)s”, which is outside of the template."), href=file.href),
            reason="external_file",
        )
    if "/" in name or "\\" in name or name in ("", ".", ".."):
        raise OvaInvalid(
            Text(_("The descriptor refers to “%(href)s”, which is not a plain file name."), href=file.href),
            reason="unsafe_name",
        )
    return name


def _chunks(name: str, chunk_bytes: int, members: Mapping[str, Member]) -> tuple[str, ...]:
    """OVF 1.1, 7.1: nine digits count the chunks from 0; all but the last have the chunk size."""
    numbers = {int(member[len(name) + 1 :]) for member in members if _is_chunk(member, name)}
    parts = tuple(f"{name}.{number:09d}" for number in range(max(numbers, default=0) + 1))
    for part in parts[:-1]:
        if part in members and members[part].size != chunk_bytes:
            raise OvaInvalid(
                Text(
                    _("The chunk “%(name)s” has %(found)d bytes; the descriptor says %(expected)d."),
                    name=part,
                    found=members[part].size,
                    expected=chunk_bytes,
                ),
                reason="size_mismatch",
            )
    return parts


def _is_chunk(member: str, name: str) -> bool:
    return member.startswith(name) and re.fullmatch(r"\.[0-9]{9}", member[len(name) :]) is not None


def _missing(name: str, members: Mapping[str, Member]) -> OvaInvalid:
    return OvaInvalid(
        Text(
            _("The descriptor refers to “%(name)s”, which the template does not hold; it holds: %(names)s."),
            name=name,
            names=list(members)[:10],
        ),
        reason="missing_file",
    )


class Unpacker:
    """Takes gzip apart piece by piece, in no more memory than a megabyte, and no further than `limit_bytes`.

    Raises OvaInvalid with reason `damaged` for what is no gzip, and `too_large` past the limit.
    """

    def __init__(self, name: str, *, limit_bytes: int | None) -> None:
        self._name = name
        self._left = limit_bytes
        self._stream = zlib.decompressobj(_GZIP)

    def pieces(self, packed: memoryview | bytes) -> Iterator[bytes]:
        """What comes out of the next stored bytes; several streams one after the other are one file (RFC 1952)."""
        waiting: memoryview | bytes = packed
        while waiting:
            if self._stream.eof:
                self._stream = zlib.decompressobj(_GZIP)
            plain = self._decompress(waiting)
            waiting = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            if plain:
                self._count(len(plain))
                yield plain
        # What did not fit into the last piece is still inside.
        while not self._stream.eof and (plain := self._decompress(b"")):
            self._count(len(plain))
            yield plain

    def _decompress(self, packed: memoryview | bytes) -> bytes:
        try:
            return self._stream.decompress(packed, _UNPACKED_BYTES)
        except zlib.error as error:
            raise self._damaged(str(error)) from None

    def finish(self) -> None:
        if not self._stream.eof:
            raise self._damaged("it ends too early")

    def _count(self, plain: int) -> None:
        if self._left is None:
            return
        self._left -= plain
        if self._left < 0:
            raise OvaInvalid(
                Text(
                    _("“%(name)s” becomes larger, once unpacked, than the disk that it is for."),
                    name=self._name,
                ),
                reason="too_large",
            )

    def _damaged(self, why: str) -> OvaInvalid:
        return OvaInvalid(
            Text(
                _("“%(name)s” should be compressed as gzip, but cannot be unpacked (%(why)s)."),
                name=self._name,
                why=why,
            ),
            reason="damaged",
        )
