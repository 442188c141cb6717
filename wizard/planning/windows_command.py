"""Values on a Windows command line: which are allowed there, and how they are written.

A command is shown to a person who may paste it into cmd or into PowerShell, and it is run by a script. So a value that
one of the three would read differently is refused rather than escaped: quoting rules differ, letters do not.
"""

from __future__ import annotations

import re
from typing import Final

from wizard.planning.quoting import refusal, shown
from wizard.text import _

PATH_LONGEST: Final = 200
"""Windows stops at 260 characters; setups put folders of their own below the path that they are given."""

_DRIVE = re.compile(r"[A-Za-z]:\\?", re.ASCII)
_PATH = re.compile(r"[A-Za-z]:\\(?:[A-Za-z0-9._() -]+\\)*[A-Za-z0-9._() -]*", re.ASCII)
_BARE = re.compile(r"[A-Za-z0-9._:\\/-]+", re.ASCII)


def drive(value: str) -> str:
    """A drive as `D:`, from `d`, `D:` or `D:\\`. Raises ValueError with a `Text`."""
    candidate = f"{value}:" if len(value) == 1 else value
    if not _DRIVE.fullmatch(candidate):
        raise refusal(
            _("“%(found)s” is not a drive. Expected is a letter with a colon, such as D:."),
            found=shown(value),
        )
    return candidate[:2].upper()


def path(value: str) -> str:
    """An absolute path on a local drive, without a backslash at its end except behind the drive.

    Allowed are letters, digits, blanks and `._()-`. Raises ValueError with a `Text` for anything else: `%` and `!` are
    replaced by cmd, `$` and the backtick by PowerShell, and a quote ends the value for all of them.
    """
    if not _PATH.fullmatch(value) or len(value) > PATH_LONGEST:
        raise refusal(
            _(
                "“%(found)s” cannot be used as a path. Expected is a local path of at most %(longest)s characters such "
                "as C:\\Temp\\Setup, of English letters, digits, blanks, dots, hyphens, underscores and parentheses."
            ),
            found=shown(value),
            longest=PATH_LONGEST,
        )
    parts = value[3:].removesuffix("\\").split("\\")
    if any(part != part.strip() or (part and not part.strip(".")) or part.endswith(".") for part in parts):
        raise refusal(
            _("“%(found)s” has a folder that begins or ends with a blank or a dot, which Windows drops."),
            found=shown(value),
        )
    return value if len(value) == 3 else value.removesuffix("\\")


def quoted(value: str) -> str:
    """One argument: bare where it can be, in double quotes where it has blanks or parentheses.

    Raises ValueError with a `Text` for a value that cmd, PowerShell and the C runtime would not all read alike.
    A backslash before the closing quote would take the quote along, so `D:\\` is written bare.
    """
    if _BARE.fullmatch(value):
        return value
    if not value or not re.fullmatch(r"[A-Za-z0-9._:\\/() -]+", value, re.ASCII) or value.endswith("\\"):
        raise refusal(
            _(
                "“%(found)s” cannot stand in a command. Use English letters, digits, blanks, dots, hyphens, underscores "
                "and parentheses."
            ),
            found=shown(value),
        )
    return f'"{value}"'
