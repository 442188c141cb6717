"""What is worth a new entry in the history of a vault: everything but what changes with every look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

# Heartbeats and loads; fields that the mapping does not know may well be either.
_FLEETING: Final = frozenset(
    {"heartbeat", "metrics", "extra", "free_bytes", "created_at", "read_at", "reason"}
)
_FLEETING_FACTS: Final = frozenset(
    {
        "provider_heartbeat",
        "statistics_at",
        "last_discovery_at",
        "template_days_left",
        "certificate_days_reported",
    }
)


def worth_keeping(packed: Mapping[str, Any]) -> dict[str, Any]:
    """The packed observation without what is fleeting; it holds no floats, so that it can be sealed."""
    kept: dict[str, Any] = _without(packed)
    return kept


def _without(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _facts(inner) if name == "facts" else _without(inner)
            for name, inner in value.items()
            if name not in _FLEETING
        }
    if isinstance(value, list):
        return [_without(inner) for inner in value]
    # A digest takes no number that has more than one spelling.
    return str(value) if isinstance(value, float) else value


def _facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _without(value) for name, value in facts.items() if name not in _FLEETING_FACTS}
