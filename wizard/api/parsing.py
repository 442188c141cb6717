"""JSON as its standard has it: what only Python's reader takes, and what no database keeps, is refused at the door."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser

from wizard.api.bodies import announced

# PostgreSQL keeps U+0000 in no text, and no name or address has one. A raw one is no JSON, so the escape is looked for.
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
# Only an escape can bring in half of a pair, which is no character and cannot be stored as UTF-8.
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
# More than anything that is asked for; whoever goes on with what was read may take some calls for each level.
_LEVELS: Final = 200
# Python makes no integer of more than 4300, and says so in words of its own.
_DIGITS: Final = 1000


class StrictParser(Parser):
    """Raises ValueError; the API answers 400."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        length = announced(request)
        if len(request.body) < length:
            raise ValueError(f"it ended after {len(request.body)} of {length} bytes")
        text = request.body.decode("utf-8")
        if _NUL.search(text):
            raise ValueError("the character U+0000 is not taken")
        try:
            body: dict[str, Any] = json.loads(
                text,
                parse_constant=_refuse_constant,
                parse_float=_finite,
                parse_int=_whole,
                object_pairs_hook=_unique,
            )
        except RecursionError:
            raise _too_deep() from None
        if text.count("{") + text.count("[") > _LEVELS:
            _refuse_depth(body)
        if _SURROGATE.search(text):
            _refuse_half_pairs(body)
        return body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError(f"{digits[:20]}… is too large a number")
    return int(digits)


def _refuse_depth(body: Any) -> None:
    """Level by level, as a function that called itself would fail at what it looks for."""
    level: list[Any] = [body]
    for _depth in range(_LEVELS):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> ValueError:
    return ValueError(f"it nests deeper than {_LEVELS} levels")


def _refuse_half_pairs(body: Any) -> None:
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair is not a character") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found
