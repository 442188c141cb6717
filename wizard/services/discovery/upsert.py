"""Many machines written by one statement: what Django needs for building the statement of a row, SQLite needs for writing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db import connection

from wizard.models import Machine, VCenter

_KEYS: Final = ("vcenter_id", "moid")
# The same in every row that vCenter shows just now.
_FIXED: Final = ("vcenter_id", "deployment_id", "seen_at", "gone_at")


def upsert(vcenter: VCenter, rows: Sequence[Mapping[str, Any]], seen_at: datetime) -> None:
    """Insert these machines, or write over those of the same id; `rows` hold every other column, JSON as text.

    To be called in a transaction.
    """
    if not rows:
        return
    columns, statement = _statement()
    fixed = {"vcenter_id": vcenter.pk, "deployment_id": None, "seen_at": seen_at, "gone_at": None}
    kinds = {field.attname: field for field in Machine._meta.concrete_fields}
    head = [kinds[name].get_db_prep_save(fixed[name], connection=connection) for name in _FIXED]
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[*head, *(row[name] for name in columns)] for row in rows])


@cache
def _statement() -> tuple[tuple[str, ...], str]:
    """The columns beside the fixed ones in the order of their places, and the statement; the same for both databases."""
    columns = tuple(
        field.attname for field in Machine._meta.concrete_fields if field.attname not in ("id", *_FIXED)
    )
    quote = connection.ops.quote_name
    every = [quote(name) for name in (*_FIXED, *columns)]
    changed = [quote(name) for name in (*_FIXED, *columns) if name not in _KEYS]
    keys = ", ".join(map(quote, _KEYS))
    return columns, (
        f"INSERT INTO {quote(Machine._meta.db_table)} ({', '.join(every)}) "  # noqa: S608 - names of our own columns
        f"VALUES ({', '.join(['%s'] * len(every))}) "
        f"ON CONFLICT ({keys}) DO UPDATE SET {', '.join(f'{name} = EXCLUDED.{name}' for name in changed)}"
    )
