"""An OVA, opened for reading in place: nothing of it is ever extracted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import unquote

from wizard.text import Text, _
from wizard.vsphere.checksum import Checksum, parse_manifest
from wizard.vsphere.errors import OvaInvalid
from wizard.vsphere.ova_index import Member, read_members
from wizard.vsphere.ovf import OvfDescriptor, OvfFile, parse_descriptor
from wizard.vsphere.ovf_xml import DESCRIPTOR_LIMIT_BYTES, descriptor_too_large

PIECE_BYTES = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ova:
    """An open OVA. Close it, or use it as a context manager; `manifest` is empty where there is none."""

    path: Path
    size: int
    descriptor: OvfDescriptor
    descriptor_name: str
    descriptor_xml: bytes = field(repr=False)
    members: Mapping[str, Member]
    manifest: Mapping[str, Checksum]
    has_manifest: bool
    has_certificate: bool
    file: BinaryIO = field(repr=False)

    @property
    def needed_files(self) -> tuple[str, ...]:
        """The descriptor and every file that it refers to."""
        return self.descriptor_name, *(member_name(file) for file in self.descriptor.files)

    def pieces(self, name: str, buffer: memoryview) -> Iterator[memoryview]:
        """The content of a member in the caller's buffer: each piece lives until the next one is read.

        Raises OvaInvalid with reason `truncated` where the file has become shorter since it was opened, and
        `unreadable` where its disk fails.
        """
        member = self.members[name]
        position, end = member.offset, member.offset + member.size
        while position < end:
            try:
                count = os.preadv(self.file.fileno(), [buffer[: min(len(buffer), end - position)]], position)
            except OSError as error:
                raise _unreadable(self.path, error) from None
            if not count:
                raise OvaInvalid(
                    Text(
                        _(
                            "“%(path)s” became shorter while it was read: “%(name)s” ends at "
                            "byte %(expected)d, the file at %(found)d."
                        ),
                        path=self.path.name,
                        name=name,
                        expected=end,
                        found=position,
                    ),
                    reason="truncated",
                )
            yield buffer[:count]
            position += count

    def close(self) -> None:
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_ova(path: Path | str) -> Ova:
    """Open an OVA and read its index, descriptor and manifest (headers and small files only).

    Raises OvaInvalid; beyond the reasons of `read_members`, `parse_descriptor` and `parse_manifest`:
    `unreadable`, `no_descriptor`, `several_descriptors`, `several_systems`, `missing_file`, `external_file`,
    `unsafe_name`, `compressed`, `size_mismatch`, `manifest_too_large`, `manifest_mismatch` and
    `manifest_incomplete`.
    """
    source = Path(path)
    try:
        file = source.open("rb")
    except OSError as error:
        raise OvaInvalid(
            Text(
                _("“%(path)s” cannot be opened: %(error)s."),
                path=str(source),
                error=error.strerror or str(error),
            ),
            reason="unreadable",
            remedy=Text(_("Check the path and that this program's account may read the file.")),
        ) from None
    try:
        return _read(source, file)
    except OSError as error:
        file.close()
        raise _unreadable(source, error) from None
    except BaseException:
        file.close()
        raise


def member_name(file: OvfFile) -> str:
    """The archive's name for a file of the References section, whose `href` is a relative URI."""
    return unquote(file.href)


def _unreadable(path: Path, error: OSError) -> OvaInvalid:
    return OvaInvalid(
        Text(_("“%(path)s” cannot be read: %(error)s."), path=str(path), error=error.strerror or str(error)),
        reason="unreadable",
        remedy=Text(_("Check that the path names a file and that its disk works.")),
    )


def _read(path: Path, file: BinaryIO) -> Ova:
    members = read_members(file)
    descriptor_name = _only_descriptor(members)
    if members[descriptor_name].size > DESCRIPTOR_LIMIT_BYTES:
        raise descriptor_too_large(members[descriptor_name].size)
    xml = _content(file, members[descriptor_name])
    descriptor = parse_descriptor(xml)
    _expect_one_system(descriptor)
    _expect_files(descriptor, members)
    manifest_name = _manifest_name(members, descriptor_name)
    manifest = _read_manifest(file, members[manifest_name]) if manifest_name else {}
    ova = Ova(
        path=path,
        size=os.fstat(file.fileno()).st_size,
        descriptor=descriptor,
        descriptor_name=descriptor_name,
        descriptor_xml=xml,
        members=members,
        manifest=manifest,
        has_manifest=manifest_name is not None,
        has_certificate=any(name.lower().endswith(".cert") for name in members),
        file=file,
    )
    if ova.has_manifest:
        _expect_complete(ova)
        digest = manifest[descriptor_name].start()
        digest.update(xml)
        manifest[descriptor_name].expect(digest, descriptor_name)
    return ova


def _only_descriptor(members: Mapping[str, Member]) -> str:
    found = [name for name in members if name.lower().endswith(".ovf")]
    if len(found) == 1:
        return found[0]
    if not found:
        raise OvaInvalid(
            Text(
                _("The archive holds no .ovf descriptor, only: %(names)s."),
                names=list(members)[:10],
            ),
            reason="no_descriptor",
            remedy=Text(_("Give the .ova file as its publisher offers it.")),
        )
    raise OvaInvalid(
        Text(
            _("The archive holds several descriptors (%(names)s); exactly one was expected."),
            names=found[:10],
        ),
        reason="several_descriptors",
    )


def _expect_one_system(descriptor: OvfDescriptor) -> None:
    if descriptor.virtual_system_count != 1:
        raise OvaInvalid(
            Text(
                _("The template describes %(found)d virtual systems; exactly one was expected."),
                found=descriptor.virtual_system_count,
            ),
            reason="several_systems",
            remedy=Text(_("Give the template of the configuration server; it holds one virtual machine.")),
        )


def _expect_files(descriptor: OvfDescriptor, members: Mapping[str, Member]) -> None:
    for file in descriptor.files:
        name = member_name(file)
        if "://" in name or name.startswith("//"):
            raise OvaInvalid(
                Text(
                    _("The descriptor refers to “%(href)s”, which is outside of the archive."), href=file.href
                ),
                reason="external_file",
            )
        if "/" in name or "\\" in name or name in ("", ".", ".."):
            raise OvaInvalid(
                Text(
                    _("The descriptor refers to “%(href)s”, which is not a plain file name."), href=file.href
                ),
                reason="unsafe_name",
            )
        if file.compression not in ("", "identity") or file.chunk_size_bytes:
            raise OvaInvalid(
                Text(
                    _(
                        "“%(name)s” is stored compressed (%(method)s) or in chunks; "
                        "this wizard sends files as they are."
                    ),
                    name=name,
                    method=file.compression or "identity",
                ),
                reason="compressed",
                remedy=Text(
                    _("Export the template again without compression and chunks; ovftool does so by default.")
                ),
            )
        if name not in members:
            raise OvaInvalid(
                Text(
                    _(
                        "The descriptor refers to “%(name)s”, which the archive does not hold; "
                        "it holds: %(names)s."
                    ),
                    name=name,
                    names=list(members)[:10],
                ),
                reason="missing_file",
            )
        if file.size_bytes is not None and file.size_bytes != members[name].size:
            raise OvaInvalid(
                Text(
                    _("“%(name)s” has %(found)d bytes; the descriptor says %(expected)d."),
                    name=name,
                    found=members[name].size,
                    expected=file.size_bytes,
                ),
                reason="size_mismatch",
            )


def _manifest_name(members: Mapping[str, Member], descriptor_name: str) -> str | None:
    # OVF 1.1, 5.1: same name as the descriptor, extension .mf.
    wanted = descriptor_name[: -len(".ovf")] + ".mf"
    return next((name for name in members if name.lower() == wanted.lower()), None)


def _read_manifest(file: BinaryIO, member: Member) -> dict[str, Checksum]:
    if member.size > DESCRIPTOR_LIMIT_BYTES:
        raise OvaInvalid(
            Text(
                _("The manifest has %(found)d bytes; at most %(limit)d are read."),
                found=member.size,
                limit=DESCRIPTOR_LIMIT_BYTES,
            ),
            reason="manifest_too_large",
        )
    return parse_manifest(_content(file, member))


def _expect_complete(ova: Ova) -> None:
    # OVF 1.1, 5.1: a manifest holds a digest of the descriptor and of every file that it refers to.
    missing = [name for name in ova.needed_files if name not in ova.manifest]
    if missing:
        raise OvaInvalid(
            Text(
                _(
                    "The manifest has no line for %(missing)s; "
                    "it must have one for every file of the template."
                ),
                missing=missing,
            ),
            reason="manifest_incomplete",
        )


def _content(file: BinaryIO, member: Member) -> bytes:
    return os.pread(file.fileno(), member.size, member.offset)
