"""One record of an answer, read field by field; what nobody could read is kept as it came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from wizard.topology.observed import dates, numbers

T = TypeVar("T")


class Record:
    """Fields are looked up by wire name. `rest` holds those that were not asked for or could not be read."""

    def __init__(self, fields: object) -> None:
        self._fields: Mapping[str, Any] = fields if isinstance(fields, Mapping) else {}
        self._read: set[str] = set()
        self._nested: dict[str, Record] = {}

    def __bool__(self) -> bool:
        return bool(self._fields)

    def text(self, *names: str) -> str:
        """The first of these fields that holds text or a number, stripped; "" where none does."""
        return self._first(names, _text) or ""

    def whole(self, *names: str) -> int | None:
        return self._first(names, numbers.whole)

    def real(self, *names: str) -> float | None:
        return self._first(names, numbers.real)

    def percent(self, *names: str) -> float | None:
        return self._first(names, numbers.percent)

    def gigabytes(self, name: str) -> int | None:
        return self._first((name,), numbers.gigabytes)

    def megabytes(self, name: str) -> float | None:
        return self._first((name,), numbers.megabytes)

    def flag(self, name: str) -> bool | None:
        return self._first((name,), _flag)

    def moment(self, *names: str) -> datetime | None:
        for name in names:
            if dates.means_no_date(self._fields.get(name)):
                self._read.add(name)
        return self._first(names, dates.moment)

    def record(self, name: str) -> Record:
        """The record in that field, handed over with all that it holds; an empty one where there is none."""
        return Record(self._first((name,), _mapping))

    def nested(self, name: str) -> Record:
        """The record in that field as a part of this one: what is not read of it is left over of this one."""
        if name not in self._nested:
            self._nested[name] = self.record(name)
        return self._nested[name]

    def records(self, name: str) -> tuple[Record, ...]:
        """The records in that list; the field stays unread where something else stands in it, too."""
        found = self._fields.get(name)
        entries = found if isinstance(found, list) else []
        records = [entry for entry in entries if isinstance(entry, Mapping)]
        if found is None or (isinstance(found, list) and len(records) == len(found)):
            self._read.add(name)
        return tuple(Record(entry) for entry in records)

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts in that list, or the only one."""
        found = self._fields.get(name)
        entries = found if isinstance(found, list) else [found]
        texts = [text for text in map(_text, entries) if text]
        if found is None or len(texts) == len(entries):
            self._read.add(name)
        return tuple(texts)

    def told_elsewhere(self, *names: str) -> None:
        """These fields are read by somebody else, or say nothing: they are not left over."""
        self._read.update(names)

    def peek(self, name: str) -> Any:
        """What the field holds, without counting it as read."""
        return self._fields.get(name)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._fields))

    def rest(self) -> dict[str, Any]:
        """The fields nobody has read, verbatim; null says nothing and is left out."""
        left = {name: record.rest() for name, record in self._nested.items()}
        for name, value in self._fields.items():
            if name not in self._read and value is not None:
                left[name] = value
        return {name: left[name] for name in sorted(left) if name not in self._nested or left[name]}

    def _first(self, names: tuple[str, ...], read: Callable[[object], T | None]) -> T | None:
        """Fields that say nothing or say the same as the first count as read; one that differs is kept."""
        found: T | None = None
        for name in names:
            raw = self._fields.get(name)
            value = read(raw)
            if raw is None or raw == "" or (value is not None and found in (None, value)):
                self._read.add(name)
            if found is None:
                found = value
        return found


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def _flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    return None


def _mapping(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None
