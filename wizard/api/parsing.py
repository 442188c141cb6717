"""JSON as its standard has it: what only Python's reader takes, and what no database keeps, is refused at the door."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser

# PostgreSQL keeps U+0000 in no text, and no name or address has one. A raw one is no JSON, so the escape is looked for.
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
# Only an escape can bring in half of a pair, which is no character and cannot be stored as UTF-8.
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class StrictParser(Parser):
    """Raises ValueError (RecursionError for a document that nests too deep); the API answers 400."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        text = request.body.decode("utf-8")
        if _NUL.search(text):
            raise ValueError("the character U+0000 is not taken")
        body: dict[str, Any] = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique
        )
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
