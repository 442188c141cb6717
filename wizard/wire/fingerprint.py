"""Certificate fingerprints: one spelling, one way to compare."""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal

Algorithm = Literal["sha1", "sha256"]
HEX_DIGITS: dict[Algorithm, int] = {"sha1": 40, "sha256": 64}


def fingerprint(der: bytes, algorithm: Algorithm = "sha256") -> str:
    """The digest of a DER certificate as upper-case hex pairs with colons, as vSphere's pages show it."""
    return _with_colons(hashlib.new(algorithm, der, usedforsecurity=algorithm != "sha1").hexdigest())


def normalise(text: str, algorithm: Algorithm) -> str:
    """Bring a typed or pasted fingerprint into the one spelling; raises ValueError where it is none."""
    digits = text.replace(":", "").replace(" ", "").strip()
    if len(digits) != HEX_DIGITS[algorithm] or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        raise ValueError(
            f"{text!r} is not a {algorithm.upper()} fingerprint of {HEX_DIGITS[algorithm]} hex digits"
        )
    return _with_colons(digits)


def algorithm_of(text: str) -> Algorithm:
    """SHA-1 or SHA-256, by length: vCenter names ESXi hosts by SHA-1, too. Raises ValueError."""
    digits = text.replace(":", "").replace(" ", "").strip()
    for algorithm, length in HEX_DIGITS.items():
        if len(digits) == length:
            return algorithm
    raise ValueError(f"{text!r} is neither a SHA-1 nor a SHA-256 fingerprint")


def same(one: str, other: str) -> bool:
    """Whether two normalised fingerprints are equal."""
    return hmac.compare_digest(one, other)


def _with_colons(digits: str) -> str:
    upper = digits.upper()
    return ":".join(upper[start : start + 2] for start in range(0, len(upper), 2))
