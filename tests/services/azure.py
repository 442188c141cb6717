"""Accounts for the lab's Azure, and the material that they are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from wizard.models import AzureAccount, Operator
from wizard.services import azure_accounts
from wizard.services.azure_account_wish import AccountWish

TENANT = "0a1b2c3d-1111-2222-3333-444455556666"
CLIENT = "0a1b2c3d-1111-2222-3333-444455557777"
SECRET = "canary~of-the-client-secret"
PRINCIPAL: dict[str, Any] = {
    "name": "lyon-reader",
    "how": "client_secret",
    "cloud": "public",
    "tenant": TENANT,
    "client_id": CLIENT,
    "secret": SECRET,
}


def add_account(actor: Operator, **changed: Any) -> AzureAccount:
    return azure_accounts.create(AccountWish(**{**PRINCIPAL, **changed}), actor=actor)


def certificate_and_key(
    *, days: int = 90, key: Any = None, other_key: bool = False, password: bytes | None = None
) -> str:
    """PEM of a certificate for itself, with its key or another one."""
    key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lyon-reader")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    if other_key:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    closed = BestAvailableEncryption(password) if password else NoEncryption()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, closed)
    return (certificate.public_bytes(Encoding.PEM) + pem).decode()


def elliptic_key() -> Any:
    return ec.generate_private_key(ec.SECP256R1())
