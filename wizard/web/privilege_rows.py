"""The comparison of privileges as tables show it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from wizard.services.privileges import LEVEL_TITLES, Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    object: str
    path: str
    name: str
    privilege_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRows:
    """One level and what is missing for it."""

    id: str
    title: str
    missing: list[Missing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """One privilege beyond the levels, and where the account has it."""

    privilege_id: str
    objects: list[str]


def by_level(comparison: Comparison) -> list[LevelRows]:
    return [
        LevelRows(
            id=level,
            title=str(LEVEL_TITLES[level]),
            missing=[
                Missing(
                    object=item.object.name,
                    path=item.object.path,
                    name=right.name,
                    privilege_id=right.privilege_id,
                )
                for item in comparison.objects
                for right in item.missing[level]
            ],
        )
        for level in comparison.levels
    ]


def excess(comparison: Comparison) -> list[Excess]:
    """By privilege, as most objects have the same; in the order of the ids."""
    places: dict[str, list[str]] = defaultdict(list)
    for item in comparison.objects:
        for identifier in item.excess:
            places[identifier].append(item.object.path)
    return [
        Excess(privilege_id=identifier, objects=objects) for identifier, objects in sorted(places.items())
    ]
