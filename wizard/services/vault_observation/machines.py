"""Which observed components stand on one machine."""

from __future__ import annotations

from collections.abc import Mapping

from wizard.topology.observed import Observed


def carriers_of(observed: Observed) -> dict[str, str | None]:
    """Which component carries each of them, by key; None where it stands by itself."""
    return {one.key: one.part_of for one in observed.components}


def machine_of(key: str, carriers: Mapping[str, str | None]) -> str:
    """The key of the component that carries all others on its machine."""
    seen = {key}
    while (carrier := carriers.get(key)) is not None and carrier not in seen:
        seen.add(carrier)
        key = carrier
    return key
