"""Writing XML: every text and attribute value escaped, nothing in it that XML 1.0 forbids."""

from __future__ import annotations

from typing import Final

Value = str | int | float
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def element(name: str, attributes: dict[str, Value], *children: str) -> str:
    """One element; children are markup already, so texts among them must come from `text`."""
    given = "".join(f' {key}="{_written(value)}"' for key, value in attributes.items())
    if not children:
        return f"<{name}{given}/>"
    return f"<{name}{given}>{''.join(children)}</{name}>"


def text(words: str) -> str:
    """Escaped. A character that XML cannot hold becomes U+FFFD."""
    return "".join(sign if _allowed(sign) else _REPLACEMENT for sign in words).translate(_ESCAPES)


def _written(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".rstrip("0").rstrip(".")
    return text(str(value)).replace("\n", "&#10;").replace("\t", "&#9;")


def _allowed(sign: str) -> bool:
    code = ord(sign)
    if code < 0x20:
        return sign in "\t\n"
    return not (0x7F <= code <= 0x9F or 0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF))
