"""Whether the files of a template are the ones that its manifest promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wizard.vsphere.pace import Brake, Pace
from wizard.vsphere.signature import Signature
from wizard.vsphere.template import PIECE_BYTES, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestReport:
    """What was compared. `extra` are names in the manifest that the template does not hold: odd, but harmless.

    Without a manifest nothing was compared, and `has_manifest` says so.
    """

    checked: tuple[str, ...]
    extra: tuple[str, ...]
    has_manifest: bool
    signature: Signature | None

    @property
    def has_certificate(self) -> bool:
        return self.signature is not None


def verify_manifest(
    template: Template, *, on_progress: Callable[[int, int], None], should_stop: Callable[[], bool]
) -> ManifestReport:
    """Read every file that the manifest names, in pieces of 1 MiB, and compare digests.

    A file in chunks may be named as a whole. `on_progress(done, total)` counts bytes, at most five times a second
    and once at the end. Raises OvaInvalid with reason `manifest_mismatch`, or Stopped.
    """
    stored: dict[str, tuple[str, ...]] = {name: (name,) for name in template.members}
    stored |= {item.name: item.parts for item in template.payloads.values()}
    present = {name: checksum for name, checksum in template.manifest.items() if name in stored}
    total = sum(template.members[part].size for name in present for part in stored[name])
    pace = Pace(on_progress, total=total)
    brake = Brake(should_stop)
    buffer = memoryview(bytearray(PIECE_BYTES))
    for name, checksum in present.items():
        digest = checksum.start()
        for part in stored[name]:
            for piece in template.pieces(part, buffer):
                brake.check()
                digest.update(piece)
                pace.advance(len(piece))
        checksum.expect(digest, name)
    pace.finish()
    return ManifestReport(
        checked=tuple(present),
        extra=tuple(name for name in template.manifest if name not in stored),
        has_manifest=template.has_manifest,
        signature=template.signature,
    )
