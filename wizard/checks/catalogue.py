"""The requirement catalogue of a profile: read from TOML, validated, in the order in which people read it.

Each subject has a file of `[[requirement]]` rows; `wizard.checks.rows` says how a row is written. The order of
the subjects is fixed here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from importlib.resources import files
from itertools import chain

from wizard.checks import judges
from wizard.checks.conflicts import all_conflicts
from wizard.checks.requirement import (
    CATEGORIES,
    CLOUDS,
    COMPONENTS,
    KINDS,
    METHODS,
    OWNERS,
    PHASES,
    PROFILES,
    SEVERITIES,
    WHEN,
    Requirement,
)
from wizard.checks.rows import CatalogueError, read_rows

SUBJECTS = (
    *("lifecycle", "template", "hardware", "operating-system", "policies", "iis", "cryptography"),
    *("placement", "virtualization", "network", "time", "proxy", "urls", "azure", "software", "antivirus"),
    *("installation", "source-machines", "master-target", "operations"),
)


class Catalogue:
    """The requirements of one profile, in order. Raises CatalogueError where they do not fit together."""

    def __init__(self, profile: str, requirements: Iterable[Requirement]) -> None:
        self.profile = profile
        self._by_id: dict[str, tuple[Requirement, ...]] = {}
        for requirement in requirements:
            if profile in requirement.profiles:
                _check_row(requirement)
                self._by_id[requirement.id] = (*self.variants(requirement.id), requirement)
        for requirement_id in self._by_id:
            self._check_requires(requirement_id, (requirement_id,))

    def __iter__(self) -> Iterator[Requirement]:
        """Every variant of every row."""
        for variants in self._by_id.values():
            yield from variants

    def __len__(self) -> int:
        """How many ids there are."""
        return len(self._by_id)

    def get(self, requirement_id: str) -> Requirement | None:
        """The first variant: what does not depend on the way of checking is the same in all of them."""
        return next(iter(self.variants(requirement_id)), None)

    def variants(self, requirement_id: str) -> tuple[Requirement, ...]:
        """Every way of checking that requirement, in order; empty for an unknown id."""
        return self._by_id.get(requirement_id, ())

    def select(
        self,
        *,
        components: Collection[str] | None = None,
        circumstances: Collection[str] | None = None,
        method: str | None = None,
        phase: str | None = None,
        cloud: str | None = None,
    ) -> tuple[Requirement, ...]:
        """The rows to be judged or answered, in order, at most one for each id; None stands for any.

        Where several variants of an id fit because something was left open, the first is taken. Raises
        CatalogueError when nothing was left open and two fit all the same.
        """
        settled = None not in (components, circumstances, method, phase)
        found = []
        for requirement_id, variants in self._by_id.items():
            fitting = [
                row
                for row in variants
                if row.kind != "listed"
                and phase in (None, row.phase)
                and _concerns(row, components, circumstances, method, cloud)
            ]
            if settled and len(fitting) > 1:
                raise CatalogueError(f"{requirement_id}: two ways of checking it apply at once")
            found += fitting[:1]
        return tuple(found)

    def listed(
        self,
        *,
        components: Collection[str] | None = None,
        circumstances: Collection[str] | None = None,
        method: str | None = None,
        cloud: str | None = None,
    ) -> tuple[Requirement, ...]:
        """The rows that nobody checks, in order; None stands for any."""
        return tuple(
            row
            for row in self
            if row.kind == "listed" and _concerns(row, components, circumstances, method, cloud)
        )

    def _check_requires(self, requirement_id: str, path: tuple[str, ...]) -> None:
        for row in self.variants(requirement_id):
            for wanted in row.requires:
                if wanted in path:
                    raise CatalogueError(f"{' -> '.join((*path, wanted))} is a circle")
                if wanted not in self._by_id:
                    raise CatalogueError(f"{requirement_id} requires {wanted}, which does not exist")
                self._check_requires(wanted, (*path, wanted))


@cache
def load(profile: str) -> Catalogue:
    """The catalogue of a profile. Raises CatalogueError for an unknown profile and for a wrong row."""
    if profile not in PROFILES:
        raise CatalogueError(f"there is no profile {profile!r}; expected is one of {', '.join(PROFILES)}")
    return Catalogue(profile, _all_rows())


def read(profile: str, toml: str) -> Catalogue:
    """A catalogue from the text of one file. Raises CatalogueError naming the row that is wrong."""
    try:
        return Catalogue(profile, read_rows(tomllib.loads(toml)))
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{profile}: {error}") from error


def sentences() -> list[str]:
    """Every sentence of every catalogue that a person reads: what a translator must be given."""
    of_rows = (
        text
        for row in _all_rows()
        for text in (row.title, row.why, row.remedy, row.question, row.unchecked)
        if text
    )
    of_conflicts = (text for conflict in all_conflicts().values() for text in conflict.texts())
    return list(dict.fromkeys(text.template for text in chain(of_rows, of_conflicts)))


@cache
def _all_rows() -> tuple[Requirement, ...]:
    folder = files("wizard.checks").joinpath("requirements")
    found: list[Requirement] = []
    for subject in SUBJECTS:
        try:
            table = tomllib.loads(folder.joinpath(f"{subject}.toml").read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise CatalogueError(f"{subject}.toml: {error}") from error
        rows = read_rows(table)
        if twice := {row.id for row in rows} & {row.id for row in found}:
            raise CatalogueError(f"{', '.join(sorted(twice))} is there twice")
        found += rows
    return tuple(found)


def _concerns(
    row: Requirement,
    components: Collection[str] | None,
    circumstances: Collection[str] | None,
    method: str | None,
    cloud: str | None,
) -> bool:
    return (
        (components is None or any(name in components for name in row.components))
        and (circumstances is None or all(word in circumstances for word in row.when))
        and (method is None or method in row.methods)
        and (cloud is None or not row.clouds or cloud in row.clouds)
    )


def _check_row(row: Requirement) -> None:
    closed: tuple[tuple[str, tuple[str, ...], Collection[str]], ...] = (
        ("category", (row.category,), CATEGORIES),
        ("kind", (row.kind,), KINDS),
        ("profiles", row.profiles, PROFILES),
        ("components", row.components, COMPONENTS),
        ("when", row.when, WHEN),
        ("methods", row.methods, METHODS),
        ("clouds", row.clouds, CLOUDS),
        ("phase", (row.phase,), PHASES),
        ("severity", (row.severity,), SEVERITIES),
        ("owner", (row.owner,), OWNERS),
    )
    for field, values, allowed in closed:
        if wrong := set(values) - set(allowed):
            raise CatalogueError(
                f"{row.id}: {field} is {', '.join(map(str, sorted(wrong)))}; "
                f"expected is one of {', '.join(sorted(allowed))}"
            )
    for field, some in (("components", row.components), ("methods", row.methods)):
        if not some:
            raise CatalogueError(f"{row.id}: {field} is empty")
    _check_kind(row)
    for field, value in (("title", row.title), ("why", row.why), ("remedy", row.remedy)):
        if not value:
            raise CatalogueError(f"{row.id}: {field} is empty")
    if not row.link.startswith("https://"):
        raise CatalogueError(f"{row.id}: the link is not an https:// address")


def _check_kind(row: Requirement) -> None:
    if bool(row.question) != (row.kind == "attested"):
        raise CatalogueError(f"{row.id}: a question belongs to an attested row, and every one has it")
    if bool(row.unchecked) != (row.kind == "listed"):
        raise CatalogueError(f"{row.id}: unchecked belongs to a listed row, and every one has it")
    if row.kind == "listed":
        if row.judge or row.facts:
            raise CatalogueError(f"{row.id}: a listed row has neither judge nor facts")
        return
    if not row.facts:
        raise CatalogueError(f"{row.id}: facts is empty, so no judge could decide anything")
    if judges.find_judge(row.judge) is None:
        raise CatalogueError(f"{row.id}: there is no judge named {row.judge}")
