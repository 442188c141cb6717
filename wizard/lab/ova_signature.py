"""Signs a template as its publisher would: the manifest's signature and the certificate, as the `.cert` file has them."""

from __future__ import annotations

import datetime
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

PUBLISHER = "Foothold lab publisher"
AUTHORITY = "Foothold lab signing CA"

Signed = Literal["itself", "authority", "expired", "wrongly"]
"""By whom the certificate is signed; "expired" signed itself and has ended, "wrongly" fits another manifest."""

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha512": hashes.SHA512,
}


def certificate_file(manifest_name: str, manifest: bytes, *, digest: str, signed: Signed) -> bytes:
    """The content of the `.cert` file (OVF 1.1, 5.1). The key is made anew each time and thrown away."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    content = manifest + b"\n" if signed == "wrongly" else manifest
    signature = key.sign(content, padding.PKCS1v15(), _HASHES[digest]())
    pem = _certificate(key, signed).public_bytes(serialization.Encoding.PEM)
    return f"{digest.upper()}({manifest_name})= {signature.hex()}\n".encode() + pem


def _certificate(key: rsa.RSAPrivateKey, signed: Signed) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    end = now + datetime.timedelta(days=-10 if signed == "expired" else 365)
    by_authority = signed == "authority"
    signer = rsa.generate_private_key(public_exponent=65537, key_size=2048) if by_authority else key
    return (
        x509.CertificateBuilder()
        .subject_name(_named(PUBLISHER))
        .issuer_name(_named(AUTHORITY if by_authority else PUBLISHER))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - datetime.timedelta(days=400))
        .not_valid_after(end)
        .sign(signer, hashes.SHA256())
    )


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
