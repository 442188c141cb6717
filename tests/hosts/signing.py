"""Documents as a collector would hand them in, for tests of this room and of its neighbours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wizard.hosts.document import sign

DOCUMENTS = Path(__file__).parent / "documents"
KEY = bytes(range(32))
NONCE = "00112233445566778899aabbccddeeff"
DEPLOYMENT = "7f1c2c1e-3f2b-4c55-9c0e-0d9f6a1b2c3d"


def document(name: str, **changes: Any) -> dict[str, Any]:
    """The body of the fixture `documents/<name>.json`, without hmac, its members replaced by `changes`."""
    body: dict[str, Any] = json.loads((DOCUMENTS / f"{name}.json").read_text("utf-8"))
    return {**body, **changes}


def minimal(facts: Mapping[str, Any] | None = None, /, **changes: Any) -> dict[str, Any]:
    """A Windows document with no more than `facts` (key: {"value": ...} or {"error": ...})."""
    return {
        "schema": "foothold.host-facts/1",
        "collector": "Collect-Facts.ps1",
        "nonce": NONCE,
        "deployment": DEPLOYMENT,
        "component": "cs",
        "host": {"name": "CS01", "machine_id": None},
        "started_at": "2026-11-22T10:00:00Z",
        "finished_at": "2026-11-22T10:00:41Z",
        "facts": dict(facts or {}),
        **changes,
    }


def signed(body: Mapping[str, Any], key: bytes = KEY) -> bytes:
    return sign(body, key)
