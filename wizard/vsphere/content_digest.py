"""One digest of everything in a template."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from wizard.vsphere.pace import Brake, Pace
from wizard.vsphere.template import PIECE_BYTES, Template


def content_digest(
    template: Template, *, on_progress: Callable[[int, int], None], should_stop: Callable[[], bool]
) -> str:
    """`manifest-sha256:` and hex where a manifest vouches for every file, else `files-sha256:` and hex.

    With a manifest of SHA-256 or SHA-512, which an import compares with every byte that it sends, the digest is that
    of descriptor and manifest: no disk has to be read. Without one, or with SHA-1, for which two different files of
    the same digest can be made, every file is read: `on_progress(done, total)` counts bytes. Raises Stopped and
    OvaInvalid.
    """
    digest = hashlib.sha256(_framed(template.descriptor_xml))
    if template.has_manifest and all(item.algorithm != "sha1" for item in template.manifest.values()):
        digest.update(_framed(template.manifest_content))
        return f"manifest-sha256:{digest.hexdigest()}"
    parts = [part for item in template.payloads.values() for part in item.parts]
    pace = Pace(on_progress, total=sum(template.members[part].size for part in parts))
    brake = Brake(should_stop)
    buffer = memoryview(bytearray(PIECE_BYTES))
    for part in parts:
        single = hashlib.sha256()
        for piece in template.pieces(part, buffer):
            brake.check()
            single.update(piece)
            pace.advance(len(piece))
        digest.update(_framed(part.encode()) + single.digest())
    pace.finish()
    return f"files-sha256:{digest.hexdigest()}"


def _framed(content: bytes) -> bytes:
    """With its length in front, so that no content can pass for the end of one and the beginning of another."""
    return len(content).to_bytes(8, "big") + content
