"""Takes the lab's templates apart and puts them together again, with something changed."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

from wizard.lab.ova import NAME, make_ova

OVF = f"{NAME}.ovf"
MF = f"{NAME}.mf"
DISK1 = f"{NAME}-disk1.vmdk"
DISK2 = f"{NAME}-disk2.vmdk"
DISK3 = f"{NAME}-disk3.vmdk"


def contents(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {info.name: file.read() for info in tar if (file := tar.extractfile(info)) is not None}


def write_tar(
    path: Path,
    members: Mapping[str, bytes],
    *extra: tuple[tarfile.TarInfo, bytes],
    format: int = tarfile.USTAR_FORMAT,
) -> Path:
    """A tar of these members and, after them, of headers that no honest tool would write."""
    with tarfile.open(path, "w", format=format) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for info, content in extra:
            tar.addfile(info, io.BytesIO(content))
    return path


def header(name: str, *, size: int = 0, type: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, type
    return info


def retold(path: Path, change: Callable[[bytes], bytes]) -> Path:
    """The lab's template without manifest, its descriptor changed."""
    members = contents(make_ova(path, file_mb=0.1, manifest=None))
    changed = change(members[OVF])
    assert changed != members[OVF], "the change found nothing to change"
    return write_tar(path, {**members, OVF: changed})
