"""Which process server is built in, which stands in Azure, and which master target stands alone.

No field of the service says so. Each answer comes with its reasons and with how sure it is, and a person may correct it.
Source: arm-site-recovery 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from wizard.text import Text, _
from wizard.topology.graph import KINDS, Kind
from wizard.topology.observed.keys import same, short
from wizard.topology.observed.model import ObservedComponent

# The documented image runs on 16 GiB, of which Windows reports somewhat less (arm-site-recovery 3).
_AZURE_MEMORY: Final = (15 * 1024**3, 16 * 1024**3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What is known of the use of servers, by upper-cased id: number of items by direction, discovering vCenters."""

    to_azure: Mapping[str, int]
    home_from_azure: Mapping[str, int]
    discovering: frozenset[str]


def networks(texts: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """The address ranges of virtual networks, in CIDR notation; what is none is passed over."""
    found = []
    for text in texts:
        try:
            found.append(ip_network(str(text).strip(), strict=False))
        except ValueError:
            continue
    return tuple(found)


def corrected_kind(corrections: Mapping[str, str], component: ObservedComponent) -> Kind | None:
    """The kind that a person gave to the server of that id or key."""
    for identity, kind in corrections.items():
        if kind in KINDS and (same(str(identity), component.id) or same(str(identity), component.key)):
            return kind
    return None


def tell_process_servers(
    servers: Sequence[ObservedComponent],
    cs: ObservedComponent,
    *,
    uses: Uses,
    ranges: Sequence[IPv4Network | IPv6Network],
    corrections: Mapping[str, str],
) -> tuple[ObservedComponent, ...]:
    """The servers with kind, certainty and reasons; at most one is built in unless a person says otherwise."""
    given = [corrected_kind(corrections, server) for server in servers]
    built_in = {} if "ps_builtin" in given else _built_in(servers, cs)
    told = []
    for index, server in enumerate(servers):
        kind = given[index]
        if kind is not None:
            told.append(_corrected(server, kind))
        elif index in built_in:
            told.append(built_in[index])
        else:
            told.append(_elsewhere(server, uses, ranges))
    return tuple(told)


def _corrected(server: ObservedComponent, kind: Kind) -> ObservedComponent:
    return replace(
        server, kind=kind, certainty="corrected", reasons=(Text(_("Somebody recorded it as this.")),)
    )


def _built_in(servers: Sequence[ObservedComponent], cs: ObservedComponent) -> dict[int, ObservedComponent]:
    """By index: the one that is built in, or all that may be.

    Name and size together beat an address, as servers are renamed and have several network cards.
    """
    by_address = {index for index, server in enumerate(servers) if same(server.address, cs.address)}
    by_name = {
        index
        for index, server in enumerate(servers)
        if server.name and short(server.name) in {short(name) for name in (cs.name, cs.fqdn) if name}
    }
    sized = {index for index, server in enumerate(servers) if _same_size(server, cs)}
    candidates = by_address | by_name
    if len(candidates) > 1:
        best = by_name & sized
        if len(best) != 1 or by_name - best:
            doubt = Text(
                _("%(count)s process servers have the name or the address of the configuration server."),
                count=len(candidates),
            )
            return {
                index: replace(servers[index], certainty="ambiguous", reasons=(doubt,))
                for index in candidates
            }
        candidates = best
    return {
        index: replace(
            servers[index],
            kind="ps_builtin",
            certainty="certain" if len({index} & by_address) + len({index} & by_name) == 2 else "probable",
            reasons=_why_built_in(index, by_address, by_name, sized),
        )
        for index in candidates
    }


def _why_built_in(index: int, by_address: set[int], by_name: set[int], sized: set[int]) -> tuple[Text, ...]:
    reasons = []
    if index in by_address:
        reasons.append(Text(_("It has the address of the configuration server.")))
    if index in by_name:
        reasons.append(Text(_("It has the name of the configuration server.")))
    if index in sized:
        reasons.append(Text(_("It has as much memory and disk space as the configuration server.")))
    return tuple(reasons)


def _same_size(one: ObservedComponent, other: ObservedComponent) -> bool:
    sizes = [
        (component.metrics.memory_total_bytes, component.metrics.space_total_bytes)
        for component in (one, other)
    ]
    return all(all(size) for size in sizes) and sizes[0] == sizes[1]


def _elsewhere(
    server: ObservedComponent, uses: Uses, ranges: Sequence[IPv4Network | IPv6Network]
) -> ObservedComponent:
    """A scale-out process server on-premises, or one in Azure: hints speak for either, nothing proves the second."""
    identity = server.id.upper()
    here: list[Text] = []
    there: list[Text] = []
    network = _within(server.address, ranges)
    if network:
        there.append(Text(_("Its address lies in the virtual network %(network)s."), network=network))
    elif ranges and server.address:
        here.append(Text(_("Its address lies in none of the virtual networks given.")))
    if identity in uses.discovering:
        here.append(Text(_("A vCenter Server is discovered through it.")))
    if uses.to_azure.get(identity):
        here.append(Text(_("Machines replicate to Azure through it.")))
    only_home = bool(uses.home_from_azure.get(identity)) and not uses.to_azure.get(identity)
    if only_home:
        there.append(Text(_("Only machines that run in Azure replicate through it.")))
    if not there:
        return replace(server, kind="ps_scaleout", certainty="certain" if here else "probable", reasons=(
            *here, *(() if here else (Text(_("Nothing tells that it stands in Azure.")),)),
        ))  # fmt: skip
    if _AZURE_MEMORY[0] <= (server.metrics.memory_total_bytes or 0) <= _AZURE_MEMORY[1]:
        there.append(Text(_("It has the memory of the size that is documented for Azure.")))
    contradicted = identity in uses.discovering or (network and bool(uses.to_azure.get(identity)))
    return replace(
        server,
        kind="ps_failback" if network or not contradicted else "ps_scaleout",
        certainty="ambiguous" if contradicted else "probable",
        reasons=(*there, *here),
    )


def _within(address: str, ranges: Sequence[IPv4Network | IPv6Network]) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    return next((str(network) for network in ranges if found in network), "")


def tell_master_target(
    target: ObservedComponent, cs: ObservedComponent, corrections: Mapping[str, str]
) -> ObservedComponent:
    """A master target whose id no process server has: one of its own, or that of a configuration server alone."""
    kind = corrected_kind(corrections, target)
    if kind is not None:
        return _corrected(target, kind)
    alone = Text(_("No process server has its id."))
    family = target.os_type.casefold()
    if family.startswith("linux"):
        return replace(
            target, kind="mt_linux", reasons=(alone, Text(_("It runs on Linux, as no process server does.")))
        )
    if short(target.name) == short(cs.name) != "" and same(target.address, cs.address):
        reason = Text(_("It has the name and the address of the configuration server."))
        return replace(target, kind="mt_builtin", certainty="probable", reasons=(reason,))
    if family.startswith("windows"):
        return replace(target, kind="mt_windows", certainty="probable", reasons=(alone,))
    unknown = Text(_("Its operating system is not told."))
    return replace(target, kind="mt_windows", certainty="ambiguous", reasons=(alone, unknown))
