"""A certificate authority for the lab, and what it issues.

Everything is kept in one directory and used again, so that a thumbprint that was confirmed once stays right.
"""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALIDITY = datetime.timedelta(days=1825)
# One that is about to end is issued anew, as the preflight would rightly complain about it.
RENEW_BEFORE = datetime.timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A certificate (chain) and its private key, both PEM files."""

    certificate: Path
    key: Path

    @property
    def sha256(self) -> str:
        """The thumbprint of the first certificate: upper-case hex with colons."""
        loaded = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        return loaded.fingerprint(hashes.SHA256()).hex(":").upper()


class Authority:
    """The lab's own CA. Trust it in a laboratory only: its key lies beside it."""

    def __init__(self, directory: Path, *, name: str = "Foothold lab CA") -> None:
        """Load the CA of `directory`, or make one there."""
        self._directory = directory
        self._name = name
        directory.mkdir(parents=True, exist_ok=True)
        self._pair = KeyPair(certificate=directory / "ca.pem", key=directory / "ca.key")
        if not _usable(self._pair, names=()):
            self._make_ca()

    @property
    def certificate(self) -> Path:
        """PEM file of the CA's certificate: what a client of the lab has to trust."""
        return self._pair.certificate

    def issue(
        self,
        stem: str,
        names: tuple[str, ...],
        *,
        not_after: datetime.datetime | None = None,
    ) -> KeyPair:
        """A certificate for `names` (DNS names or addresses; the first is the subject), kept as `stem`.pem.

        One that is kept already is used again while it is valid for exactly these names, unless `not_after`
        asks for a particular end.
        """
        pair = KeyPair(certificate=self._directory / f"{stem}.pem", key=self._directory / f"{stem}.key")
        if not_after is None and _usable(pair, names=names):
            return pair
        now = _now()
        end = not_after or now + VALIDITY
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.load_pem_x509_certificate(self._pair.certificate.read_bytes())
        issuer_key = serialization.load_pem_private_key(self._pair.key.read_bytes(), password=None)
        assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)  # noqa: S101 - we wrote it
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_named(names[0]))
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now, end) - datetime.timedelta(days=1))
            .not_valid_after(end)
            .add_extension(
                x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
            .sign(issuer_key, hashes.SHA256())
        )
        _write(pair, certificate, key)
        return pair

    def _make_ca(self) -> None:
        now = _now()
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_named(self._name))
            .issuer_name(_named(self._name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + 2 * VALIDITY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _write(self._pair, certificate, key)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def _named(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Foothold lab"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usable(pair: KeyPair, *, names: tuple[str, ...]) -> bool:
    if not (pair.certificate.exists() and pair.key.exists()):
        return False
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    if certificate.not_valid_after_utc - RENEW_BEFORE < _now():
        return False
    if not names:
        return True
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return list(found) == [_alternative(name) for name in names]


def _write(pair: KeyPair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    pair.key.touch(mode=0o600)
    pair.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
