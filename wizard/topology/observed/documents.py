"""The documents of a vault made safe to read and to keep, in one order whatever order they came in."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

# Answers nest about ten deep; what goes on for longer than this is no answer of the service.
_DEEPEST: Final = 40
_WIDEST_INTEGER: Final = 2**127
_BY_FABRIC: Final = ("providers", "containers", "vcenters")
_LISTS: Final = ("fabrics", "protected_items", "appliances", "skipped")
# Where Site Recovery keeps records whose order says nothing.
_RECORDS: Final = frozenset(
    {
        "processServers", "masterTargetServers", "runAsAccounts", "rcmProxies", "pushInstallers", "replicationAgents",
        "reprotectAgents", "marsAgents", "dras", "agentDetails", "appliances", "healthErrors", "healthErrorDetails",
        "validationErrors", "innerHealthErrors", "retentionVolumes", "dataStores", "accessibleDatastores",
        "mobilityServiceUpdates", "switchProviderBlockingErrorDetails", "vaultErrors", "issues",
    }
)  # fmt: skip


def cleansed(documents: object) -> dict[str, Any]:
    """A copy that every store can keep, with the parts of VaultDocuments in their shapes.

    Text loses what neither UTF-8 nor PostgreSQL can hold; numbers that JSON does not know become null. Records are
    sorted, so that two answers that differ in order alone read alike. Raises nothing.
    """
    whole = _clean(documents, 0)
    found = whole if isinstance(whole, dict) else {}
    parts: dict[str, Any] = {
        "vault": _record(found.get("vault")),
        "vault_health": _record(found.get("vault_health")),
        "read_at": found.get("read_at"),
    }
    for name in _LISTS:
        parts[name] = _records(found.get(name))
    for name in _BY_FABRIC:
        by_fabric = _record(found.get(name))
        parts[name] = {fabric: _records(by_fabric[fabric]) for fabric in sorted(by_fabric)}
    return parts


def cleansed_value(value: object) -> dict[str, Any]:
    """Any other document, made as safe; an empty one where it is no object. Raises nothing."""
    return _record(_clean(value, 0))


def canonical(value: object) -> str:
    """The one spelling of a cleansed value: what is sorted and compared by."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def _record(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _records(value: object) -> list[dict[str, Any]]:
    entries = value if isinstance(value, list) else []
    return sorted((entry for entry in entries if isinstance(entry, dict)), key=canonical)


def _clean(value: object, depth: int) -> Any:
    if depth > _DEEPEST:
        return None
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_WIDEST_INTEGER < value < _WIDEST_INTEGER else hex(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        cleaned = {_text(str(name)): _clean(inner, depth + 1) for name, inner in value.items()}
        return {name: _sorted(inner) if name in _RECORDS else inner for name, inner in cleaned.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner, depth + 1) for inner in value]
    return f"<{type(value).__name__}>"


def _sorted(value: Any) -> Any:
    return sorted(value, key=canonical) if isinstance(value, list) else value


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
