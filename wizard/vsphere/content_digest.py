"""One digest of everything in a template, and what the files had in them when it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wizard.vsphere.pace import Brake, Pace
from wizard.vsphere.template import PIECE_BYTES, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """`digest` is `manifest-sha256:` and hex where a manifest vouches for every file, else `files-sha256:` and hex.

    `sums` holds the SHA-256 (hex) of each stored file that was read for it. Whoever reads one again must find the same:
    a file may have been replaced in between.
    """

    digest: str
    sums: Mapping[str, str] = field(default_factory=dict)


def content_digest(
    template: Template, *, on_progress: Callable[[int, int], None], should_stop: Callable[[], bool]
) -> Content:
    """What is in the template.

    With a manifest of SHA-256 or SHA-512, which an import compares with every byte that it sends, the digest is that
    of descriptor and manifest: no disk has to be read. Without one, or with SHA-1, for which two different files of
    the same digest can be made, every file is read: `on_progress(done, total)` counts bytes. Raises Stopped and
    OvaInvalid.
    """
    digest = hashlib.sha256(_framed(template.descriptor_xml))
    if template.has_manifest and all(item.algorithm != "sha1" for item in template.manifest.values()):
        digest.update(_framed(template.manifest_content))
        return Content(digest=f"manifest-sha256:{digest.hexdigest()}")
    parts = [part for item in template.payloads.values() for part in item.parts]
    pace = Pace(on_progress, total=sum(template.members[part].size for part in parts))
    brake = Brake(should_stop)
    buffer = memoryview(bytearray(PIECE_BYTES))
    sums: dict[str, str] = {}
    for part in parts:
        single = hashlib.sha256()
        for piece in template.pieces(part, buffer):
            brake.check()
            single.update(piece)
            pace.advance(len(piece))
        sums[part] = single.hexdigest()
        digest.update(_framed(part.encode()) + single.digest())
    pace.finish()
    return Content(digest=f"files-sha256:{digest.hexdigest()}", sums=sums)


def _framed(content: bytes) -> bytes:
    """With its length in front, so that no content can pass for the end of one and the beginning of another."""
    return len(content).to_bytes(8, "big") + content
