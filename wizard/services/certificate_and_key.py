"""A certificate with its private key, as somebody pasted them: whether one can sign in with both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.utils import timezone

from wizard.text import Text, _

_SPELLED: Final = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """What is wrong with it; never a part of the key."""

    code: str
    text: Text


def problem_of(pem: str) -> Flaw | None:
    """Microsoft Entra takes a certificate with an RSA key of its own, unencrypted, whose time has not run out."""
    content = pem.encode()
    try:
        certificates = x509.load_pem_x509_certificates(content)
    except ValueError:
        text = Text(
            _("No certificate was found. Expected is PEM text that holds -----BEGIN CERTIFICATE-----.")
        )
        return Flaw(code="bad_certificate", text=text)
    if "PRIVATE KEY-----" not in pem:
        text = Text(_("The private key is missing. Expected is PEM text with the certificate and its key."))
        return Flaw(code="no_private_key", text=text)
    try:
        key = load_pem_private_key(content, None)
    except TypeError:
        text = Text(
            _("The private key has a password. Take it off first: openssl rsa -in key.pem -out open.pem.")
        )
        return Flaw(code="encrypted_key", text=text)
    except (ValueError, UnsupportedAlgorithm):
        return Flaw(code="bad_key", text=Text(_("The private key cannot be read. Copy it again, whole.")))
    if not isinstance(key, RSAPrivateKey):
        return Flaw(code="not_rsa", text=Text(_("The private key is not an RSA key, which Entra expects.")))
    own = key.public_key().public_bytes(*_SPELLED)
    mine = next((item for item in certificates if _spelled_key(item) == own), None)
    if mine is None:
        text = Text(_("The private key is not that of the certificate. Paste the two that belong together."))
        return Flaw(code="key_mismatch", text=text)
    if mine.not_valid_after_utc <= timezone.now():
        text = Text(
            _(
                "The certificate ended on %(at)s UTC. Make another one and upload it to the application in Entra."
            ),
            at=f"{mine.not_valid_after_utc:%Y-%m-%d %H:%M}",
        )
        return Flaw(code="expired", text=text)
    return None


def _spelled_key(certificate: x509.Certificate) -> bytes:
    """Empty for a key of a kind that is not known here, which is not an RSA key then."""
    try:
        return certificate.public_key().public_bytes(*_SPELLED)
    except (ValueError, UnsupportedAlgorithm):
        return b""
