"""The lines of an OVA's manifest: which digest each file ought to have."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, cast
from urllib.parse import unquote

from wizard.text import Text, _
from wizard.vsphere.errors import OvaInvalid

Algorithm = Literal["sha1", "sha256", "sha512"]
_HEX_DIGITS: Mapping[str, int] = {"sha1": 40, "sha256": 64, "sha512": 128}
_LINE = re.compile(r"(?P<algorithm>[A-Za-z0-9-]+)\s*\((?P<name>.+)\)\s*=\s*(?P<digest>[0-9A-Fa-f]+)")


class Digest(Protocol):
    """What this room needs of a hash object."""

    def update(self, data: memoryview | bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """What the manifest promises for one file; `digest` is lower-case hexadecimal."""

    algorithm: Algorithm
    digest: str

    def start(self) -> Digest:
        """A fresh hash of this algorithm. SHA-1, in older templates, finds damage, not malice."""
        return hashlib.new(self.algorithm, usedforsecurity=False)

    def expect(self, found: Digest, name: str) -> None:
        """Raises OvaInvalid with reason `manifest_mismatch` where the finished hash is another one."""
        if found.hexdigest() != self.digest:
            raise OvaInvalid(
                Text(
                    _(
                        "“%(name)s” is not what the manifest promises: "
                        "%(algorithm)s %(expected)s was expected, %(found)s was found."
                    ),
                    name=name,
                    algorithm=self.algorithm.upper(),
                    expected=self.digest,
                    found=found.hexdigest(),
                ),
                reason="manifest_mismatch",
            )


def parse_manifest(content: bytes, *, known: Container[str] = ()) -> dict[str, Checksum]:
    """Read `SHA256(name)= hex` lines (SHA1, SHA256, SHA512).

    A name is taken as it stands; one that is not `known`, but is once its percent signs are decoded, is the latter:
    some tools write it as in the descriptor. Raises OvaInvalid with reason `manifest_invalid`.
    """
    sums: dict[str, Checksum] = {}
    for number, raw in enumerate(content.decode("utf-8-sig", errors="replace").splitlines(), start=1):
        line = raw.strip()
        if not line:
            continue
        match = _LINE.fullmatch(line)
        algorithm = match["algorithm"].lower().replace("-", "") if match else ""
        if match is None or len(match["digest"]) != _HEX_DIGITS.get(algorithm):
            raise OvaInvalid(
                Text(
                    _(
                        "Line %(number)d of the manifest is “%(found)s”; expected was for example "
                        "“SHA256(disk1.vmdk)= ” and 64 hexadecimal digits (SHA1, SHA256 or SHA512)."
                    ),
                    number=number,
                    found=line[:120],
                ),
                reason="manifest_invalid",
            )
        # The length check above has narrowed it to one of the three.
        name = match["name"].strip()
        decoded = unquote(name)
        sums[decoded if name not in known and decoded in known else name] = Checksum(
            algorithm=cast(Algorithm, algorithm), digest=match["digest"].lower()
        )
    return sums
