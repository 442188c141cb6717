"""The database of the story, SQLite's file or one of its own on the server of DATABASE_URL, and all that stands in it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

# What the server writes ahead comes in segments of this size, the last of them mostly empty.
_PAGE: Final = 8192


class Database(Protocol):
    # For DATABASE_URL, empty for SQLite.
    url: str

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Every value of every table, with what it stands in."""

    def beside(self) -> Iterator[tuple[str, bytes]]:
        """What the server wrote into files of its own, and what it says of what it is doing."""

    def drop(self) -> None: ...


def make(directory: Path, *, password: str) -> Database:
    """On the server of DATABASE_URL where the tests run on one; it takes any password."""
    server = os.environ.get("DATABASE_URL")
    if server:
        return PostgresDatabase(server, password=password)
    return SqliteDatabase(directory / "foothold.sqlite3")


class SqliteDatabase:
    def __init__(self, path: Path) -> None:
        self.url = ""
        self._path = path

    def rows(self) -> Iterator[tuple[str, bytes]]:
        with sqlite3.connect(f"file:{self._path}?mode=ro", uri=True) as connection:
            names = [
                name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            for name in names:
                cursor = connection.execute(f'SELECT * FROM "{name}"')
                columns = [column[0] for column in cursor.description]
                for row in cursor:
                    for column, value in zip(columns, row, strict=True):
                        yield f"{name}.{column}", _flat(value)

    def beside(self) -> Iterator[tuple[str, bytes]]:
        """Its files lie where all others of the installation do."""
        return iter(())

    def drop(self) -> None:
        """It goes with its folder."""


class PostgresDatabase:
    def __init__(self, server: str, *, password: str) -> None:
        self._server = server
        self._name = f"canaries_{uuid4().hex}"
        with self._connected(server) as connection:
            template = os.environ.get("TEMPLATE_DATABASE", "template1")
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(self._name), sql.Identifier(template)
                )
            )
        parts = urlsplit(server)
        place = parts.netloc.rpartition("@")
        user = place[0].partition(":")[0]
        self.url = urlunsplit(parts._replace(netloc=f"{user}:{password}@{place[2]}", path=f"/{self._name}"))
        with self._connected(self.url) as connection:
            self._began = self._one(connection, "SELECT pg_walfile_name(pg_current_wal_lsn())")

    @staticmethod
    def _connected(url: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(url, autocommit=True)

    @staticmethod
    def _one(connection: psycopg.Connection[tuple[Any, ...]], query: str) -> Any:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def rows(self) -> Iterator[tuple[str, bytes]]:
        with self._connected(self.url) as connection:
            tables: dict[tuple[str, str], list[tuple[str, str]]] = {}
            for schema, table, column, kind in connection.execute(
                """SELECT n.nspname, c.relname, a.attname, a.atttypid::regtype::text
                FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped
                AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'"""
            ):
                tables.setdefault((schema, table), []).append((column, kind))
            for (schema, table), columns in tables.items():
                # Whatever it is as the server writes it, but bytes as they are.
                shown = sql.SQL(", ").join(
                    sql.Identifier(name)
                    if kind == "bytea"
                    else sql.SQL("{}::text").format(sql.Identifier(name))
                    for name, kind in columns
                )
                for row in connection.execute(
                    sql.SQL("SELECT {} FROM {}").format(shown, sql.Identifier(schema, table))
                ):
                    for (name, _kind), value in zip(columns, row, strict=True):
                        yield f"{table}.{name}", _flat(value)

    def beside(self) -> Iterator[tuple[str, bytes]]:
        with self._connected(self.url) as connection:
            for (query,) in connection.execute("SELECT query FROM pg_stat_activity"):
                yield "PostgreSQL: what a connection asked last", _flat(query)
            connection.execute("CHECKPOINT")
            data = Path(self._one(connection, "SHOW data_directory"))
            relations = [
                str(path)
                for (path,) in connection.execute(
                    """SELECT pg_relation_filepath(oid) FROM pg_class
                    WHERE pg_relation_filepath(oid) IS NOT NULL AND oid >= 16384"""
                )
            ]
        if not os.access(data, os.R_OK | os.X_OK):
            # The server is somebody else's.
            return
        for relation in relations:
            path = data / relation
            yield f"PostgreSQL: {relation}", path.read_bytes()
        for path in sorted((data / "pg_wal").iterdir()):
            if path.is_file() and len(path.name) == 24 and path.name >= self._began:
                yield f"PostgreSQL: {path.name}", _without_empty_pages(path)
        for path in (data.parent / "log", *sorted((data / "log").glob("*"))):
            if path.is_file():
                yield f"PostgreSQL: the log {path.name}", path.read_bytes()

    def drop(self) -> None:
        with self._connected(self._server) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(self._name)))


def _without_empty_pages(path: Path) -> bytes:
    empty = bytes(_PAGE)
    with path.open("rb") as file:
        return b"".join(page for page in iter(lambda: file.read(_PAGE), b"") if page != empty)


def _flat(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
