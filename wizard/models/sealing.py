"""Secrets at rest: sealed with the first of CREDENTIAL_KEYS, opened with any of them."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def seal(secret: str) -> bytes:
    return _ring().encrypt(secret.encode())


def unseal(sealed: bytes) -> str:
    """Raises ImproperlyConfigured where none of the keys is the one that the secret was sealed with."""
    try:
        return _ring().decrypt(sealed).decode()
    except InvalidToken:
        raise ImproperlyConfigured(
            "A stored secret cannot be decrypted: none of CREDENTIAL_KEYS is the key it was sealed with. "
            "Put that key back, or enter the secret again."
        ) from None


def _ring() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
