"""The requirement catalogue of a profile: read from TOML, validated, in the order in which people read it.

A file holds `[[requirement]]` rows. A profile that asks for addresses in Azure has two frames besides, one
for each way of trying (`[endpoints.https]`, `[endpoints.ntp]`): every row of endpoints.toml becomes a
requirement in such a frame, so that the lists of addresses are written down once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import groupby
from types import MappingProxyType
from typing import Any

from wizard.checks import judges
from wizard.checks.endpoints import Endpoint, all_endpoints
from wizard.checks.requirement import (
    CATEGORIES,
    CLOUDS,
    COMPONENTS,
    METHODS,
    OWNERS,
    PHASES,
    SEVERITIES,
    Requirement,
)
from wizard.text import Text

PROFILES = ("asr-classic", "asr-modernized")

_DEFAULTS: Mapping[str, Any] = {
    "methods": ["ova"],
    "phase": "before",
    "severity": "block",
    "facts": [],
    "params": {},
    "requires": [],
}


class CatalogueError(ValueError):
    """The catalogue contradicts itself; the message names the row. Our mistake, never an operator's."""


class Catalogue:
    """The requirements of one profile, in order. Raises CatalogueError where they do not fit together."""

    def __init__(self, profile: str, requirements: tuple[Requirement, ...]) -> None:
        self.profile = profile
        self._by_id: dict[str, Requirement] = {}
        for requirement in requirements:
            if requirement.id in self._by_id:
                raise CatalogueError(f"{requirement.id} is there twice")
            self._by_id[requirement.id] = requirement
        for requirement in requirements:
            _check_row(requirement)
            self._check_requires(requirement, (requirement.id,))

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, requirement_id: str) -> Requirement | None:
        return self._by_id.get(requirement_id)

    def select(
        self,
        *,
        component: str | None = None,
        method: str | None = None,
        phase: str | None = None,
        cloud: str | None = None,
    ) -> tuple[Requirement, ...]:
        """The rows that apply, in order; None stands for any."""
        return tuple(
            row
            for row in self
            if component in (None, row.component)
            and (method is None or method in row.methods)
            and phase in (None, row.phase)
            and (cloud is None or not row.clouds or cloud in row.clouds)
        )

    def _check_requires(self, requirement: Requirement, path: tuple[str, ...]) -> None:
        for wanted in requirement.requires:
            if wanted in path:
                raise CatalogueError(f"{' -> '.join((*path, wanted))} is a circle")
            following = self.get(wanted)
            if following is None:
                raise CatalogueError(f"{requirement.id} requires {wanted}, which does not exist")
            self._check_requires(following, (*path, wanted))


@cache
def load(profile: str) -> Catalogue:
    """The catalogue of a profile. Raises CatalogueError for an unknown profile and for a wrong row."""
    if profile not in PROFILES:
        raise CatalogueError(f"there is no profile {profile!r}; expected is one of {', '.join(PROFILES)}")
    path = files("wizard.checks").joinpath("requirements", f"{profile}.toml")
    return read(profile, path.read_text("utf-8"))


def read(profile: str, toml: str) -> Catalogue:
    """A catalogue from the text of its file. Raises CatalogueError naming the row that is wrong."""
    try:
        table = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{profile}: {error}") from error
    rows = [_read_row(row) for row in table.get("requirement", [])]
    if frames := table.get("endpoints"):
        rows += [
            _read_endpoint_row(row_id, tuple(members), frames)
            for row_id, members in groupby(all_endpoints(), key=lambda endpoint: endpoint.row)
        ]
    return Catalogue(profile, tuple(rows))


def sentences() -> list[str]:
    """Every sentence of every catalogue that a person reads: what a translator must be given."""
    found = dict.fromkeys(
        text.template
        for profile in PROFILES
        for row in load(profile)
        for text in (row.title, row.why, row.remedy)
    )
    return list(found)


def _read_row(row: Mapping[str, Any]) -> Requirement:
    name = row.get("id", "a row without id")
    values = {**_DEFAULTS, **row}
    values.setdefault("waivable", values["severity"] != "block")
    try:
        return Requirement(
            id=values.pop("id"),
            title=Text(values.pop("title")),
            why=Text(values.pop("why")),
            remedy=Text(values.pop("remedy")),
            methods=tuple(values.pop("methods")),
            clouds=tuple(values.pop("clouds", ())),
            facts=tuple(values.pop("facts")),
            params=MappingProxyType(values.pop("params")),
            requires=tuple(values.pop("requires")),
            command=values.pop("command", None),
            conflict=values.pop("conflict", None),
            **values,
        )
    except (KeyError, TypeError) as error:
        raise CatalogueError(f"{name}: {error}") from error


def _read_endpoint_row(
    row_id: str, members: tuple[Endpoint, ...], frames: Mapping[str, Mapping[str, Any]]
) -> Requirement:
    first = members[0]
    frame = frames["ntp" if first.protocol == "ntp" else "https"]
    hosts = [member.pattern for member in members]
    tried = next((member.probe_host for member in members if member.probe_host), None)
    return Requirement(
        id=row_id,
        title=Text(frame["title"], hosts=hosts),
        why=first.purpose,
        remedy=Text(frame["remedy"], hosts=hosts),
        category="urls",
        component=first.needed_by[0],
        methods=first.methods,
        clouds=(first.cloud,),
        phase="before",
        severity=first.severity,
        # A host seen from here may be closed to this machine alone: the operator may know better.
        waivable=True,
        owner="network",
        judge="endpoint",
        facts=("urls.reach",),
        params=MappingProxyType({"endpoints": tuple(member.id for member in members), "hosts": hosts}),
        requires=tuple(frame["requires"]),
        command=frame["command"].replace("HOST", tried) if tried else None,
        source=first.source,
        source_date=first.source_date,
        link=first.link,
        conflict=first.conflict,
    )


def _check_row(row: Requirement) -> None:
    closed: tuple[tuple[str, tuple[str, ...], frozenset[str]], ...] = (
        ("category", (row.category,), CATEGORIES),
        ("component", (row.component,), COMPONENTS),
        ("methods", row.methods, METHODS),
        ("clouds", row.clouds, CLOUDS),
        ("phase", (row.phase,), PHASES),
        ("severity", (row.severity,), SEVERITIES),
        ("owner", (row.owner,), OWNERS),
    )
    for field, values, allowed in closed:
        if wrong := set(values) - allowed:
            raise CatalogueError(
                f"{row.id}: {field} is {', '.join(map(str, sorted(wrong)))}; "
                f"expected is one of {', '.join(sorted(allowed))}"
            )
    if not row.methods:
        raise CatalogueError(f"{row.id}: methods is empty")
    if not row.facts:
        raise CatalogueError(f"{row.id}: facts is empty, so no judge could decide anything")
    if judges.find_judge(row.judge) is None:
        raise CatalogueError(f"{row.id}: there is no judge named {row.judge}")
    for field, value in (("title", row.title), ("why", row.why), ("remedy", row.remedy)):
        if not value:
            raise CatalogueError(f"{row.id}: {field} is empty")
    if not row.link.startswith("https://"):
        raise CatalogueError(f"{row.id}: the link is not an https:// address")
