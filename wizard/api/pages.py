"""Lists in pages: the cursor is the place of the last row, so that rows which come meanwhile shift nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from wizard.journey.errors import FieldError
from wizard.services.errors import Invalid
from wizard.text import Text, _

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
M = TypeVar("M", bound=Model)


def page(
    rows: QuerySet[M],
    *,
    ordering: str,
    allowed: tuple[str, ...],
    limit: int,
    cursor: str | None,
    show: Callable[[M], Any],
) -> dict[str, Any]:
    """`{"items": [...], "next_cursor": ...}`; always one query. Raises Invalid for an ordering or cursor of no list here."""
    name = ordering.removeprefix("-")
    if name not in allowed:
        raise _invalid(
            "ordering",
            Text(
                _("“%(found)s” is no ordering here; it can be: %(allowed)s."),
                found=ordering,
                allowed=list(allowed),
            ),
        )
    down = ordering.startswith("-")
    if cursor:
        rows = rows.filter(_after(cursor, name, "lt" if down else "gt"))
    sign = "-" if down else ""
    found = list(rows.order_by(f"{sign}{name}", f"{sign}pk")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    return {
        "items": [show(row) for row in found],
        "next_cursor": _cursor(found[-1], name) if more else None,
    }


def _cursor(row: Model, name: str) -> str:
    value = getattr(row, name)
    place = [name, value.isoformat() if isinstance(value, datetime) else value, str(row.pk)]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _after(cursor: str, name: str, comparison: str) -> Q:
    try:
        given, value, pk = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if given != name or not isinstance(value, str) or not isinstance(pk, str):
            raise ValueError
        if name.endswith("_at"):
            value = datetime.fromisoformat(value)
    except ValueError:
        raise _invalid(
            "cursor", Text(_("This cursor is not one of this list; take it from next_cursor."))
        ) from None
    return Q(**{f"{name}__{comparison}": value}) | Q(**{name: value, f"pk__{comparison}": pk})


def _invalid(path: str, message: Text) -> Invalid:
    return Invalid([FieldError(path=path, message=message, code="invalid")])
