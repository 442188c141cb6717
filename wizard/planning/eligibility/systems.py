"""Which operating system a machine has, and where it is supported: the table in systems.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

Family = Literal["windows", "linux", "other"]
Release = tuple[int, ...]

_BITS: Final = re.compile(
    r"\((64|32)-bit\)|\b(?:(64)[ -]?bit|(32)[ -]?bit|x?(64)|x86[_-](64)|amd(64)|i[3-6](86)|x(86))\b"
)
_RELEASE: Final = re.compile(
    # Up to a few words between the name and the number: "Server", "GNU/Linux", "release", "Linux".
    r"[^\d(]{0,40}?(\d{1,4}(?:\.\d{1,4}){0,3})(?![\d/])(?:\s*(?:sp|service pack)\s*(\d{1,2}))?",
    re.ASCII,
)
_PRETTY: Final = re.compile(r"prettyName='([^']{1,200})'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """The releases from `first` to `last`, both included. A bound counts as far as it is written: 14.04 holds 14.04.6."""

    first: Release
    last: Release
    written: str

    @classmethod
    def parse(cls, text: str) -> Releases:
        first, _separator, last = text.partition("-")
        return cls(first=_release(first), last=_release(last or first), written=text.replace("-", "–"))

    def may_hold(self, release: Release) -> bool:
        """Whether it is among them, or may be where only its first numbers are known."""
        depth = min(len(release), len(self.first))
        return self.first[:depth] <= release[:depth] <= self.last[:depth]

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One product of the table. `both` and `modernized` name releases; `all_releases`: there are no others.

    `from_64`: the first release without a 32-bit edition, () where all have none, None where all have one.
    """

    name: str
    family: Family
    both: tuple[Releases, ...]
    modernized: tuple[Releases, ...]
    all_releases: bool
    migration_only: bool
    from_64: Release | None
    efi: bool

    @property
    def supported(self) -> bool:
        """Whether at least one release is supported in at least one profile."""
        return self.all_releases or bool(self.both or self.modernized)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OperatingSystem:
    """What is known of the system of one machine.

    `system` is None where the table does not tell, `release` is () where nobody told one, `bits` is None where nobody
    knows. `shown` is how it was called.
    """

    system: System | None
    release: Release
    family: Family | None
    bits: Literal[32, 64] | None
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    names: tuple[tuple[str, System], ...]
    guest_ids: Mapping[str, tuple[System, Release]]
    vague: Mapping[str, Family]


def distribution_of(detailed_data: str) -> str:
    """The name that newer VMware Tools give in `guestInfo.detailed.data` ("Ubuntu 20.04.3 LTS"); "" without one."""
    match = _PRETTY.search(detailed_data)
    return match[1] if match else ""


def identify(guest_id: str, full_name: str, distribution: str = "") -> OperatingSystem:
    """The system by what says most: the distribution told by the guest, its full name, the configured guest id.

    A name that the table does not know says less than a guest id which it does; where two name the same product, the
    one with a release counts.
    """
    table = _table()
    known = [found for found in (_by_name(table, distribution), _by_name(table, full_name)) if found]
    if guest_id in table.guest_ids:
        known.append(table.guest_ids[guest_id])
    bits = _bits(distribution) or _bits(full_name)
    family = table.vague.get(guest_id)
    if not known:
        return OperatingSystem(
            system=None,
            release=(),
            family=None if family == "other" else family,
            bits=bits or _bits_of_id(guest_id, known=family is not None),
            shown=distribution or full_name or guest_id,
        )
    system = known[0][0]
    release = next((release for product, release in known if product is system and release), ())
    if bits is None and guest_id in table.guest_ids:
        bits = _bits_of_id(guest_id, known=True)
    if (
        bits is None
        and system.from_64 is not None
        and (system.from_64 == () or release >= system.from_64 > ())
    ):
        bits = 64
    if bits is None:
        bits = _bits_of_id(guest_id, known=guest_id in table.vague)
    return OperatingSystem(
        system=system,
        release=release,
        family=system.family,
        bits=bits,
        shown=distribution or full_name or guest_id,
    )


def all_guest_ids() -> frozenset[str]:
    """Every guest id that the table names."""
    table = _table()
    return frozenset(table.guest_ids) | frozenset(table.vague)


def _by_name(table: _Table, name: str) -> tuple[System, Release] | None:
    plain = " ".join(name.lower().replace("®", "").removeprefix("microsoft").split())
    for start, system in table.names:
        if plain.startswith(start):
            match = _RELEASE.match(plain, len(start))
            if match is None:
                return system, ()
            release = _release(match[1])
            return system, (release[0], int(match[2])) if match[2] else release
    return None


def _bits(name: str) -> Literal[32, 64] | None:
    match = _BITS.search(name.lower())
    if match is None:
        return None
    return 64 if "64" in match.groups() else 32


def _bits_of_id(guest_id: str, *, known: bool) -> Literal[32, 64] | None:
    """asr-facts SM-02: 64 bits where the id ends with 64Guest. Only of an id that is known the opposite follows."""
    if guest_id.endswith(("64Guest", "Guest64")):
        return 64
    return 32 if known else None


def _release(text: str) -> Release:
    return tuple(int(part) for part in text.split("."))


@cache
def _table() -> _Table:
    rows = tomllib.loads(files("wizard.planning.eligibility").joinpath("systems.toml").read_text("utf-8"))
    names: list[tuple[str, System]] = []
    guest_ids: dict[str, tuple[System, Release]] = {}
    for row in rows["system"]:
        system = _system(row)
        names.extend((start, system) for start in row["names"])
        for guest_id, release in row["guest_ids"].items():
            guest_ids[guest_id] = system, _release(release) if release else ()
    names.sort(key=lambda entry: -len(entry[0]))
    vague = {guest_id: row["family"] for row in rows["vague"] for guest_id in row["guest_ids"]}
    return _Table(names=tuple(names), guest_ids=guest_ids, vague=vague)


def _system(row: Mapping[str, Any]) -> System:
    both = row.get("both", [])
    from_64 = row.get("from_64")
    return System(
        name=row["name"],
        family=row["family"],
        both=_ranges(text for text in both if text != "*"),
        modernized=_ranges(row.get("modernized", [])),
        all_releases="*" in both,
        migration_only=row.get("migration", False),
        from_64=None if from_64 is None else () if from_64 == "*" else _release(from_64),
        efi=row.get("efi", True),
    )


def _ranges(texts: Iterable[str]) -> tuple[Releases, ...]:
    return tuple(Releases.parse(text) for text in texts)
