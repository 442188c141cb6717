"""Where the files of a template lie: inside an archive, or side by side in a folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from wizard.text import Text, _
from wizard.vsphere.errors import OvaInvalid
from wizard.vsphere.ova_index import Member, read_members
from wizard.vsphere.payload import Payload

_FILES_LIMIT = 10_000


def is_template(path: Path) -> bool:
    """Whether this looks like one: an .ova, or a folder with exactly one .ovf. What may not be looked into is none."""
    try:
        if path.is_dir():
            return sum(item.suffix.lower() == ".ovf" for item in path.iterdir()) == 1
        return path.suffix.lower() == ".ova" and path.is_file()
    except OSError:
        return False


def size_on_disk(path: Path) -> int:
    """Bytes of the file, or of the files in the folder."""
    return sum(status.st_size for _name, status in _files(path))


def changed_at(path: Path) -> str:
    """A word that is another one when the file, or any file in the folder, was changed or replaced."""
    found = [(name, status.st_size, status.st_mtime_ns) for name, status in _files(path)]
    if not path.is_dir():
        return str(found[0][2])
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _files(path: Path) -> list[tuple[str, os.stat_result]]:
    if not path.is_dir():
        return [(path.name, path.stat())]
    found = ((item.name, item.lstat()) for item in sorted(path.iterdir()))
    return [(name, status) for name, status in found if stat.S_ISREG(status.st_mode)]


class Store(Protocol):
    """`descriptor_name` is known where the descriptor itself was named, else None."""

    descriptor_name: str | None

    def members(self) -> dict[str, Member]:
        """Every file that could be part of the template. Raises OvaInvalid or OSError."""

    def opened(self, member: Member) -> contextlib.AbstractContextManager[int]:
        """A file descriptor in which the member's content begins at its offset. Raises OSError or OvaInvalid."""

    def size(
        self, members: Mapping[str, Member], descriptor_name: str, payloads: Iterable[Payload]
    ) -> int: ...

    def close(self) -> None: ...


class Archive:
    """An .ova: one file, open for as long as the template is. Raises OSError."""

    descriptor_name: str | None = None

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def members(self) -> dict[str, Member]:
        return read_members(self._file)

    def opened(self, member: Member) -> contextlib.AbstractContextManager[int]:
        return contextlib.nullcontext(self._file.fileno())

    def size(self, members: Mapping[str, Member], descriptor_name: str, payloads: Iterable[Payload]) -> int:
        return os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        self._file.close()


class Folder:
    """The folder of an .ovf, or that .ovf itself; its files are opened when they are read. Raises OSError.

    Links are not followed: what lies elsewhere is no part of the template.
    """

    def __init__(self, path: Path) -> None:
        named = not path.is_dir()
        self.descriptor_name = path.name if named else None
        self._handle = os.open(path.parent if named else path, os.O_RDONLY | os.O_DIRECTORY)

    def members(self) -> dict[str, Member]:
        found: dict[str, Member] = {}
        for name in sorted(os.listdir(self._handle)):
            status = os.stat(name, dir_fd=self._handle, follow_symlinks=False)
            if not stat.S_ISREG(status.st_mode) or not name.isprintable():
                continue
            found[name] = Member(name=name, offset=0, size=status.st_size)
            if len(found) > _FILES_LIMIT:
                raise OvaInvalid(
                    Text(_("The folder holds more than %(limit)d files."), limit=_FILES_LIMIT),
                    reason="too_many_files",
                    remedy=Text(_("Put the .ovf file and its disks into a folder of their own.")),
                )
        if self.descriptor_name is not None and self.descriptor_name not in found:
            raise FileNotFoundError(None, os.strerror(2), self.descriptor_name)
        return found

    @contextlib.contextmanager
    def opened(self, member: Member) -> Iterator[int]:
        # Nothing to wait for, should a pipe have taken the file's place.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        handle = os.open(member.name, flags, dir_fd=self._handle)
        try:
            size = os.fstat(handle).st_size
            if size != member.size:
                raise OvaInvalid(
                    Text(
                        _("“%(name)s” was changed: it had %(expected)d bytes and has %(found)d now."),
                        name=member.name,
                        expected=member.size,
                        found=size,
                    ),
                    reason="truncated",
                )
            yield handle
        finally:
            os.close(handle)

    def size(self, members: Mapping[str, Member], descriptor_name: str, payloads: Iterable[Payload]) -> int:
        return members[descriptor_name].size + sum(item.size for item in payloads)

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1
