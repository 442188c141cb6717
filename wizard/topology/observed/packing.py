"""Plain data to JSON values and, for moments, back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from wizard.text import Text


def pack(value: Any) -> Any:
    """Dataclasses become objects of their fields, tuples lists, moments ISO 8601; the rest stays what it is."""
    if isinstance(value, Text):
        return value.to_json()
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: pack(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {name: pack(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [pack(inner) for inner in value]
    return value


def read_moment(stored: str | None) -> datetime | None:
    """Read a moment that `pack` wrote."""
    return None if stored is None else datetime.fromisoformat(stored)
