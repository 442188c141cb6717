"""Which recorded component is which observed one: by kind, then by name, then by address; vCenters by their address first.

Names are compared without case and domain, and never resolved. Where no kind fits, a related one may: a process server that was recorded as
scale-out and is taken for one in Azure is still the same server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Final, Literal

from wizard.topology.graph import Kind, Node
from wizard.topology.observed import ObservedComponent
from wizard.topology.observed.keys import short
from wizard.topology.roles import APPLIANCE_PARTS, MASTER_TARGETS, PROCESS_SERVERS

# The discovery service has no entry of its own in a vault.
UNLISTED_PARTS: Final[tuple[Kind, ...]] = ("appliance_discovery",)
# What the vault lists as a component. All else of a plan stays between vSphere, the network and Azure Storage.
LISTED: Final[tuple[Kind, ...]] = (
    "vault", "cs", *PROCESS_SERVERS, *MASTER_TARGETS, "vcenter", "appliance",
    *(part for part in APPLIANCE_PARTS if part not in UNLISTED_PARTS),
)  # fmt: skip
_FAMILIES: Final[tuple[tuple[Kind, ...], ...]] = (PROCESS_SERVERS, MASTER_TARGETS)

Fits = Callable[[Node, ObservedComponent], bool]
KnownBy = Literal["address", "full_name", "friendly_name"]


def pairs(
    nodes: Sequence[Node], components: Sequence[ObservedComponent]
) -> tuple[tuple[Node, ObservedComponent], ...]:
    """Each node and each component at most once, the surest pairs first; parts follow their machines."""
    found: dict[str, ObservedComponent] = {}
    machines: dict[str, str] = {}
    for related, fits in (
        (_vcenters, _vcenter_by("address")),
        (_vcenters, _vcenter_by("full_name")),
        (_same_kind, same_name),
        (_same_kind, same_address),
        (_same_family, same_name),
        (_same_family, same_address),
        (_same_kind, _only_vault),
    ):
        taken = {component.key for component in found.values()}
        for node in nodes:
            if node.key in found:
                continue
            for component in components:
                if component.key not in taken and related(node, component) and fits(node, component):
                    found[node.key] = component
                    taken.add(component.key)
                    break
    for node in nodes:
        if node.key in found and "machine" in node.attributes and found[node.key].part_of is None:
            machines[found[node.key].key] = str(node.attributes["machine"])
    carriers = {component.key: component.part_of for component in components}
    taken = {component.key for component in found.values()}
    for node in nodes:
        for component in components:
            free = node.key not in found and component.key not in taken
            if free and _same_kind(node, component) and component.part_of is not None:
                machine = machines.get(_carrier(component.part_of, carriers))
                if machine is not None and machine == node.attributes.get("machine"):
                    found[node.key] = component
                    taken.add(component.key)
    return tuple((node, found[node.key]) for node in nodes if node.key in found)


def _carrier(key: str, carriers: Mapping[str, str | None]) -> str:
    """The component that stands by itself, above all parts of one machine."""
    seen: set[str] = set()
    while (above := carriers.get(key)) is not None and key not in seen:
        seen.add(key)
        key = above
    return key


def vcenter_known_by(*, host: str, friendly_name: str, seen_address: str, seen_name: str) -> KnownBy | None:
    """What shows that the entry of a vault is the vCenter with that `host` (an address or a name) here; the surest, or None.

    A vault may list by its address what has a name here, or the reverse: then a full name in another field tells, and the
    friendly name last, which people chose (asr-facts 8).
    """
    if host and spelled(host) == spelled(seen_address):
        return "address"
    if _full_names(host, friendly_name) & _full_names(seen_address, seen_name):
        return "full_name"
    if friendly_name and friendly_name.strip().casefold() == seen_name.strip().casefold():
        return "friendly_name"
    return None


def _full_names(*written: str) -> set[str]:
    """Those with a domain; a number has none."""
    return {text for text in map(spelled, written) if "." in text and not is_number(text)}


def _vcenters(node: Node, component: ObservedComponent) -> bool:
    return node.kind == component.kind == "vcenter"


def _vcenter_by(known_by: KnownBy) -> Fits:
    def fits(node: Node, component: ObservedComponent) -> bool:
        found = vcenter_known_by(
            host=node.address or "",
            friendly_name=node.name,
            seen_address=component.address,
            seen_name=component.name,
        )
        return found == known_by

    return fits


def _same_kind(node: Node, component: ObservedComponent) -> bool:
    return node.kind == component.kind


def _same_family(node: Node, component: ObservedComponent) -> bool:
    return any(node.kind in family and component.kind in family for family in _FAMILIES)


def _only_vault(node: Node, component: ObservedComponent) -> bool:
    """A look reads one vault, the one that the deployment names."""
    return node.kind == "vault" and bool(component.id)


def same_name(node: Node, component: ObservedComponent) -> bool:
    """Names, computers' full names, and an appliance's name in the vault."""
    facts = node.attributes
    known = {short(str(name)) for name in (node.name, facts.get("fqdn"), facts.get("friendly_name")) if name}
    return bool((known & {short(name) for name in (component.name, component.fqdn) if name}) - {""})


def same_address(node: Node, component: ObservedComponent) -> bool:
    own = {spelled(address) for address in (node.address, node.attributes.get("fqdn")) if address}
    return bool(own & {spelled(address) for address in addresses(component)})


def addresses(component: ObservedComponent) -> Iterator[str]:
    yield from (found for found in (component.address, *component.addresses, component.fqdn) if found)


def spelled(address: object) -> str:
    """One spelling of an address or a host name."""
    text = str(address).strip().rstrip(".").casefold()
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def is_number(address: object) -> bool:
    """Whether it is an IP address, not a name."""
    try:
        ip_address(str(address).strip())
    except ValueError:
        return False
    return True


def differs(planned: object, seen: Iterable[str]) -> bool:
    """Whether none of the addresses seen is the planned one; a name says nothing about a number, nor the reverse."""
    own = spelled(planned)
    comparable = [spelled(address) for address in seen if is_number(address) == is_number(planned)]
    return bool(own) and bool(comparable) and own not in comparable
