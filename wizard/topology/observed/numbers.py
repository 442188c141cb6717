"""Numbers as Site Recovery tells them: as numbers, as text, as text with a percent sign."""

from __future__ import annotations

import math
import re
from typing import Final

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,25}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
BYTES_PER_GB: Final = 1024**3
BYTES_PER_MB: Final = 1024**2


def real(value: object) -> float | None:
    """A finite number of at least 0; None for all else. True and false are no numbers."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            return None
        number = float(text)
    elif isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
    else:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def whole(value: object) -> int | None:
    """A count or a size: whole numbers as such, as text, or with zeros behind the point."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value < 2**63 else None
    number = real(value)
    if number is None or not number.is_integer() or number >= 2**63:
        return None
    if isinstance(value, str) and value.strip().lstrip("+").isdecimal():
        return int(value.strip())
    return int(number)


def percent(value: object) -> float | None:
    """A percentage, with its sign or without: "21%", "21 %", "21", 21.5."""
    if isinstance(value, str):
        return real(value.strip().removesuffix("%").rstrip())
    return real(value)


def gigabytes(value: object) -> int | None:
    """Bytes of what is given in GB, such as the capacity of a datastore: "1023.75" (arm-site-recovery 2.2)."""
    number = real(value)
    return None if number is None else round(number * BYTES_PER_GB)


def megabytes(value: object) -> float | None:
    """Bytes of what is given in MB, such as a throughput."""
    number = real(value)
    return None if number is None else number * BYTES_PER_MB


def share(part: int | None, total: int | None) -> float | None:
    """How many percent of the total, one digit behind the point; None where that cannot be said."""
    if part is None or not total or part > total:
        return None
    return round(100 * part / total, 1)
