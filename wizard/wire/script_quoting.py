"""Values in scripts that are made here and run elsewhere: one word, whatever characters it has."""

from __future__ import annotations

import re


def quote_powershell(text: str) -> str:
    """An expression of ASCII characters whose value is `text`.

    Nothing is expanded between single quotes. PowerShell also takes typographic quotes for quotes, and reads a script
    without a mark in the code page of the machine: whatever is not printable ASCII is written by its number.
    """
    if text.isascii() and text.isprintable():
        return _single_quoted(text)
    parts = [
        _single_quoted(part) if part.isascii() and part.isprintable() else _by_number(part)
        for part in re.findall(r"[ -~]+|[^ -~]+", text)
    ]
    return "('' + " + " + ".join(parts) + ")"


def quote_shell(text: str) -> str:
    """`text` as one word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def _single_quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _by_number(text: str) -> str:
    units = text.encode("utf-16-be", "surrogatepass")
    return " + ".join(f"[char]0x{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
