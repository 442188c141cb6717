"""What the servers of two deployments, and the machines of two vCenters, claim at once: identities, UUIDs, addresses, names.

Sources: asr-facts 1.6 (T10: no two servers from one machine), 7.2 (duplicate UUID), 11.3 (friendly names), 12 (SM-17).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from wizard.planning.crossing_grouping import all_places, in_two_vcenters, places_of, sites_of, twice
from wizard.planning.crossing_rows import Crossing, Server, VirtualMachine
from wizard.planning.crossing_values import address_of, full_name, short_name, uuid_of
from wizard.text import Text, _


def identities(servers: Sequence[Server]) -> Iterator[Crossing]:
    told = twice(
        servers, lambda one: [(one.vault, one.registration)] if one.vault and one.registration else []
    )
    for (_vault, registration), group in told:
        yield Crossing(
            kind="vault_identity",
            severity="critical",
            value=registration,
            text=Text(
                _("The vault knows the servers of %(sites)s as one: %(id)s."),
                sites=sites_of(group),
                id=registration,
            ),
            remedy=Text(
                _(
                    "One of them was cloned or restored from the other, or one deployment names the other's server. Set the "
                    "clone up anew from an installation of its own; where both are one server, keep one deployment."
                )
            ),
            places=places_of(group),
        )
    named = twice(
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
                sites=sites_of(group),
                name=group[0].friendly_name,
            ),
            remedy=Text(
                _(
                    "A friendly name cannot be changed once the appliance is registered: choose another one for the later one."
                )
            ),
            places=places_of(group),
        )
    hosts = twice(
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
                sites=sites_of(group),
                name=group[0].name,
            ),
            remedy=Text(_("The vault tells servers by their host names. Give one of them another name.")),
            places=places_of(group),
        )


def clones(servers: Sequence[Server], machines: Sequence[VirtualMachine]) -> Iterator[Crossing]:
    for uuid, group in twice(servers, lambda one: [uuid_of(one.bios_uuid)]):
        yield Crossing(
            kind="clone",
            severity="critical",
            value=uuid,
            text=Text(
                _("Servers of %(sites)s have one BIOS UUID: %(uuid)s. One is a clone of the other."),
                sites=sites_of(group),
                uuid=uuid,
            ),
            remedy=Text(
                _(
                    "Site Recovery takes them for one machine. Set the clone up anew instead of copying a server."
                )
            ),
            places=places_of(group),
        )
    for uuid, twins in in_two_vcenters(machines, lambda one: one.bios_uuid):
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
            places=all_places(twins),
        )


def instances(servers: Sequence[Server], machines: Sequence[VirtualMachine]) -> Iterator[Crossing]:
    remedy = Text(
        _(
            "An instance UUID is unique within a vCenter. Remove the machine that is left over, or let vCenter give one a new "
            "instance UUID; Site Recovery lists only one of them. Where one of both is an ESXi host that the other manages, it "
            "is one machine: take the host out of service in its deployment."
        )
    )
    for uuid, group in twice(
        servers, lambda one: [one.instance_uuid.casefold()] if one.instance_uuid else []
    ):
        yield Crossing(
            kind="instance_uuid",
            severity="critical",
            value=uuid,
            text=Text(
                _("Servers of %(sites)s have one instance UUID: %(uuid)s."), sites=sites_of(group), uuid=uuid
            ),
            remedy=remedy,
            places=places_of(group),
        )
    for uuid, twins in in_two_vcenters(machines, lambda one: one.instance_uuid):
        yield Crossing(
            kind="instance_uuid",
            severity="critical",
            value=uuid,
            text=Text(_("Two vCenters show a machine with one instance UUID: %(uuid)s."), uuid=uuid),
            remedy=remedy,
            places=all_places(twins),
        )


def addresses(servers: Sequence[Server]) -> Iterator[Crossing]:
    for address, group in twice(servers, lambda one: [address_of(found) for found in one.addresses]):
        yield Crossing(
            kind="address",
            severity="critical",
            value=address,
            text=Text(
                _("Servers of %(sites)s have one address: %(address)s."),
                sites=sites_of(group),
                address=address,
            ),
            remedy=Text(_("Give one of them another address, in its deployment and on the machine.")),
            places=places_of(group),
        )


def names(servers: Sequence[Server]) -> Iterator[Crossing]:
    for name, found in twice(servers, lambda one: [short_name(one.name)]):
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
                sites=sites_of(group),
                name=group[0].name,
            ),
            remedy=Text(
                _("Names of Windows machines must differ in one network. Give one of them another name.")
            ),
            places=places_of(group),
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
