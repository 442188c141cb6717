"""Where a name is really reached: the same idea, and the same notation, as curl's `--connect-to`.

Split-horizon DNS and the lab both need a host to be spoken to under its own name, yet at another address.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Detour:
    """One entry: connections to `host`:`port` (a glob; None: any port) go to `to_host`:`to_port` instead."""

    host: str
    port: int | None
    to_host: str
    to_port: int


@dataclass(frozen=True, slots=True)
class AddressBook:
    """An ordered list of detours; the first that matches wins."""

    detours: tuple[Detour, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `HOST:PORT:TO_HOST:TO_PORT` entries separated by commas; an empty HOST or PORT means any.

        Raises ValueError that names the entry which cannot be read.
        """
        return cls(tuple(_parse_entry(entry.strip()) for entry in text.split(",") if entry.strip()))

    def locate(self, host: str, port: int) -> tuple[str, int]:
        """The address to connect to for `host`:`port`; the very same one where no detour matches."""
        for detour in self.detours:
            if fnmatchcase(host.lower(), detour.host) and detour.port in (None, port):
                return detour.to_host, detour.to_port
        return host, port


def _parse_entry(entry: str) -> Detour:
    parts = entry.split(":")
    if (
        len(parts) != 4
        or not parts[2]
        or not _is_port(parts[3])
        or not (parts[1] == "" or _is_port(parts[1]))
    ):
        raise ValueError(f"{entry!r} is not HOST:PORT:TO_HOST:TO_PORT")
    host, port, to_host, to_port = parts
    return Detour(
        host=host.lower() or "*", port=int(port) if port else None, to_host=to_host, to_port=int(to_port)
    )


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535


DIRECT = AddressBook()
