"""A server's certificate, as shown to the person who confirms it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.extensions import ExtensionNotFound

from wizard.wire.fingerprint import fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """`sha256` is upper-case hex pairs with colons; the times are UTC; `names` are the subject's alternative names."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str
    names: tuple[str, ...]
    self_signed: bool
    matches_host: bool

    def to_json(self) -> dict[str, Any]:
        """Shape: the fields under their own names; times as RFC 3339, names as a list."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
            "sha256": self.sha256,
            "names": list(self.names),
            "self_signed": self.self_signed,
            "matches_host": self.matches_host,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            subject=stored["subject"],
            issuer=stored["issuer"],
            not_before=datetime.fromisoformat(stored["not_before"]),
            not_after=datetime.fromisoformat(stored["not_after"]),
            sha256=stored["sha256"],
            names=tuple(stored["names"]),
            self_signed=stored["self_signed"],
            matches_host=stored["matches_host"],
        )


def read_certificate(der: bytes, *, host: str) -> Certificate:
    """Read a DER certificate; `matches_host` says whether it was made for `host`. Raises ValueError if unreadable."""
    parsed = x509.load_der_x509_certificate(der)
    names = _alternative_names(parsed)
    return Certificate(
        subject=parsed.subject.rfc4514_string(),
        issuer=parsed.issuer.rfc4514_string(),
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        sha256=fingerprint(der),
        names=names,
        self_signed=signs_itself(parsed),
        matches_host=any(_covers(name, host) for name in names),
    )


def signs_itself(parsed: x509.Certificate) -> bool:
    """Whether it was signed with its own key."""
    try:
        parsed.verify_directly_issued_by(parsed)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _alternative_names(parsed: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except ExtensionNotFound:
        return ()
    addresses = extension.get_values_for_type(x509.IPAddress)
    return (*extension.get_values_for_type(x509.DNSName), *(str(address) for address in addresses))


def _covers(name: str, host: str) -> bool:
    """RFC 6125: a `*` stands for exactly the leftmost label, and never for part of an address."""
    name, host = name.lower().rstrip("."), host.lower().rstrip(".")
    if name == host:
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        first, _dot, rest = host.partition(".")
        return name.startswith("*.") and bool(first) and name[2:] == rest
    return False
