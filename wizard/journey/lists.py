"""Lists as people type them: `a, b`, `a b`, or one entry per line."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from wizard.planning.quoting import refusal, shown
from wizard.text import _

_SEPARATORS = re.compile(r"[\s,;]+")

Entry = TypeVar("Entry")


def split_text(value: Any) -> Any:
    """A text becomes the list of its words; everything else is left to the type of the field."""
    if isinstance(value, str):
        return [word for word in _SEPARATORS.split(value) if word]
    return value


def without_repeats(entries: list[Entry]) -> list[Entry]:
    """The same list. Raises ValueError with a `Text` that names an entry which occurs twice."""
    for place, entry in enumerate(entries):
        if entry in entries[:place]:
            raise refusal(_("“%(found)s” occurs twice. Give every entry once."), found=shown(entry))
    return entries
