"""Keys of observed components: the same at every look, and one for each."""

from __future__ import annotations

import re
from typing import Final

_RESOURCE: Final = re.compile(r"/replicationFabrics/([^/]+)", re.IGNORECASE)


class Keys:
    """Hands out keys. What claims one that is taken gets it with the fabric's name behind it, or a number."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def claim(self, wanted: str, fabric: str = "") -> str:
        key, number = wanted, 1
        if key in self._taken and fabric:
            key = f"{wanted}@{fabric}"
        base = key
        while key in self._taken:
            number += 1
            key = f"{base}~{number}"
        self._taken.add(key)
        return key


def server_key(identity: str) -> str:
    """Ids of servers are opaque and compared without regard to case (arm-site-recovery 0.7)."""
    return f"host:{identity.upper()}"


def fabric_in(resource_id: str) -> str:
    """The name of the fabric in an ARM id; "" where there is none."""
    found = _RESOURCE.search(resource_id)
    return found[1] if found else ""


def last_part(resource_id: str) -> str:
    return resource_id.rstrip("/").rsplit("/", 1)[-1]


def same(one: str, other: str) -> bool:
    """Whether two ids or names are the same; nothing is the same as nothing."""
    return bool(one) and one.casefold() == other.casefold()


def short(name: str) -> str:
    """A computer's name without its domain, for comparing. An address stays whole."""
    text = name.strip().rstrip(".").casefold()
    return text if re.fullmatch(r"[0-9.]+", text) or ":" in text else text.split(".")[0]
