"""What two deployments claim at once: identities, addresses and names that can belong to one machine only.

Those of servers have a file of their own; here are vCenters (asr-facts 8 and 11.3: friendly names) and physical servers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from wizard.planning import crossing_servers
from wizard.planning.crossing_grouping import places_of, sites_of, twice, unique
from wizard.planning.crossing_rows import (
    Crossing,
    CrossingKind,
    PhysicalServer,
    Server,
    VCenterName,
    VirtualMachine,
)
from wizard.planning.crossing_values import address_of
from wizard.text import Text, _


def crossings(
    *,
    servers: Sequence[Server] = (),
    machines: Sequence[VirtualMachine] = (),
    physical: Sequence[PhysicalServer] = (),
    vcenters: Sequence[VCenterName] = (),
) -> tuple[Crossing, ...]:
    """All conflicts, the worst kind first, in an order that stays the same."""
    found = [
        *crossing_servers.identities(servers),
        *crossing_servers.clones(servers, machines),
        *crossing_servers.instances(servers, machines),
        *crossing_servers.addresses(servers),
        *crossing_servers.names(servers),
        *_vcenter_names(vcenters),
        *_physical(physical),
    ]
    return tuple(sorted(found, key=lambda one: (_ORDER.index(one.kind), one.value)))


_ORDER: Final[tuple[CrossingKind, ...]] = (
    "vault_identity", "clone", "instance_uuid", "address", "host_name", "vcenter_name", "physical_server",
)  # fmt: skip


def _vcenter_names(vcenters: Sequence[VCenterName]) -> Iterator[Crossing]:
    for identity, group in _by_vcenter(vcenters).items():
        names = {one.name for one in group}
        if len({name.casefold() for name in names}) < 2:
            continue
        yield Crossing(
            kind="vcenter_name",
            severity="warning",
            value=identity,
            text=Text(_("One vCenter goes by several friendly names: %(names)s."), names=sorted(names)),
            remedy=Text(
                _(
                    "The same vCenter must carry the same friendly name on every appliance and configuration server; otherwise "
                    "its machines appear twice. Update it in the vault."
                )
            ),
            places=unique(one.place for one in group),
        )


def _by_vcenter(vcenters: Sequence[VCenterName]) -> dict[str, list[VCenterName]]:
    """The rows of each vCenter, by its instance UUID, or by its address where nobody knows that.

    Networks of two sites may use one address for two vCenters, so a name without UUID goes to that of its own deployment.
    """
    found: dict[str, list[VCenterName]] = defaultdict(list)
    at: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in vcenters:
        if identity := one.instance_uuid.casefold():
            found[identity].append(one)
            for site in (one.place.site, ""):
                at[site, _endpoint(one)].add(identity)
    for one in vcenters:
        endpoint = _endpoint(one)
        if one.instance_uuid or not endpoint:
            continue
        known = at.get((one.place.site, endpoint)) or at.get(("", endpoint)) or {endpoint}
        if len(known) == 1:
            found[next(iter(known))].append(one)
    return dict(sorted(found.items()))


def _endpoint(one: VCenterName) -> str:
    address = address_of(one.address)
    return f"{address}:{one.port}" if address else ""


def _physical(physical: Sequence[PhysicalServer]) -> Iterator[Crossing]:
    said: set[frozenset[tuple[str, str]]] = set()
    ways: tuple[Callable[[PhysicalServer], list[str]], ...] = (
        lambda one: [address_of(address) for address in one.addresses],
        lambda one: [address_of(one.name)],
    )
    for keys in ways:
        for value, group in twice(physical, keys):
            rows = frozenset((one.place.site, one.place.machine) for one in group)
            if rows in said:
                continue
            said.add(rows)
            yield Crossing(
                kind="physical_server",
                severity="warning",
                value=value,
                text=Text(
                    _("%(sites)s both have the physical server %(name)s."),
                    sites=sites_of(group),
                    name=group[0].name,
                ),
                remedy=Text(
                    _(
                        "A server is protected through one process server. Remove it from one of the deployments."
                    )
                ),
                places=places_of(group),
            )
