"""Secrets at rest: sealed with the first of CREDENTIAL_KEYS, opened with any of them."""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class SecretLost(ImproperlyConfigured):
    """A stored secret that none of CREDENTIAL_KEYS opens."""


def seal(secret: str) -> bytes:
    return _ring(tuple(settings.CREDENTIAL_KEYS)).encrypt(secret.encode())


def unseal(sealed: bytes) -> str:
    """Raises SecretLost where none of the keys is the one that the secret was sealed with."""
    try:
        return _ring(tuple(settings.CREDENTIAL_KEYS)).decrypt(sealed).decode()
    except InvalidToken:
        raise SecretLost(
            "A stored secret cannot be read: none of CREDENTIAL_KEYS is the key that it was sealed with. "
            "Put that key back, or enter the secret again; manage.py rotate_keys --check names what is concerned."
        ) from None


def position_of_key(sealed: bytes) -> int | None:
    """Which of the keys opens it: 0 is the newest. None where none of them does."""
    for position, key in enumerate(settings.CREDENTIAL_KEYS):
        try:
            _ring((key,)).decrypt(sealed)
        except InvalidToken:
            continue
        return position
    return None


@lru_cache(maxsize=16)
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
