"""Whether the files of an OVA are the ones that its manifest promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wizard.vsphere.ova import PIECE_BYTES, Ova
from wizard.vsphere.pace import Brake, Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestReport:
    """What was compared. `extra` are names in the manifest that the archive does not hold: odd, but harmless.

    Without a manifest nothing was compared, and `has_manifest` says so. A certificate is noted, its signature
    not judged.
    """

    checked: tuple[str, ...]
    extra: tuple[str, ...]
    has_manifest: bool
    has_certificate: bool


def verify_manifest(
    ova: Ova, *, on_progress: Callable[[int, int], None], should_stop: Callable[[], bool]
) -> ManifestReport:
    """Read every file that the manifest names, in pieces of 1 MiB, and compare digests.

    `on_progress(done, total)` counts bytes, at most five times a second and once at the end. Raises
    OvaInvalid with reason `manifest_mismatch`, or Stopped.
    """
    present = {name: checksum for name, checksum in ova.manifest.items() if name in ova.members}
    pace = Pace(on_progress, total=sum(ova.members[name].size for name in present))
    brake = Brake(should_stop)
    buffer = memoryview(bytearray(PIECE_BYTES))
    for name, checksum in present.items():
        digest = checksum.start()
        for piece in ova.pieces(name, buffer):
            brake.check()
            digest.update(piece)
            pace.advance(len(piece))
        checksum.expect(digest, name)
    pace.finish()
    return ManifestReport(
        checked=tuple(present),
        extra=tuple(name for name in ova.manifest if name not in ova.members),
        has_manifest=ova.has_manifest,
        has_certificate=ova.has_certificate,
    )
