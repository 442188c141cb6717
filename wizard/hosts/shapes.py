"""A small language for the shape of a reported value: what a fact must look like before anybody judges it.

A value passes through its shape and comes out rebuilt: members that the shape does not name are left behind, and the
first thing that does not fit is named with its place. Numbers written as text are not corrected: a collector that sends
them has a fault, and a silent repair would hide it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol

from wizard.text import Text, _

_LARGEST: Final = 2**63 - 1
"""Sizes in bytes are the largest numbers there are; a database column holds no more."""
_EDGE: Final = timedelta(days=2)


class WrongShape(Exception):
    """A value does not look as its shape says; `place` is empty for the value itself, else like `[2].port`."""

    def __init__(self, *, place: str, expected: Text, found: Text) -> None:
        super().__init__(f"{place}: {found} instead of {expected}")
        self.place = place
        self.expected = expected
        self.found = found


class Shape(Protocol):
    def read(self, value: Any, place: str = "") -> Any:
        """The value, rebuilt from what the shape knows. Raises WrongShape."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text without NUL, which no database column takes."""

    def read(self, value: Any, place: str = "") -> str:
        if not isinstance(value, str) or "\0" in value:
            raise WrongShape(place=place, expected=Text(_("a text")), found=kind_of(value))
        return value


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time in ISO 8601 with its offset from UTC; stays a text."""

    def read(self, value: Any, place: str = "") -> str:
        try:
            read_moment(value)
        except ValueError:
            raise WrongShape(
                place=place,
                expected=Text(_("a time with its offset from UTC, such as 2026-01-31T12:00:00Z")),
                found=kind_of(value),
            ) from None
        return str(value)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number that fits 64 bits; true and false are no numbers."""

    def read(self, value: Any, place: str = "") -> int:
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
            raise WrongShape(place=place, expected=Text(_("a whole number")), found=kind_of(value))
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number, whole or not."""

    def read(self, value: Any, place: str = "") -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_moderate(value):
            raise WrongShape(place=place, expected=Text(_("a number")), found=kind_of(value))
        return value


@dataclass(frozen=True, slots=True)
class Truth:
    """true or false; 0 and 1 are neither."""

    def read(self, value: Any, place: str = "") -> bool:
        if not isinstance(value, bool):
            raise WrongShape(place=place, expected=Text(_("true or false")), found=kind_of(value))
        return value


@dataclass(frozen=True, slots=True)
class Maybe:
    """What `shape` describes, or null: looked for, and there is none."""

    shape: Shape

    def read(self, value: Any, place: str = "") -> Any:
        return None if value is None else self.shape.read(value, place)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list, each item as `shape` describes; may be empty."""

    shape: Shape

    def read(self, value: Any, place: str = "") -> list[Any]:
        if not isinstance(value, list):
            raise WrongShape(place=place, expected=Text(_("a list")), found=kind_of(value))
        return [self.shape.read(item, f"{place}[{number}]") for number, item in enumerate(value)]


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with any names, each member as `shape` describes."""

    shape: Shape

    def read(self, value: Any, place: str = "") -> dict[str, Any]:
        if not isinstance(value, dict):
            raise WrongShape(place=place, expected=Text(_("an object")), found=kind_of(value))
        return {
            WORDS.read(name, place): self.shape.read(item, _member(place, name))
            for name, item in value.items()
        }


@dataclass(frozen=True, slots=True)
class Record:
    """An object that has each of `members`; others are left behind, as a newer collector may say more."""

    members: Mapping[str, Shape]

    def read(self, value: Any, place: str = "") -> dict[str, Any]:
        if not isinstance(value, dict):
            raise WrongShape(place=place, expected=Text(_("an object")), found=kind_of(value))
        read = {}
        for name, shape in self.members.items():
            if name not in value:
                raise WrongShape(
                    place=_member(place, name), expected=Text(_("a value")), found=Text(_("nothing"))
                )
            read[name] = shape.read(value[name], _member(place, name))
        return read


WORDS: Final = Words()
MOMENT: Final = Moment()
WHOLE: Final = Whole()
NUMBER: Final = Number()
TRUTH: Final = Truth()


def record(**members: Shape) -> Record:
    return Record(members)


def read_moment(value: Any) -> datetime:
    """The point in time that an ISO 8601 text with an offset names. Raises ValueError.

    The first and the last days that there are do not count: not every time zone has a name for them.
    """
    if not isinstance(value, str):
        raise ValueError("not a text")
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("no offset from UTC")
    if not date.min + _EDGE <= moment.date() <= date.max - _EDGE:
        raise ValueError("no time zone but its own can show it")
    return moment


def kind_of(value: Any) -> Text:
    """What a JSON value is, in words; never the value itself, which may be long or strange."""
    if value is None:
        return Text("null")
    if isinstance(value, bool):
        return Text(_("true or false"))
    if isinstance(value, int):
        return Text(_("a number that is too large")) if abs(value) > _LARGEST else Text(_("a whole number"))
    if isinstance(value, float):
        return Text(_("a number with decimals"))
    if isinstance(value, str):
        return Text(_("a text with a NUL character")) if "\0" in value else Text(_("a text"))
    return Text(_("a list")) if isinstance(value, list) else Text(_("an object"))


def _is_moderate(value: float) -> bool:
    return abs(value) <= _LARGEST if isinstance(value, int) else math.isfinite(value)


def _member(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
