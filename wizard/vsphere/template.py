"""A template, opened for reading in place: an .ova, or a folder of files beside an .ovf. Nothing is extracted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from wizard.text import Text, _
from wizard.vsphere.checksum import Checksum, parse_manifest
from wizard.vsphere.errors import OvaInvalid
from wizard.vsphere.ova_index import Member
from wizard.vsphere.ovf import OvfDescriptor, parse_descriptor
from wizard.vsphere.ovf_xml import DESCRIPTOR_LIMIT_BYTES, descriptor_too_large
from wizard.vsphere.payload import Payload, find_payloads
from wizard.vsphere.signature import Signature, verify_signature
from wizard.vsphere.template_store import Archive, Folder, Store

PIECE_BYTES = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An open template. Close it, or use it as a context manager; several threads may read at once.

    `size` counts the bytes of all files. `members` are the files as they are stored, `payloads` what the descriptor
    refers to, by its `href`. `manifest` is empty, and `signature` None, where there is none.
    """

    path: Path
    size: int
    descriptor: OvfDescriptor
    descriptor_name: str
    descriptor_xml: bytes = field(repr=False)
    members: Mapping[str, Member]
    payloads: Mapping[str, Payload]
    manifest: Mapping[str, Checksum]
    manifest_content: bytes = field(repr=False)
    has_manifest: bool
    signature: Signature | None
    store: Store = field(repr=False)

    @property
    def needed_files(self) -> tuple[str, ...]:
        """The descriptor and every file that it refers to, as stored."""
        return self.descriptor_name, *(part for item in self.payloads.values() for part in item.parts)

    def pieces(self, name: str, buffer: memoryview) -> Iterator[memoryview]:
        """The content of a member in the caller's buffer: each piece lives until the next one is read.

        Raises OvaInvalid with reason `truncated` where the file has become shorter since it was opened, and
        `unreadable` where its disk fails.
        """
        member = self.members[name]
        position, end = member.offset, member.offset + member.size
        try:
            with self.store.opened(member) as descriptor:
                while position < end:
                    count = os.preadv(descriptor, [buffer[: min(len(buffer), end - position)]], position)
                    if not count:
                        raise _became_shorter(self.path, name, end, position)
                    yield buffer[:count]
                    position += count
        except OSError as error:
            raise _unreadable(self.path, error) from None

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_template(path: Path | str) -> Template:
    """Open an .ova, an .ovf or a folder with one .ovf, and read index, descriptor and manifest (small files only).

    A signature is verified; one that does not hold is refused. Raises OvaInvalid; beyond the reasons of
    `read_members`, `parse_descriptor`, `parse_manifest`, `find_payloads` and `verify_signature`: `unreadable`,
    `no_descriptor`, `several_descriptors`, `several_systems`, `manifest_too_large`, `manifest_mismatch` and
    `manifest_incomplete`.
    """
    source = Path(path)
    try:
        store: Store = (
            Folder(source) if source.is_dir() or source.suffix.lower() == ".ovf" else Archive(source)
        )
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
        return _read(source, store)
    except OSError as error:
        store.close()
        raise _unreadable(source, error) from None
    except BaseException:
        store.close()
        raise


def _became_shorter(path: Path, name: str, expected: int, found: int) -> OvaInvalid:
    return OvaInvalid(
        Text(
            _(
                "“%(path)s” became shorter while it was read: “%(name)s” ends at "
                "byte %(expected)d, the file at %(found)d."
            ),
            path=path.name,
            name=name,
            expected=expected,
            found=found,
        ),
        reason="truncated",
    )


def _unreadable(path: Path, error: OSError) -> OvaInvalid:
    return OvaInvalid(
        Text(_("“%(path)s” cannot be read: %(error)s."), path=str(path), error=error.strerror or str(error)),
        reason="unreadable",
        remedy=Text(_("Check that the path names a file and that its disk works.")),
    )


def _read(path: Path, store: Store) -> Template:
    members = store.members()
    descriptor_name = store.descriptor_name or _only_descriptor(members)
    if members[descriptor_name].size > DESCRIPTOR_LIMIT_BYTES:
        raise descriptor_too_large(members[descriptor_name].size)
    xml = _content(store, members[descriptor_name])
    descriptor = parse_descriptor(xml)
    _expect_one_system(descriptor)
    payloads = find_payloads(descriptor.files, members)
    manifest_name = _beside(members, descriptor_name, ".mf")
    content = _small(store, members[manifest_name]) if manifest_name else b""
    template = Template(
        path=path,
        size=store.size(members, descriptor_name, payloads.values()),
        descriptor=descriptor,
        descriptor_name=descriptor_name,
        descriptor_xml=xml,
        members=members,
        payloads=payloads,
        manifest=parse_manifest(content, known=members),
        manifest_content=content,
        has_manifest=manifest_name is not None,
        signature=_signature(store, members, descriptor_name, manifest_name, content),
        store=store,
    )
    if template.has_manifest:
        _expect_complete(template)
        promised = template.manifest[descriptor_name]
        digest = promised.start()
        digest.update(xml)
        promised.expect(digest, descriptor_name)
    return template


def _only_descriptor(members: Mapping[str, Member]) -> str:
    found = [name for name in members if name.lower().endswith(".ovf")]
    if len(found) == 1:
        return found[0]
    if not found:
        raise OvaInvalid(
            Text(
                _("The template holds no .ovf descriptor, only: %(names)s."),
                names=list(members)[:10],
            ),
            reason="no_descriptor",
            remedy=Text(_("Give the .ova file, or the folder of the .ovf file, as its publisher offers it.")),
        )
    raise OvaInvalid(
        Text(
            _("The template holds several descriptors (%(names)s); exactly one was expected."),
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


def _beside(members: Mapping[str, Member], descriptor_name: str, extension: str) -> str | None:
    """The manifest or certificate: same name as the descriptor, other extension (OVF 1.1, 5.1)."""
    wanted = descriptor_name[: -len(".ovf")] + extension
    return next((name for name in members if name.lower() == wanted.lower()), None)


def _signature(
    store: Store,
    members: Mapping[str, Member],
    descriptor_name: str,
    manifest_name: str | None,
    manifest: bytes,
) -> Signature | None:
    name = _beside(members, descriptor_name, ".cert")
    if name is None:
        return None
    if manifest_name is None:
        raise OvaInvalid(
            Text(_("The template has a certificate, but no manifest that it could have signed.")),
            reason="signature_invalid",
        )
    return verify_signature(_small(store, members[name]), manifest_name, manifest)


def _small(store: Store, member: Member) -> bytes:
    if member.size > DESCRIPTOR_LIMIT_BYTES:
        raise OvaInvalid(
            Text(
                _("“%(name)s” has %(found)d bytes; at most %(limit)d are read."),
                name=member.name,
                found=member.size,
                limit=DESCRIPTOR_LIMIT_BYTES,
            ),
            reason="manifest_too_large",
        )
    return _content(store, member)


def _expect_complete(template: Template) -> None:
    # OVF 1.1, 5.1: a manifest holds a digest of the descriptor and of every file that it refers to. Tools differ in
    # whether they name the chunks of a file or the file as a whole.
    promised = template.manifest
    missing = [name for name in (template.descriptor_name,) if name not in promised]
    for item in template.payloads.values():
        if item.name not in promised:
            missing += [part for part in item.parts if part not in promised]
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


def _content(store: Store, member: Member) -> bytes:
    with store.opened(member) as descriptor:
        return os.pread(descriptor, member.size, member.offset)
