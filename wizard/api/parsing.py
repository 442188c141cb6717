"""JSON as its standard has it: what only Python's reader takes, and what no database keeps, is refused at the door."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser

# PostgreSQL keeps U+0000 in no text, and no name or address has one. A raw one is no JSON, so the escape is looked for.
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class StrictParser(Parser):
    """Raises ValueError (RecursionError for a document that nests too deep); the API answers 400."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        text = request.body.decode("utf-8")
        if _NUL.search(text):
            raise ValueError("the character U+0000 is not taken")
        body: dict[str, Any] = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
        return body


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found
