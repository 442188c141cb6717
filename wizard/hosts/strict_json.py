"""JSON without the freedoms of Python's reader: each name once, finite numbers, whole characters.

What gets past these would be read in two ways by two programs, or would fail much later, in a database column.
"""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Sequence
from typing import Any, Final

from wizard.text import Text, _

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class BadJson(Exception):
    """Not strict JSON; `why` completes a sentence that names the file."""

    def __init__(self, why: Text) -> None:
        super().__init__(why)
        self.why = why


def decode(data: bytes) -> str:
    """UTF-8 with or without byte order mark, or UTF-16 with one, without carriage returns.

    Raises UnicodeError for anything else, which includes UTF-16 without its mark.
    """
    encoding, start = "utf-8", 0
    for mark, name in _MARKS:
        if data.startswith(mark):
            encoding, start = name, len(mark)
    text = data[start:].decode(encoding)
    if "\0" in text:
        raise UnicodeError("NUL characters: another encoding")
    return text.replace("\r", "")


def parse(text: str) -> dict[str, Any]:
    """The object that `text` is. Raises BadJson."""
    try:
        body = json.loads(
            text, object_pairs_hook=_each_once, parse_constant=_no_constant, parse_float=_finite
        )
        json.dumps(body, ensure_ascii=False).encode("utf-8")  # fails on half of a surrogate pair
    except RecursionError:
        raise BadJson(Text(_("its values are nested too deeply"))) from None
    except UnicodeEncodeError:
        raise BadJson(Text(_("a text in it holds half of a character"))) from None
    except json.JSONDecodeError as error:
        where = Text(_("line %(line)s, column %(column)s"), line=error.lineno, column=error.colno)
        raise BadJson(where) from None
    except ValueError:  # Python turns no more than some thousand digits into a number
        raise BadJson(Text(_("a number in it is too large"))) from None
    if not isinstance(body, dict):
        raise BadJson(Text(_("it is not an object")))
    return body


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise BadJson(Text(_("the member %(name)s is there twice"), name=ascii(name[:60])))
        members[name] = value
    return members


def _no_constant(word: str) -> Any:
    raise BadJson(Text(_("%(word)s is no number in JSON"), word=word))


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise BadJson(Text(_("a number in it is too large")))
    return number
