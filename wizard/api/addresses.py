"""What was probably meant by an address that is none of the API."""

from __future__ import annotations

import re
from typing import Final

from django.urls import Resolver404, resolve

_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def meant_by(path: str) -> str:
    """The address of an operation that differs from `path` by its final slash or by capitals in ids alone, else empty."""
    if "\0" in path:
        return ""
    small = _ID.sub(lambda found: found[0].lower(), path)
    other = small.removesuffix("/") if small.endswith("/") else f"{small}/"
    return next((one for one in (small, other) if one != path and _is_operation(one)), "")


def _is_operation(path: str) -> bool:
    try:
        # What answers whatever is left has no name.
        return resolve(path).url_name not in (None, "api-root")
    except Resolver404:
        return False
