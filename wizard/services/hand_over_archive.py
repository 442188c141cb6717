"""The archive of a hand-over pack: written the same way every time, signed, and read with mistrust.

Beside its files an archive holds `MANIFEST.sha256` (a line for each other file, as `sha256sum` writes them), `MANIFEST.sig`
(the 64 raw bytes of the Ed25519 signature over the manifest, RFC 8032) and `public-key.pem`, which the manifest covers, too.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from wizard.services.errors import UserError
from wizard.text import Text, _

MANIFEST: Final = "MANIFEST.sha256"
SIGNATURE: Final = "MANIFEST.sig"
PUBLIC_KEY: Final = "public-key.pem"
MOST_FILES: Final = 200
MOST_BYTES: Final = 512 * 2**20
"""Of all files together, unpacked. Packs hold some hundred kilobytes; a zip of a few bytes can claim to hold petabytes."""

# The earliest time that a zip can tell. When a pack was made stands in its README; equal contents make equal archives.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_CHUNK: Final = 64 * 1024
_SIGNATURE_BYTES: Final = 64
_SMALL: Final = 256 * 1024
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([^\n]+)")
# Names that are the same file on every system and need no quoting in a shell: no drive, no backslash, no blank, no dot first.
_PATH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


class PackRefused(UserError):
    """An archive that is not what it should be. Codes: not_a_pack, content_changed, wrong_signature, other_key."""

    code = "not_a_pack"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was proven: the files with their sizes in bytes, and the key that signed, 64 hexadecimal digits."""

    files: tuple[tuple[str, int], ...]
    public_key: str


def pem_of(public_key: bytes) -> bytes:
    """The raw public key (32 bytes) as OpenSSL reads it."""
    key = Ed25519PublicKey.from_public_bytes(public_key)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_in(pem: bytes) -> bytes:
    """The raw public key in a PEM file. Raises PackRefused `other_key` where it holds no Ed25519 key."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise PackRefused(
            Text(_("The file holds no Ed25519 public key in the form PEM.")),
            remedy=Text(_("Give the file public-key.pem of the installation that made the pack.")),
            code="other_key",
        )
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def write(
    target: IO[bytes], files: Iterable[tuple[str, Iterable[bytes]]], private_key: Ed25519PrivateKey
) -> bytes:
    """Write the archive chunk by chunk, files in the order given. Returns the signature.

    `files` are paths that `_PATH` allows, each once; raises ValueError for another one.
    """
    public_key = private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    lines: dict[str, str] = {}
    with zipfile.ZipFile(target, "w") as archive:
        for path, chunks in (*files, (PUBLIC_KEY, (pem_of(public_key),))):
            if not _PATH.fullmatch(path) or path in (MANIFEST, SIGNATURE) or path in lines:
                raise ValueError(f"not a path for a pack: {path!r}")
            lines[path] = _write(archive, path, chunks)
        manifest = "".join(f"{digest}  {path}\n" for path, digest in sorted(lines.items())).encode()
        signature = private_key.sign(manifest)
        _write(archive, MANIFEST, (manifest,))
        _write(archive, SIGNATURE, (signature,))
    return signature


def verify(source: IO[bytes], *, trusted: bytes) -> Verified:
    """Prove that every byte of the archive is what the holder of `trusted` (a raw public key) signed. Raises PackRefused."""
    try:
        with zipfile.ZipFile(source) as archive:
            _refuse_hidden(source, archive)
            return _verified(archive, trusted)
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        ValueError,
        OSError,
    ) as error:
        raise _no_pack(
            Text(_("it is no zip archive, or it is damaged: %(error)s"), error=str(error))
        ) from None


# --- inside -----------------------------------------------------------------------------------------------------------


def _write(archive: zipfile.ZipFile, path: str, chunks: Iterable[bytes]) -> str:
    entry = zipfile.ZipInfo(path, _TIME)
    # Left alone, system and rights would follow the machine that writes.
    entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    digest = hashlib.sha256()
    with archive.open(entry, "w") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _verified(archive: zipfile.ZipFile, trusted: bytes) -> Verified:
    entries = _entries(archive)
    for name in (MANIFEST, SIGNATURE, PUBLIC_KEY):
        if name not in entries:
            raise _no_pack(Text(_("it has no file %(name)s"), name=name))
    manifest = _small(archive, entries[MANIFEST])
    own = key_in(_small(archive, entries[PUBLIC_KEY]))
    if own != trusted:
        raise PackRefused(
            Text(
                _("The pack was signed with another key (%(key)s) than the one that is trusted here."),
                key=own.hex(),
            ),
            remedy=Text(
                _(
                    "If it comes from another installation, get that one's public key from its people, not from the pack, "
                    "and give it with --public-key."
                )
            ),
            code="other_key",
        )
    _check_signature(trusted, _small(archive, entries[SIGNATURE]), manifest)
    listed = _listed(manifest)
    missing = sorted(listed.keys() - entries.keys())
    extra = sorted(entries.keys() - listed.keys() - {MANIFEST, SIGNATURE})
    changed = sorted(
        path for path in listed.keys() & entries.keys() if _digest(archive, entries[path]) != listed[path]
    )
    for paths, text in (
        (missing, _("The pack is not whole; missing: %(paths)s.")),
        (extra, _("The pack holds files that nobody signed: %(paths)s.")),
        (changed, _("The pack was changed after it was signed: %(paths)s.")),
    ):
        if paths:
            raise PackRefused(
                Text(text, paths=paths),
                remedy=Text(_("Do not rely on it. Fetch the pack again from where it was made.")),
                code="content_changed",
            )
    sizes = tuple((path, entries[path].file_size) for path in sorted(listed))
    return Verified(files=sizes, public_key=trusted.hex())


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """What is in the archive, by path. Nothing is unpacked before all of it was looked at."""
    found: dict[str, zipfile.ZipInfo] = {}
    if len(archive.filelist) > MOST_FILES or sum(entry.file_size for entry in archive.filelist) > MOST_BYTES:
        raise _no_pack(Text(_("it holds more than a pack can hold")))
    for entry in archive.filelist:
        # `filename` ends at the first NUL; the name as it stands in the archive is what other programs may see.
        name = entry.orig_filename
        kind = stat.S_IFMT(entry.external_attr >> 16)
        plain = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not entry.flag_bits & 1
        if not _PATH.fullmatch(name) or kind not in (0, stat.S_IFREG) or not plain:
            raise _no_pack(Text(_("it holds “%(name)s”, which is no path of a file in a pack"), name=name))
        if name.casefold() in {known.casefold() for known in found}:
            raise _no_pack(Text(_("it holds the file %(name)s twice"), name=name))
        found[name] = entry
    return found


def _refuse_hidden(source: IO[bytes], archive: zipfile.ZipFile) -> None:
    """Raises PackRefused for bytes that no file of the directory owns: programs that read from the front unpack what hides there.

    A local header and an entry of the directory have 30 and 46 fixed bytes, the end record 22 (APPNOTE 4.3.7, 4.3.12, 4.3.16).
    """
    position = directory = 0
    for entry in sorted(archive.filelist, key=lambda one: one.header_offset):
        source.seek(entry.header_offset + 26)
        name_length, extra_length = struct.unpack("<HH", source.read(4))
        if entry.header_offset != position or extra_length or entry.extra or entry.comment:
            raise _no_pack(Text(_("it holds bytes that belong to none of its files")))
        position += 30 + name_length + entry.compress_size
        directory += 46 + name_length
    if position != archive.start_dir or source.seek(0, io.SEEK_END) != position + directory + 22:
        raise _no_pack(Text(_("it holds bytes that belong to none of its files")))


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _digest(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(archive, entry):
        digest.update(chunk)
    return digest.hexdigest()


def _small(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.file_size > _SMALL:
        raise _no_pack(Text(_("its file %(name)s is too large"), name=entry.filename))
    return b"".join(_chunks(archive, entry))


def _check_signature(public_key: bytes, signature: bytes, manifest: bytes) -> None:
    try:
        if len(signature) != _SIGNATURE_BYTES:
            raise InvalidSignature
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, manifest)
    except InvalidSignature:
        raise PackRefused(
            Text(_("The signature does not fit the manifest: the pack was changed after it was signed.")),
            remedy=Text(_("Do not rely on it. Fetch the pack again from where it was made.")),
            code="wrong_signature",
        ) from None


def _listed(manifest: bytes) -> dict[str, str]:
    listed: dict[str, str] = {}
    text = manifest.decode("ascii", "replace")
    for line in text.removesuffix("\n").split("\n"):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in listed:
            raise _no_pack(Text(_("its manifest has a line that cannot be read: %(line)s"), line=line[:120]))
        listed[match[2]] = match[1]
    return listed


def _no_pack(reason: Text) -> PackRefused:
    return PackRefused(
        Text(_("This is not a hand-over pack: %(reason)s."), reason=reason),
        remedy=Text(_("Give the zip as it was downloaded.")),
    )
