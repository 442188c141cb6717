"""How a refused value is spoken about."""

from __future__ import annotations

from typing import Any

from wizard.text import Text

_LONGEST = 60


def refusal(template: str, /, **values: Any) -> ValueError:
    """The error that a rule raises: it carries a `Text`, so that it can be read in any language later."""
    return ValueError(Text(template, **values))


def shown(value: object, *, longest: int = _LONGEST) -> str:
    """`value` on one line, without control characters, cut to `longest` characters with an ellipsis."""
    line = "".join(character if character.isprintable() else " " for character in str(value))
    line = " ".join(line.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def amount(number: float) -> str:
    """A number as people write it: no decimals where there are none, never an exponent."""
    return f"{number:.1f}".removesuffix(".0")
