"""What the newest look at the vault shows of a component that was added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wizard.models import Addition, Deployment, VaultObservation
from wizard.services.evidence import same_host
from wizard.topology.observed import Observed, ObservedComponent

# A master target that a process server's machine carries is never a separate one; the vault cannot always tell the
# process server in Azure from others.
_TAKEN_FOR: Final = {
    Addition.Kind.PS_SCALEOUT: ("ps_scaleout", "ps_failback", "unknown"),
    Addition.Kind.PS_FAILBACK: ("ps_failback", "ps_scaleout", "unknown"),
    Addition.Kind.MT_WINDOWS: ("mt_windows", "unknown"),
    Addition.Kind.MT_LINUX: ("mt_linux", "unknown"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`component` None: the vault shows none of its name or address, or was not looked at (`at` is None then)."""

    component: ObservedComponent | None
    at: datetime | None

    @property
    def there(self) -> bool:
        return self.component is not None

    @property
    def machines(self) -> int:
        """How many machines replicate through it; 0 where nobody knows."""
        return (self.component.machines or 0) if self.component else 0


ABSENT: Final = Seen(component=None, at=None)


def seen_in_vault(addition: Addition) -> Seen:
    """The newest look at the vault, read for this component."""
    row = addition.deployment.observations.first()
    return _seen(addition, row)


def all_seen(deployment: Deployment, additions: list[Addition]) -> dict[str, Seen]:
    """The same for many, with one look into the table; by their ids."""
    row = deployment.observations.first() if additions else None
    observed = _read(row)
    at = row.last_seen_at if row else None
    return {
        str(one.pk): Seen(component=_found(one, observed), at=at) if observed else ABSENT for one in additions
    }


def newest_observed(deployment: Deployment) -> Observed | None:
    """What the newest look at the vault showed, None before the first."""
    return newest_look(deployment)[0]


def newest_look(deployment: Deployment) -> tuple[Observed | None, datetime | None]:
    """The same with the time of that look, by one query."""
    row = deployment.observations.first()
    return _read(row), row.last_seen_at if row else None


def _seen(addition: Addition, row: VaultObservation | None) -> Seen:
    observed = _read(row)
    if row is None or observed is None:
        return ABSENT
    return Seen(component=_found(addition, observed), at=row.last_seen_at)


def _read(row: VaultObservation | None) -> Observed | None:
    if row is None:
        return None
    try:
        return Observed.from_json(row.document)
    except (ValueError, KeyError, TypeError):
        # An earlier release wrote it in another form; the next look at the vault writes it anew.
        return None


def _found(addition: Addition, observed: Observed) -> ObservedComponent | None:
    kinds = _TAKEN_FOR[Addition.Kind(addition.kind)]
    by_name = [one for one in observed.of_kind(*kinds) if one.name and same_host(one.name, addition.name)]
    if by_name:
        return min(by_name, key=lambda one: kinds.index(one.kind))
    if not addition.address:
        return None
    by_address = [
        one for one in observed.of_kind(*kinds) if addition.address in (one.address, *one.addresses)
    ]
    return min(by_address, key=lambda one: kinds.index(one.kind), default=None)
