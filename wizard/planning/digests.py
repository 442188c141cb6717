"""SHA-256 digests as people copy them from browsers, consoles and download pages."""

from __future__ import annotations

import re

from wizard.planning.quoting import refusal, shown
from wizard.text import _

_PREFIX = re.compile(r"^\s*sha-?256(?:\s*fingerprint)?\s*[:=]\s*", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s:-]")
_HEX = re.compile(r"[0-9a-f]*", re.ASCII)


def thumbprint(value: str) -> str:
    """A certificate's SHA-256 in the form `AB:CD:…` (32 pairs in upper case).

    Accepts lower case, spaces, hyphens or nothing between the pairs, and the prefix that OpenSSL prints.
    Raises ValueError with a `Text`.
    """
    digits = _digits(value).upper()
    return ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))


def checksum(value: str) -> str:
    """A file's SHA-256: 64 hexadecimal digits in lower case. Raises ValueError with a `Text`."""
    return _digits(value)


def _digits(value: str) -> str:
    digits = _SEPARATORS.sub("", _PREFIX.sub("", value)).lower()
    if not _HEX.fullmatch(digits):
        raise refusal(
            _("“%(found)s” is not a SHA-256 value: only the digits 0–9 and the letters a–f may occur."),
            found=shown(value),
        )
    other = {32: "MD5", 40: "SHA-1", 96: "SHA-384", 128: "SHA-512"}.get(len(digits))
    if other is not None:
        raise refusal(
            _(
                "This has the length of %(found)s (%(length)s hexadecimal digits). Give the SHA-256 value, "
                "which has 64."
            ),
            found=other,
            length=len(digits),
        )
    if len(digits) != 64:
        raise refusal(
            _(
                "A SHA-256 value has 64 hexadecimal digits; this one has %(length)s. Copy it again as "
                "a whole."
            ),
            length=len(digits),
        )
    return digits
