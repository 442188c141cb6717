"""Moments as Site Recovery tells them: with a zone or without, and with extremes that mean "none"."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

# .NET's smallest date, SQL Server's smallest date, and .NET's largest one stand for "no date" (arm-site-recovery 1.2).
_LAST_YEAR_OF_NO_DATE: Final = 1753
_FIRST_YEAR_OF_NO_DATE: Final = 9999


def moment(value: object) -> datetime | None:
    """The moment in UTC. A date without a zone is UTC; what cannot be read, and the extremes, are None."""
    if isinstance(value, datetime):
        read = value
    elif isinstance(value, str) and value.strip():
        try:
            read = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    else:
        return None
    # Before any change of zone: moving an extreme by an hour would leave the calendar.
    if not _LAST_YEAR_OF_NO_DATE < read.year < _FIRST_YEAR_OF_NO_DATE:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def means_no_date(value: object) -> bool:
    """Whether this is one of the ways to say that there is no date: nothing, or an extreme."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    return isinstance(value, str) and value.strip()[:4] in ("0001", "1753", "9999") and moment(value) is None
