"""Text from outside, made fit for every database."""

from __future__ import annotations

import re
from typing import Any, Final

# JSON can spell halves of characters that take two; PostgreSQL and UTF-8 have no place for them.
_HALVES: Final = re.compile("[\ud800-\udfff]")
_SHOWN_INSTEAD: Final = "\ufffd"


def storable(value: Any) -> Any:
    """The same value, or JSON of any depth, without the character NUL, for which PostgreSQL has no place, and with a visible
    sign in the place of half a surrogate pair."""
    if isinstance(value, str):
        return _HALVES.sub(_SHOWN_INSTEAD, value.replace("\0", ""))
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value
