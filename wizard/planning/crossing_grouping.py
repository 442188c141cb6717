"""Which rows of several deployments share something, and where they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from wizard.planning.crossing_rows import PhysicalServer, Place, Server, VirtualMachine

Row = TypeVar("Row", Server, PhysicalServer)
Key = TypeVar("Key", bound=Hashable)


def twice(rows: Sequence[Row], keys: Callable[[Row], Iterable[Key]]) -> Iterator[tuple[Key, list[Row]]]:
    """The rows by what they share, where at least two deployments do. Nobody shares what is empty."""
    groups: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        for key in dict.fromkeys(keys(row)):
            if key:
                groups[key].append(row)
    for key, group in groups.items():
        if len({row.place.site for row in group}) > 1:
            yield key, group


def in_two_vcenters(
    machines: Sequence[VirtualMachine], uuid_of_machine: Callable[[VirtualMachine], str]
) -> Iterator[tuple[str, list[VirtualMachine]]]:
    groups: dict[str, list[VirtualMachine]] = defaultdict(list)
    for one in machines:
        if uuid := uuid_of_machine(one).casefold():
            groups[uuid].append(one)
    for uuid, twins in groups.items():
        if len({one.vcenter for one in twins}) > 1:
            yield uuid, twins


def sites_of(group: Iterable[Server | PhysicalServer]) -> list[str]:
    return sorted({row.place.site_name for row in group})


def places_of(group: Iterable[Server | PhysicalServer]) -> tuple[Place, ...]:
    return unique(row.place for row in group)


def all_places(twins: Iterable[VirtualMachine]) -> tuple[Place, ...]:
    return unique(place for one in twins for place in one.places)


def unique(places: Iterable[Place]) -> tuple[Place, ...]:
    by_place = {(place.site, place.machine, str(place.what)): place for place in places}
    return tuple(
        sorted(by_place.values(), key=lambda place: (place.site_name, str(place.what), place.machine))
    )
