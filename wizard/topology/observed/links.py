"""Who belongs to whom, by what the vault says (arm-site-recovery 3, edges)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from wizard.text import Text, _
from wizard.topology.observed.dates import moment
from wizard.topology.observed.items import Load
from wizard.topology.observed.keys import same, server_key
from wizard.topology.observed.model import LinkState, ObservedComponent, ObservedLink, ObservedVault
from wizard.topology.observed.words import HEARTBEAT_LOST_AFTER

_SERVERS: Final = ("ps_builtin", "ps_scaleout", "ps_failback", "mt_builtin", "mt_windows", "mt_linux")
_FINE: Final = Text("")


def links_of(
    vault: ObservedVault, components: Sequence[ObservedComponent], work: Sequence[Load], now: datetime
) -> list[ObservedLink]:
    """All links; each source is a component, and each target unless the link is dangling."""
    by_id = _servers(components)
    links = [
        *_registered(vault, components, now),
        *_managed(components),
        *_parts(components),
        *_vcenters(components, by_id),
        *_replicating(components, work, by_id),
    ]
    return [*{link.key: link for link in links}.values()]


def _servers(components: Sequence[ObservedComponent]) -> Mapping[str, str]:
    """Keys of servers and appliances by upper-cased id; a part of a machine does not stand for it."""
    found: dict[str, str] = {}
    for component in components:
        if component.id and (component.is_server or component.kind == "appliance"):
            found.setdefault(component.id.upper(), component.key)
    return found


def _registered(
    vault: ObservedVault, components: Sequence[ObservedComponent], now: datetime
) -> Iterator[ObservedLink]:
    for component in components:
        if component.kind == "cs":
            state, text = _registration(component, now)
        elif component.kind == "appliance":
            state, text = _appliance_registration(component, components)
        else:
            continue
        yield ObservedLink(
            kind="registered_in", source=component.key, target=vault.key, state=state, text=text
        )


def _registration(cs: ObservedComponent, now: datetime) -> tuple[LinkState, Text]:
    connection = str(cs.facts.get("provider_connection", ""))
    heartbeat = moment(cs.facts.get("provider_heartbeat"))
    if cs.facts.get("providers") == 0:
        return "broken", Text(_("The vault lists no provider of this configuration server."))
    if connection and not same(connection, "Connected"):
        return "broken", Text(
            _("The provider's connection is “%(found)s”; expected “Connected”."), found=connection
        )
    if heartbeat is not None and now - heartbeat > HEARTBEAT_LOST_AFTER:
        return "broken", Text(_("The provider has sent no heartbeat for more than 15 minutes."))
    return "ok", _FINE


def _appliance_registration(
    appliance: ObservedComponent, components: Sequence[ObservedComponent]
) -> tuple[LinkState, Text]:
    """An appliance is in the vault by being listed; its provider may still have lost the connection."""
    for part in components:
        connection = str(part.facts.get("provider_connection", ""))
        if part.part_of == appliance.key and connection and not same(connection, "Connected"):
            return "broken", Text(
                _("The provider's connection is “%(found)s”; expected “Connected”."), found=connection
            )
    return "ok", _FINE


def _managed(components: Sequence[ObservedComponent]) -> Iterator[ObservedLink]:
    for cs in components:
        if cs.kind == "cs":
            for server in components:
                if server.fabric == cs.fabric and server.key.startswith("host:"):
                    yield ObservedLink(kind="manages", source=cs.key, target=server.key)
                    if server.kind == "ps_builtin":
                        yield ObservedLink(kind="co_located", source=cs.key, target=server.key)


def _parts(components: Sequence[ObservedComponent]) -> Iterator[ObservedLink]:
    for component in components:
        if component.part_of is not None:
            yield ObservedLink(kind="part_of", source=component.key, target=component.part_of)


def _vcenters(components: Sequence[ObservedComponent], by_id: Mapping[str, str]) -> Iterator[ObservedLink]:
    known = {component.key for component in components}
    for component in components:
        named = str(component.facts.get("vcenter_id", "")).lower()
        if named in known:
            yield ObservedLink(kind="discovers", source=component.part_of or component.key, target=named)
        if component.kind != "vcenter":
            continue
        fabric = str(component.facts.get("fabric_resource", "")) or component.fabric
        for cs in components:
            if cs.kind == "cs" and same(cs.fabric, fabric):
                yield ObservedLink(kind="registered_vcenter", source=cs.key, target=component.key)
        server = str(component.facts.get("process_server_id", ""))
        if server and server.upper() in by_id:
            yield ObservedLink(kind="discovers", source=by_id[server.upper()], target=component.key)
        elif server:
            text = Text(_("It is to be discovered through a process server that the vault does not list."))
            yield ObservedLink(
                kind="discovers", source=component.key, target=server_key(server), state="dangling", text=text
            )


def _replicating(
    components: Sequence[ObservedComponent], work: Sequence[Load], by_id: Mapping[str, str]
) -> Iterator[ObservedLink]:
    vcenters = {
        str(component.facts.get(fact, "")).casefold(): component.key
        for fact in ("resource_name", "infrastructure_id")
        for component in components
        if component.kind == "vcenter" and component.facts.get(fact)
    }
    for load in work:
        source = f"items:{load.fabric}:{load.direction}"
        for server, count in sorted(load.servers.items()):
            yield _to_server("replicates_through", source, server, count, by_id)
        for target, count in sorted(load.targets.items()):
            yield _to_server("writes_to", source, target, count, by_id)
        for vcenter, count in sorted(load.vcenters.items()):
            if vcenter.casefold() in vcenters:
                yield ObservedLink(
                    kind="lives_on", source=source, target=vcenters[vcenter.casefold()], count=count
                )


def _to_server(kind: str, source: str, server: str, count: int, by_id: Mapping[str, str]) -> ObservedLink:
    key = by_id.get(server)
    text = Text.counted(
        "%(count)s machine names a server that the vault does not list.",
        "%(count)s machines name a server that the vault does not list.",
        "count",
        count=count,
    )
    return ObservedLink(
        kind="replicates_through" if kind == "replicates_through" else "writes_to",
        source=source,
        target=key or server_key(server),
        count=count,
        state="ok" if key else "dangling",
        text=_FINE if key else text,
    )
