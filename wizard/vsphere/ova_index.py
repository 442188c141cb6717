"""Where each file lies inside an OVA, found by reading its tar headers and nothing else.

An OVA comes from outside: a header may claim any name, kind or size. Only plain files with plain names pass.
"""

from __future__ import annotations

import io
import os
import tarfile
from dataclasses import dataclass
from typing import BinaryIO

from wizard.text import Text, _
from wizard.vsphere.errors import OvaInvalid

_BLOCK = tarfile.BLOCKSIZE
# What tarfile may read at once: real headers have some hundred bytes, forged ones claim gigabytes.
_HEADER_LIMIT_BYTES = 64 * 2**10
_MEMBERS_LIMIT = 512
_DAMAGED = (tarfile.TarError, ValueError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file inside the OVA; `offset` is that of its first byte of content."""

    name: str
    offset: int
    size: int


def read_members(file: BinaryIO) -> dict[str, Member]:
    """The members by name, in the order of the archive; reads headers only.

    Raises OvaInvalid with reason `not_an_ova`, `unsafe_name`, `truncated`, `damaged` or `too_many_files`.
    """
    size = os.fstat(file.fileno()).st_size
    _expect_tar(file, size)
    members: dict[str, Member] = {}
    folded: set[str] = set()
    end = 0
    try:
        with tarfile.open(fileobj=_HeaderReader(file), mode="r:", encoding="utf-8") as tar:
            for info in iter(tar.next, None):
                member = _plain(info)
                end = member.offset + -(-member.size // _BLOCK) * _BLOCK
                if member.offset + member.size > size:
                    raise _truncated(member, size)
                if member.name.casefold() in folded:
                    raise _unsafe(member.name, Text(_("the name occurs twice")))
                if len(members) >= _MEMBERS_LIMIT:
                    raise OvaInvalid(
                        Text(_("The template holds more than %(limit)d files."), limit=_MEMBERS_LIMIT),
                        reason="too_many_files",
                    )
                folded.add(member.name.casefold())
                members[member.name] = member
    except _DAMAGED as error:
        raise _damaged(end, size, str(error)) from None
    _expect_end(file, end, size, last=next(reversed(members.values()), None))
    return members


class _HeaderReader(io.RawIOBase):
    """Lets tarfile read headers, and refuses to be talked into reading more than a header's worth."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._file.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= _HEADER_LIMIT_BYTES:
            raise ValueError(f"a header claims {size} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _plain(info: tarfile.TarInfo) -> Member:
    if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or info.issparse():
        raise _unsafe(
            info.name, Text(_("it is a link, folder, device or sparse file; plain files were expected"))
        )
    if not info.name or "/" in info.name or "\\" in info.name or info.name in (".", ".."):
        raise _unsafe(info.name, Text(_("it is not a plain file name")))
    if any(not character.isprintable() for character in info.name):
        raise _unsafe(info.name, Text(_("it holds characters that cannot be shown")))
    if info.size < 0:
        raise ValueError(f"the size of {info.name} is negative")
    return Member(name=info.name, offset=info.offset_data, size=info.size)


def _expect_end(file: BinaryIO, end: int, size: int, *, last: Member | None) -> None:
    file.seek(end)
    block = file.read(_BLOCK)
    if len(block) < _BLOCK and last is not None:
        raise _truncated(last, size, ending=True)
    if any(block):
        raise _damaged(end, size, "bad header")


def _expect_tar(file: BinaryIO, size: int) -> None:
    file.seek(0)
    head = file.read(_BLOCK)
    if head[257:262] == b"ustar":
        return
    raise OvaInvalid(
        Text(_("This file is not an OVA: %(found)s."), found=_what_it_is(head, size)),
        reason="not_an_ova",
        remedy=Text(
            _("Give the .ova file as its publisher offers it: a tar archive that begins with an .ovf file.")
        ),
    )


def _what_it_is(head: bytes, size: int) -> Text:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not size:
        return Text(_("it is empty"))
    if start.startswith((b"<!doctype html", b"<html")):
        return Text(_("it is a web page; the download probably ended at a sign-in or error page"))
    if start.startswith((b"<?xml", b"<envelope", b"<ovf:envelope")):
        return Text(_("it is an XML file, perhaps the .ovf descriptor without its disks"))
    if head.startswith(b"PK\x03\x04"):
        return Text(_("it is a zip archive; unpack it first, the OVA is inside"))
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf")):
        return Text(_("it is compressed; unpack it first"))
    if head.startswith((b"KDMV", b"# Disk DescriptorFile")):
        return Text(_("it is a single virtual disk"))
    if head.startswith(b"MZ"):
        return Text(_("it is a Windows program; perhaps a self-extracting archive with the OVA inside"))
    return Text(_("it does not begin with a tar header"))


def _truncated(member: Member, size: int, *, ending: bool = False) -> OvaInvalid:
    # An archive ends with two empty blocks after the last member.
    least = -(-(member.offset + member.size) // _BLOCK) * _BLOCK + 2 * _BLOCK
    template = (
        _(
            "The template is cut off after “%(name)s”: "
            "at least %(expected)d bytes were expected, %(found)d are there."
        )
        if ending
        else _(
            "The template is cut off inside “%(name)s”: "
            "at least %(expected)d bytes were expected, %(found)d are there."
        )
    )
    return OvaInvalid(
        Text(template, name=member.name, expected=least, found=size),
        reason="truncated",
        remedy=Text(_("Download or copy the template again; compare its size with the publisher's.")),
    )


def _damaged(offset: int, size: int, detail: str) -> OvaInvalid:
    return OvaInvalid(
        Text(
            _(
                "The template is damaged at byte %(offset)d of %(size)d: "
                "a tar header was expected there (%(detail)s)."
            ),
            offset=offset,
            size=size,
            detail=detail,
        ),
        reason="damaged",
    )


def _unsafe(name: str, why: Text) -> OvaInvalid:
    return OvaInvalid(
        Text(
            _("The template holds a file named “%(name)s”, which is refused: %(why)s."),
            name=name.encode("unicode_escape").decode("ascii")[:200],
            why=why,
        ),
        reason="unsafe_name",
        remedy=Text(_("Do not use this file. Get the template from its publisher again.")),
    )
