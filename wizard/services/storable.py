"""Text from outside, made fit for every database."""

from __future__ import annotations

from typing import Any


def storable(value: Any) -> Any:
    """The same value, or JSON of any depth, without the character NUL, for which PostgreSQL has no place."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value
