"""Lists in pages: the cursor is the place of the last row, so that rows which come meanwhile shift nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.core import signing
from django.db.models import Model, Q, QuerySet

from wizard.journey.errors import FieldError
from wizard.services.errors import Invalid
from wizard.text import Text, _

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
M = TypeVar("M", bound=Model)
T = TypeVar("T")


def page(
    rows: QuerySet[M],
    *,
    ordering: str,
    allowed: tuple[str, ...],
    limit: int,
    cursor: str | None,
    show: Callable[[M], Any],
) -> dict[str, Any]:
    """`{"items": [...], "next_cursor": ...}`; one query for ids and one for what is shown. Raises Invalid for an ordering or cursor of no list here."""
    name = ordering.removeprefix("-")
    if name not in allowed:
        raise _invalid(
            "ordering",
            Text(
                _(
                    "“%(found)s” is no ordering here; it can be: %(allowed)s, each with a minus to turn it round."
                ),
                found=ordering,
                allowed=list(allowed),
            ),
        )
    down = ordering.startswith("-")
    # A cursor is good for the list and the ordering that it came from. Signed, it can be trusted to hold what we wrote.
    salt = f"cursor of {rows.model._meta.label} by {ordering}"
    if cursor:
        rows = rows.filter(_after(cursor, salt, name, "lt" if down else "gt"))
    sign = "-" if down else ""
    ordered = rows.order_by(f"{sign}{name}", f"{sign}pk")
    # Ids first: a database that has to sort all rows then sorts narrow ones, and joins for a page what it joined for each.
    places = list(ordered.values_list(name, "pk")[: limit + 1])
    more, places = len(places) > limit, places[:limit]
    found = ordered.filter(pk__in=[pk for _value, pk in places]) if places else []
    return {
        "items": [show(row) for row in found],
        # Of the place and not of the row, which may be gone by now.
        "next_cursor": _cursor(places[-1][0], places[-1][1], salt) if more else None,
    }


def page_of(
    rows: Iterable[tuple[int, T]], *, of: str, limit: int, cursor: str | None, show: Callable[[T], Any]
) -> dict[str, Any]:
    """The same for rows that are no table's, each with its place, in order. `of` names the list. Raises Invalid for a cursor
    of another list."""
    salt = f"cursor of {of}"
    after = -1
    if cursor:
        try:
            after = signing.loads(cursor, salt=salt)
        except signing.BadSignature:
            raise _strange_cursor() from None
    found = list(islice(((place, row) for place, row in rows if place > after), limit + 1))
    more, found = len(found) > limit, found[:limit]
    return {
        "items": [show(row) for _place, row in found],
        "next_cursor": signing.dumps(found[-1][0], salt=salt) if more else None,
    }


def _cursor(value: Any, pk: Any, salt: str) -> str:
    return signing.dumps([value.isoformat() if isinstance(value, datetime) else value, str(pk)], salt=salt)


def _after(cursor: str, salt: str, name: str, comparison: str) -> Q:
    try:
        value, pk = signing.loads(cursor, salt=salt)
    except signing.BadSignature:
        raise _strange_cursor() from None
    if name.endswith("_at"):
        value = datetime.fromisoformat(value)
    return Q(**{f"{name}__{comparison}": value}) | Q(**{name: value, f"pk__{comparison}": pk})


def _strange_cursor() -> Invalid:
    text = Text(_("This cursor is not one of this list in this ordering; take it from next_cursor."))
    return _invalid("cursor", text)


def _invalid(path: str, message: Text) -> Invalid:
    return Invalid([FieldError(path=path, message=message, code="invalid")])
