"""Templates made by code: one that is right, and those that a careful importer has to refuse."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, get_args

from wizard.lab import sparse
from wizard.lab.ova_descriptor import LICENSE, DiskFile, Hardware, descriptor
from wizard.lab.ova_signature import Signed, certificate_file

Flaw = Literal[
    "truncated",
    "wrong_checksum",
    "missing_disk",
    "parent_name",
    "absolute_name",
    "symlink",
    "hardlink",
    "duplicate",
    "entity_bomb",
    "external_entity",
    "huge_descriptor",
    "broken_xml",
    "no_descriptor",
    "descriptor_last",
    "not_a_tar",
]
"""What can be wrong with a template; see `_Writer` for how each is done."""

Digest = Literal["sha1", "sha256", "sha512"]

NAME = "asr-configuration-server-lab"
PRODUCT = "Microsoft Azure Site Recovery configuration server"
GIGABYTE = 2**30

# The other template of the lab, with what HW-12 to HW-14 ask for.
APPLIANCE: Final[dict[str, Any]] = {
    "name": "asr-replication-appliance-lab",
    "product": "Microsoft Azure Site Recovery replication appliance",
    "memory_mb": 32768,
    "disks_gb": (80, 620),
    "file_mb": 16,
}

_BOMB = (
    "<!DOCTYPE Envelope [\n"
    '  <!ENTITY a0 "aaaaaaaaaaaaaaaaaaaa">\n'
    + "".join(f'  <!ENTITY a{i} "{f"&a{i - 1};" * 10}">\n' for i in range(1, 10))
    + "]>\n"
)
_EXTERNAL = '<!DOCTYPE Envelope [\n  <!ENTITY secret SYSTEM "file:///etc/hostname">\n]>\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a template contains. The defaults are those of the classic configuration server (asr-facts 2.3, 3.1).

    `file_mb` is the size of all disk files together, `disks_gb` what the disks will occupy once imported.
    `manifest` is the digest of the manifest, None leaves it out. `signed` adds a certificate, which needs a manifest.
    """

    file_mb: float = 3
    name: str = NAME
    product: str = PRODUCT
    cpus: int = 8
    memory_mb: int = 16384
    disks_gb: tuple[int, ...] = (80, 600, 600)
    adapter: str = "VmxNet3"
    network: str = "Network 1"
    license_text: str = LICENSE
    properties: bool = True
    systems: int = 1
    manifest: Digest | None = "sha256"
    signed: Signed | None = None
    seed: int = 1
    flaw: Flaw | None = None


def make_ova(path: Path, **options: Any) -> Path:
    """Write the template that the fields of `Recipe` describe; the same options give the same bytes, unless signed.

    The file appears under its name only when it is complete. Raises TypeError for an unknown option and
    ValueError for an unknown flaw.
    """
    recipe = Recipe(**options)
    if recipe.flaw is not None and recipe.flaw not in get_args(Flaw):
        raise ValueError(f"{recipe.flaw!r} is not a flaw; expected is one of {', '.join(get_args(Flaw))}")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file, tempfile.TemporaryDirectory(dir=path.parent, prefix=".lab-") as work:
            _Writer(recipe, Path(work)).write(file)
        if recipe.flaw == "truncated":
            os.truncate(partial, partial.stat().st_size * 6 // 10)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


class _Writer:
    def __init__(self, recipe: Recipe, work: Path) -> None:
        self._recipe, self._work = recipe, work
        self._sums: dict[str, str] = {}

    def write(self, file: BinaryIO) -> None:
        recipe = self._recipe
        if recipe.flaw == "not_a_tar":
            file.write(b"This is a download page, not a template.\n" * 2000)
            return
        disks = [self._disk(number, capacity) for number, capacity in enumerate(recipe.disks_gb, 1)]
        xml = self._descriptor(disks)
        texts = {f"{recipe.name}.ovf": xml}
        if recipe.manifest is not None:
            self._sums[f"{recipe.name}.ovf"] = hashlib.new(recipe.manifest, xml).hexdigest()
            texts[f"{recipe.name}.mf"] = self._manifest()
            if recipe.signed is not None:
                texts[f"{recipe.name}.cert"] = certificate_file(
                    f"{recipe.name}.mf",
                    texts[f"{recipe.name}.mf"],
                    digest=recipe.manifest,
                    signed=recipe.signed,
                )
        if recipe.flaw == "no_descriptor":
            del texts[f"{recipe.name}.ovf"]
        with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
            late = texts.pop(f"{recipe.name}.ovf") if recipe.flaw == "descriptor_last" else None
            for name, content in texts.items():
                _add(tar, name, io.BytesIO(content), len(content))
            self._add_disks(tar, disks)
            self._add_flaw(tar, disks)
            if late is not None:
                _add(tar, f"{recipe.name}.ovf", io.BytesIO(late), len(late))

    def _disk(self, number: int, capacity_gb: int) -> DiskFile:
        recipe = self._recipe
        name = f"{recipe.name}-disk{number}.vmdk"
        share = int(recipe.file_mb * 2**20) // len(recipe.disks_gb)
        digest = hashlib.new(recipe.manifest or "sha256")
        size = 0
        with (self._work / str(number)).open("wb") as file:
            for piece in sparse.stream(capacity_gb * GIGABYTE, share, seed=recipe.seed * 100 + number):
                file.write(piece)
                digest.update(piece)
                size += len(piece)
        self._sums[name] = digest.hexdigest()
        return DiskFile(name=name, file_bytes=size, capacity_gb=capacity_gb)

    def _descriptor(self, disks: list[DiskFile]) -> bytes:
        recipe = self._recipe
        hardware = Hardware(
            name=recipe.name,
            product=recipe.product,
            cpus=recipe.cpus,
            memory_mb=recipe.memory_mb,
            adapter=recipe.adapter,
            network=recipe.network,
            license_text=recipe.license_text,
            properties=recipe.properties,
            systems=recipe.systems,
        )
        if recipe.flaw == "entity_bomb":
            return descriptor(hardware, disks, doctype=_BOMB).replace(b"lab)", b"&a9;)")
        if recipe.flaw == "external_entity":
            return descriptor(hardware, disks, doctype=_EXTERNAL).replace(b"lab)", b"&secret;)")
        xml = descriptor(hardware, disks)
        if recipe.flaw == "huge_descriptor":
            return xml.replace(b"</Info>", b"</Info><!--" + b" " * 8 * 2**20 + b"-->", 1)
        if recipe.flaw == "broken_xml":
            return xml[: len(xml) // 2]
        return xml

    def _manifest(self) -> bytes:
        recipe = self._recipe
        sums = dict(self._sums)
        if recipe.flaw == "wrong_checksum":
            last = f"{recipe.name}-disk{len(recipe.disks_gb)}.vmdk"
            sums[last] = ("0" if sums[last][0] != "0" else "1") + sums[last][1:]
        kind = str(recipe.manifest).upper()
        return "".join(f"{kind}({name})= {value}\n" for name, value in sorted(sums.items())).encode()

    def _add_disks(self, tar: tarfile.TarFile, disks: list[DiskFile]) -> None:
        for number, disk in enumerate(disks, 1):
            last = number == len(disks)
            if last and self._recipe.flaw == "missing_disk":
                continue
            if last and self._recipe.flaw in {"symlink", "hardlink"}:
                link = tarfile.TarInfo(disk.name)
                link.type = tarfile.SYMTYPE if self._recipe.flaw == "symlink" else tarfile.LNKTYPE
                link.linkname = "/etc/hostname" if self._recipe.flaw == "symlink" else disks[0].name
                tar.addfile(link)
                continue
            with (self._work / str(number)).open("rb") as file:
                _add(tar, disk.name, file, disk.file_bytes)

    def _add_flaw(self, tar: tarfile.TarFile, disks: list[DiskFile]) -> None:
        content = b"Whoever finds this outside the archive has extracted it.\n"
        name = {
            "parent_name": "../escaped.txt",
            "absolute_name": "/tmp/escaped.txt",  # noqa: S108 - refused before anybody writes it
            "duplicate": disks[0].name,
        }.get(self._recipe.flaw or "")
        if name is not None:
            _add(tar, name, io.BytesIO(content), len(content))


def _add(tar: tarfile.TarFile, name: str, content: BinaryIO | io.BytesIO, size: int) -> None:
    """Add a member without anything that depends on the day or the user."""
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o644
    tar.addfile(member, content)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
