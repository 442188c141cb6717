"""Fingerprints of certificates and host keys: one spelling for each, one way to compare."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from wizard.wire.fingerprint import fingerprint

_LENGTH = 32  # bytes of SHA-256


def of_certificate(der: bytes) -> str:
    """SHA-256 as upper-case hex pairs with colons, as the pages show it."""
    return fingerprint(der)


def of_host_key(blob: bytes) -> str:
    """SHA-256 as `SHA256:` and base64 without padding, as `ssh-keygen -lf` prints it."""
    return _as_openssh(hashlib.sha256(blob).digest())


def normalise(text: str) -> str:
    """Bring a typed or pasted SHA-256 fingerprint into its one spelling. Raises ValueError where it is none."""
    text = text.strip()
    if text.upper().startswith("SHA256:"):
        return _as_openssh(_digest(text))
    return _digest(text).hex(":").upper()


def same(one: str, other: str) -> bool:
    """Whether two fingerprints, in whatever spelling, are of the same thing. Raises ValueError."""
    return hmac.compare_digest(_digest(one), _digest(other))


def _digest(text: str) -> bytes:
    text = text.strip()
    try:
        if text.upper().startswith("SHA256:"):
            digest = base64.b64decode(text[7:] + "=" * (-len(text[7:]) % 4), validate=True)
        else:
            digest = bytes.fromhex(text.replace(":", "").replace(" ", ""))
    except (ValueError, binascii.Error):
        digest = b""
    if len(digest) != _LENGTH:
        raise ValueError(f"{text!r} is not a SHA-256 fingerprint")
    return digest


def _as_openssh(digest: bytes) -> str:
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
