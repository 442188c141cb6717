"""What two deployments claim at once: identities, addresses and names that can belong to one machine only.

Sources: asr-facts 1.6 (T10: no two servers from one machine), 7.2 (duplicate UUID), 8 and 11.3 (friendly names), 12 (SM-17).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

from wizard.planning.crossing_rows import (
    Crossing,
    CrossingKind,
    PhysicalServer,
    Place,
    Server,
    VCenterName,
    VirtualMachine,
)
from wizard.planning.crossing_values import address_of, full_name, short_name, uuid_of
from wizard.text import Text, _

__all__ = [
    "Crossing",
    "PhysicalServer",
    "Place",
    "Server",
    "VCenterName",
    "VirtualMachine",
    "crossings",
]

Row = TypeVar("Row", Server, PhysicalServer)
Key = TypeVar("Key", bound=Hashable)


def crossings(
    *,
    servers: Sequence[Server] = (),
    machines: Sequence[VirtualMachine] = (),
    physical: Sequence[PhysicalServer] = (),
    vcenters: Sequence[VCenterName] = (),
) -> tuple[Crossing, ...]:
    """All conflicts, the worst kind first, in an order that stays the same."""
    found = [
        *_identities(servers),
        *_clones(servers, machines),
        *_instances(servers, machines),
        *_addresses(servers),
        *_names(servers),
        *_vcenter_names(vcenters),
        *_physical(physical),
    ]
    return tuple(sorted(found, key=lambda one: (_ORDER.index(one.kind), one.value)))


_ORDER: Final[tuple[CrossingKind, ...]] = (
    "vault_identity", "clone", "instance_uuid", "address", "host_name", "vcenter_name", "physical_server",
)  # fmt: skip


# --- servers ----------------------------------------------------------------------------------------------------------


def _identities(servers: Sequence[Server]) -> Iterator[Crossing]:
    told = _twice(
        servers, lambda one: [(one.vault, one.registration)] if one.vault and one.registration else []
    )
    for (_vault, registration), group in told:
        yield Crossing(
            kind="vault_identity",
            severity="critical",
            value=registration,
            text=Text(
                _("The vault knows the servers of %(sites)s as one: %(id)s."),
                sites=_sites(group),
                id=registration,
            ),
            remedy=Text(
                _(
                    "One of them was cloned or restored from the other, or one deployment names the other's server. Set the "
                    "clone up anew from an installation of its own; where both are one server, keep one deployment."
                )
            ),
            places=_places(group),
        )
    named = _twice(
        servers,
        lambda one: [(one.vault, one.friendly_name.casefold())] if one.vault and one.friendly_name else [],
    )
    for (_vault, name), group in named:
        yield Crossing(
            kind="vault_identity",
            severity="critical",
            value=name,
            text=Text(
                _("Appliances of %(sites)s have the same friendly name in one vault: %(name)s."),
                sites=_sites(group),
                name=group[0].friendly_name,
            ),
            remedy=Text(
                _(
                    "A friendly name cannot be changed once the appliance is registered: choose another one for the later one."
                )
            ),
            places=_places(group),
        )
    hosts = _twice(
        servers,
        lambda one: (
            [(one.vault, short_name(one.name))] if one.vault and one.name and not one.friendly_name else []
        ),
    )
    for (_vault, name), group in hosts:
        yield Crossing(
            kind="vault_identity",
            severity="critical",
            value=name,
            text=Text(
                _("%(sites)s register a server of the same name in one vault: %(name)s."),
                sites=_sites(group),
                name=group[0].name,
            ),
            remedy=Text(_("The vault tells servers by their host names. Give one of them another name.")),
            places=_places(group),
        )


def _clones(servers: Sequence[Server], machines: Sequence[VirtualMachine]) -> Iterator[Crossing]:
    for uuid, group in _twice(servers, lambda one: [uuid_of(one.bios_uuid)]):
        yield Crossing(
            kind="clone",
            severity="critical",
            value=uuid,
            text=Text(
                _("Servers of %(sites)s have one BIOS UUID: %(uuid)s. One is a clone of the other."),
                sites=_sites(group),
                uuid=uuid,
            ),
            remedy=Text(
                _(
                    "Site Recovery takes them for one machine. Set the clone up anew instead of copying a server."
                )
            ),
            places=_places(group),
        )
    for uuid, twins in _in_two_vcenters(machines, lambda one: one.bios_uuid):
        if len({one.instance_uuid.casefold() for one in twins}) < 2:
            continue  # The same machine, which is said of its instance UUID.
        yield Crossing(
            kind="clone",
            severity="warning",
            value=uuid,
            text=Text(_("Machines of two vCenters have one BIOS UUID: %(uuid)s."), uuid=uuid),
            remedy=Text(
                _(
                    "One is a copy of the other, such as a restored one. Protect one of them only, or give the copy a new UUID."
                )
            ),
            places=_all_places(twins),
        )


def _instances(servers: Sequence[Server], machines: Sequence[VirtualMachine]) -> Iterator[Crossing]:
    remedy = Text(
        _(
            "An instance UUID is unique within a vCenter. Remove the machine that is left over, or let vCenter give one a new "
            "instance UUID; Site Recovery lists only one of them. Where one of both is an ESXi host that the other manages, it "
            "is one machine: take the host out of service in its deployment."
        )
    )
    for uuid, group in _twice(
        servers, lambda one: [one.instance_uuid.casefold()] if one.instance_uuid else []
    ):
        yield Crossing(
            kind="instance_uuid",
            severity="critical",
            value=uuid,
            text=Text(
                _("Servers of %(sites)s have one instance UUID: %(uuid)s."), sites=_sites(group), uuid=uuid
            ),
            remedy=remedy,
            places=_places(group),
        )
    for uuid, twins in _in_two_vcenters(machines, lambda one: one.instance_uuid):
        yield Crossing(
            kind="instance_uuid",
            severity="critical",
            value=uuid,
            text=Text(_("Two vCenters show a machine with one instance UUID: %(uuid)s."), uuid=uuid),
            remedy=remedy,
            places=_all_places(twins),
        )


def _addresses(servers: Sequence[Server]) -> Iterator[Crossing]:
    for address, group in _twice(servers, lambda one: [address_of(found) for found in one.addresses]):
        yield Crossing(
            kind="address",
            severity="critical",
            value=address,
            text=Text(
                _("Servers of %(sites)s have one address: %(address)s."), sites=_sites(group), address=address
            ),
            remedy=Text(_("Give one of them another address, in its deployment and on the machine.")),
            places=_places(group),
        )


def _names(servers: Sequence[Server]) -> Iterator[Crossing]:
    for name, found in _twice(servers, lambda one: [short_name(one.name)]):
        group = _of_one_domain(found)
        vaults = {one.vault for one in group}
        if len(vaults) == 1 and "" not in vaults and not any(one.friendly_name for one in group):
            continue  # Said of the vault, which is worse.
        if len({one.place.site for one in group}) < 2:
            continue
        yield Crossing(
            kind="host_name",
            severity="warning",
            value=name,
            text=Text(
                _("Servers of %(sites)s have one host name: %(name)s."),
                sites=_sites(group),
                name=group[0].name,
            ),
            remedy=Text(
                _("Names of Windows machines must differ in one network. Give one of them another name.")
            ),
            places=_places(group),
        )


def _of_one_domain(group: list[Server]) -> list[Server]:
    """Those of one short name without the ones that are the only ones in their domain: another domain, another name."""
    full = {one.place: full_name(one.name, one.fqdn) for one in group}
    if not all(full.values()):
        return group
    sites: dict[str, set[str]] = defaultdict(set)
    for place, name in full.items():
        sites[name].add(place.site)
    return [one for one in group if len(sites[full[one.place]]) > 1]


# --- vCenters and physical servers ------------------------------------------------------------------------------------


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
            places=_unique(one.place for one in group),
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
        for value, group in _twice(physical, keys):
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
                    sites=_sites(group),
                    name=group[0].name,
                ),
                remedy=Text(
                    _(
                        "A server is protected through one process server. Remove it from one of the deployments."
                    )
                ),
                places=_places(group),
            )


# --- grouping ---------------------------------------------------------------------------------------------------------


def _twice(rows: Sequence[Row], keys: Callable[[Row], Iterable[Key]]) -> Iterator[tuple[Key, list[Row]]]:
    """The rows by what they share, where at least two deployments do. Nobody shares what is empty."""
    groups: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        for key in dict.fromkeys(keys(row)):
            if key:
                groups[key].append(row)
    for key, group in groups.items():
        if len({row.place.site for row in group}) > 1:
            yield key, group


def _in_two_vcenters(
    machines: Sequence[VirtualMachine], uuid_of_machine: Callable[[VirtualMachine], str]
) -> Iterator[tuple[str, list[VirtualMachine]]]:
    groups: dict[str, list[VirtualMachine]] = defaultdict(list)
    for one in machines:
        if uuid := uuid_of_machine(one).casefold():
            groups[uuid].append(one)
    for uuid, twins in groups.items():
        if len({one.vcenter for one in twins}) > 1:
            yield uuid, twins


def _sites(group: Iterable[Server | PhysicalServer]) -> list[str]:
    return sorted({row.place.site_name for row in group})


def _places(group: Iterable[Server | PhysicalServer]) -> tuple[Place, ...]:
    return _unique(row.place for row in group)


def _all_places(twins: Iterable[VirtualMachine]) -> tuple[Place, ...]:
    return _unique(place for one in twins for place in one.places)


def _unique(places: Iterable[Place]) -> tuple[Place, ...]:
    by_place = {(place.site, place.machine, str(place.what)): place for place in places}
    return tuple(
        sorted(by_place.values(), key=lambda place: (place.site_name, str(place.what), place.machine))
    )
