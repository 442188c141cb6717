"""The key of this installation, with which hand-over packs are signed. Made when it is needed first; there is one."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from wizard.models import SigningKey
from wizard.services.opening import opening
from wizard.text import Text, _


def signing_key() -> SigningKey:
    """The one row. Of several callers that find none, one inserts it, and all of them read that one."""
    row = SigningKey.objects.first()
    if row is None:
        SigningKey.objects.bulk_create([_new()], ignore_conflicts=True)
        row = SigningKey.objects.get()
    return row


def public_key() -> bytes | None:
    """The raw public key of this installation; None before it has signed anything."""
    row = SigningKey.objects.only("public_key").first()
    return bytes.fromhex(row.public_key) if row else None


def private_key(row: SigningKey) -> Ed25519PrivateKey:
    """To sign with. Raises Conflict `secret_unreadable` where CREDENTIAL_KEYS has lost the key that it is sealed with."""
    with opening(Text(_("the key that signs hand-over packs"))):
        return Ed25519PrivateKey.from_private_bytes(row.private_key())


def _new() -> SigningKey:
    key = Ed25519PrivateKey.generate()
    row = SigningKey(public_key=key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex())
    row.hold(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    return row
