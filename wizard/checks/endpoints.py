"""The addresses in Azure that must be reached, by cloud and profile (asr-facts 3.6 to 3.8)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from wizard.checks.requirement import CLOUDS, METHODS, Severity
from wizard.text import Text

Protocol = Literal["https", "http", "ntp"]

DEFAULT_PORTS: dict[Protocol, int] = {"https": 443, "http": 80, "ntp": 123}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One host name, or pattern of host names, of one row of the lists.

    `row` is the requirement that it belongs to; a row may have several. `probe_host` is what is really tried:
    the name itself, for a pattern a host of ours below it, or "" where no public host below the pattern is
    known (each account has its own). `unless` names facts and the values with which nothing must be reached.
    `example` says that the tried host is such a choice of ours: its
    vanishing from DNS tells nothing about the firewall.
    """

    id: str
    row: str
    cloud: str
    pattern: str
    probe_host: str
    protocol: Protocol
    path: str
    purpose: Text
    needed_by: tuple[str, ...]
    profiles: tuple[str, ...]
    when: tuple[str, ...]
    unless: Mapping[str, str]
    severity: Severity
    methods: tuple[str, ...]
    source: str
    source_date: str
    link: str
    conflict: str | None

    @property
    def example(self) -> bool:
        return self.pattern.startswith("*.")

    @property
    def port(self) -> int:
        return DEFAULT_PORTS[self.protocol]


def endpoints(profile: str, cloud: str, method: str) -> tuple[Endpoint, ...]:
    """What `profile` must reach in `cloud` when installing by `method`, in the order of the lists.

    Raises ValueError for a cloud or a method that does not exist.
    """
    if cloud not in CLOUDS:
        raise ValueError(f"{cloud!r} is not a cloud; expected is one of {', '.join(sorted(CLOUDS))}")
    if method not in METHODS:
        raise ValueError(f"{method!r} is not a method; expected is one of {', '.join(sorted(METHODS))}")
    return tuple(
        item
        for item in all_endpoints()
        if profile in item.profiles and item.cloud == cloud and method in item.methods
    )


@cache
def all_endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint of every cloud, in the order of the lists."""
    table = tomllib.loads(files("wizard.checks").joinpath("endpoints.toml").read_text("utf-8"))
    return tuple(endpoint for row in table["row"] for endpoint in _read_row(row))


def _read_row(row: dict[str, Any]) -> list[Endpoint]:
    hosts = row["hosts"]
    found = []
    for number, host in enumerate(hosts, start=1):
        pattern = host["pattern"]
        found.append(
            Endpoint(
                id=row["id"] if len(hosts) == 1 else f"{row['id']}.{number}",
                row=row["id"],
                cloud=row["cloud"],
                pattern=pattern,
                probe_host=host["probe_host"] if pattern.startswith("*.") else pattern,
                protocol=host.get("protocol", "https"),
                path=host.get("path", "/"),
                purpose=Text(row["purpose"]),
                needed_by=tuple(row["needed_by"]),
                profiles=tuple(row.get("profiles", ["asr-classic"])),
                when=tuple(row.get("when", [])),
                unless=MappingProxyType(row.get("unless", {})),
                severity=row["severity"],
                methods=tuple(row["methods"]),
                source=row["source"],
                source_date=row["source_date"],
                link=row["link"],
                conflict=row.get("conflict"),
            )
        )
    return found
