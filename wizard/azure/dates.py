"""The service's times: with and without zone, and extremes that stand for none (dossier, trap 6 and 1.2)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_FRACTION = re.compile(r"(\.\d{6})\d+")
# Year 1 of .NET, year 1753 of SQL Server, year 9999 of both.
NO_DATE_YEARS = (1, 1753, 9999)


def read_date(value: object) -> datetime | None:
    """A time in UTC; None for what is missing, unreadable or one of the extremes. Without zone, UTC is meant."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(_FRACTION.sub(r"\1", value.strip()))
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.year in NO_DATE_YEARS:
        return None
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        return None
