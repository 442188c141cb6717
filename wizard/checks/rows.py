"""How a row of the catalogue is written: TOML to requirements.

A `[[requirement]]` table is one requirement. Its `[[requirement.way]]` tables are several ways of checking it:
each yields a requirement of the same id, in which what the way says replaces what the row says.

Left out means: kind "probe", methods ["ova", "manual"], phase "before", severity "block", waivable unless the
severity is "block", and nothing for the rest. An attested row needs neither judge nor facts.

A file that asks for addresses in Azure has `[endpoints.<protocol>]` frames: every row of endpoints.toml becomes
a requirement in such a frame, so that the lists of addresses are written down once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import Any

from wizard.checks.endpoints import Endpoint, all_endpoints
from wizard.checks.requirement import METHODS, Requirement
from wizard.text import Text

_DEFAULTS: Mapping[str, Any] = {
    "kind": "probe",
    "when": [],
    "methods": sorted(METHODS, reverse=True),
    "clouds": [],
    "phase": "before",
    "severity": "block",
    "judge": "",
    "facts": [],
    "hints": [],
    "params": {},
    "requires": [],
    "command": None,
    "conflict": None,
}
_TEXTS = ("title", "why", "remedy")
_TEXTS_OF_SOME = ("question", "unchecked")
_SEQUENCES = ("profiles", "components", "when", "methods", "clouds", "facts", "hints", "requires")
_THE_SAME_IN_EVERY_WAY = frozenset({"id", "category"})


class CatalogueError(ValueError):
    """The catalogue contradicts itself; the message names the row. Our mistake, never an operator's."""


def read_rows(table: Mapping[str, Any]) -> list[Requirement]:
    """The requirements of one file, in order. Raises CatalogueError naming the row that is wrong."""
    found: list[Requirement] = []
    for row in table.get("requirement", []):
        variants = list(_read_row(row))
        if any(variants[0].id == other.id for other in found):
            raise CatalogueError(f"{variants[0].id} is there twice")
        found += variants
    if frames := table.get("endpoints"):
        for _row_id, members in groupby(all_endpoints(), key=lambda endpoint: endpoint.row):
            found += _read_endpoint_row(tuple(members), frames)
    return found


def _read_row(row: Mapping[str, Any]) -> Iterator[Requirement]:
    shared = {key: value for key, value in row.items() if key != "way"}
    for way in row.get("way", [{}]):
        if wrong := _THE_SAME_IN_EVERY_WAY & way.keys():
            raise CatalogueError(f"{row.get('id')}: a way has no {' or '.join(sorted(wrong))} of its own")
        yield _build({**shared, **way})


def _build(row: Mapping[str, Any]) -> Requirement:
    name = row.get("id", "a row without id")
    values = {**_DEFAULTS, **row}
    values.setdefault("waivable", values["severity"] != "block")
    if values["kind"] == "attested":
        values["judge"] = values["judge"] or "attested"
        values["facts"] = values["facts"] or [f"attested.{name}"]
    try:
        for key in _TEXTS:
            values[key] = Text(values[key])
        for key in _TEXTS_OF_SOME:
            values[key] = Text(values[key]) if key in values else None
        for key in _SEQUENCES:
            values[key] = tuple(values[key])
        return Requirement(**{**values, "params": MappingProxyType(values["params"])})
    except (KeyError, TypeError) as error:
        raise CatalogueError(f"{name}: {error}") from error


def _read_endpoint_row(
    members: tuple[Endpoint, ...], frames: Mapping[str, Mapping[str, Any]]
) -> Iterator[Requirement]:
    first = members[0]
    frame = frames["ntp" if first.protocol == "ntp" else "https"]
    hosts = [member.pattern for member in members]
    # What is not public by any name cannot be tried: people are asked instead.
    tried = next((member.probe_host for member in members if member.probe_host), None)
    row = Requirement(
        id=first.row,
        title=Text(frame["title"], hosts=hosts),
        why=first.purpose,
        remedy=Text(frame["remedy"], hosts=hosts),
        category="urls",
        kind="probe" if tried else "attested",
        profiles=first.profiles,
        components=first.needed_by,
        when=first.when,
        methods=first.methods,
        clouds=(first.cloud,),
        phase="before",
        severity=first.severity,
        # A host seen from here may be closed to this machine alone: the operator may know better.
        waivable=True,
        owner="network",
        judge="endpoint" if tried else "attested",
        facts=("urls.reach",) if tried else (f"attested.{first.row}",),
        hints=("host.reach.endpoints", "host.time.ntp", *first.unless) if tried else (),
        params=MappingProxyType(
            {
                "endpoints": tuple(member.id for member in members),
                "hosts": hosts,
                "tried": tuple((item.id, item.probe_host, item.port, item.pattern) for item in members),
                "unless": first.unless,
            }
        ),
        requires=tuple(frame["requires"]) if tried else (),
        command=frame["command"].replace("HOST", tried) if tried else None,
        source=first.source,
        source_date=first.source_date,
        link=first.link,
        conflict=first.conflict,
        question=None if tried else Text(frame["question"], hosts=hosts),
        unchecked=None,
    )
    if tried is None or first.protocol == "ntp" or "manual" not in first.methods:
        yield row
        return
    if others := tuple(method for method in first.methods if method != "manual"):
        yield replace(row, methods=others)
    # A machine that is there already has to say it itself; this server's way stands only for one that is not yet made.
    seen_there = "host.reach.endpoints"
    yield replace(
        row,
        methods=("manual",),
        facts=(*row.facts, seen_there),
        hints=tuple(hint for hint in row.hints if hint != seen_there),
    )
