"""The whole database as it was at one moment, to come back to in milliseconds."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction


class Snapshot:
    """All rows of all tables, as the database itself writes them; of the tables alone whose names begin with `prefix`."""

    def __init__(self, prefix: str = "") -> None:
        self._tables: dict[str, tuple[list[str], list[tuple[Any, ...]]]] = {}
        with connection.cursor() as cursor:
            for table in connection.introspection.django_table_names(only_existing=True):
                if table.startswith(prefix):
                    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                    columns = [column[0] for column in cursor.description]
                    self._tables[table] = columns, list(cursor.fetchall())

    def restore(self) -> None:
        # References are looked at when the transaction ends, on SQLite and on PostgreSQL.
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            for table in self._tables:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
            for table, (columns, rows) in self._tables.items():
                if rows:
                    names = ", ".join(map(connection.ops.quote_name, columns))
                    marks = ", ".join(["%s"] * len(columns))
                    insert = f"INSERT INTO {connection.ops.quote_name(table)} ({names}) VALUES ({marks})"
                    cursor.executemany(insert, rows)
