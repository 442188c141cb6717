"""A modernized fabric: appliances, each with the parts that the service lists in one array for each sort.

A part's key is the appliance's, `#` and the array's name. Facts of a part: `bios_id`, `machine_id` (as discovered),
`array`, `vcenter_id`, `last_discovery_at`, `authentication`, `items_to_azure`, `items_home`. Facts of an appliance: `bios_id`.
Facts of a fabric: `vmware_site`, `physical_site`, `service_endpoint`, `control_plane`, `data_plane`, `service_resource`,
`service_container`, `fabric_state`, `instance_type`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal

from wizard.text import Text, _
from wizard.topology.graph import Kind, Value
from wizard.topology.observed.classic import Situation
from wizard.topology.observed.errors import health_errors
from wizard.topology.observed.fabric import Fabric
from wizard.topology.observed.hosts import datastores, known
from wizard.topology.observed.keys import last_part
from wizard.topology.observed.measures import metrics
from wizard.topology.observed.model import ObservedComponent
from wizard.topology.observed.provider import belongs_to, read_provider
from wizard.topology.observed.record import Record
from wizard.topology.observed.words import coloured, reported, worst

# The arrays of the get, and the member of the list of appliances that tells the same (arm-site-recovery 2.2).
_ARRAYS: Final[Mapping[str, tuple[str, Kind | Literal["unknown"]]]] = {
    "processServers": ("processServer", "appliance_ps"),
    "rcmProxies": ("rcmProxy", "appliance_proxy"),
    "pushInstallers": ("pushInstaller", "unknown"),
    "replicationAgents": ("replicationAgent", "appliance_replication"),
    "reprotectAgents": ("reprotectAgent", "appliance_reprotection"),
    "marsAgents": ("marsAgent", "appliance_agent"),
    "dras": ("dra", "appliance_provider"),
}
_FABRIC_FACTS: Final[Mapping[str, str]] = {
    "vmwareSiteId": "vmware_site",
    "physicalSiteId": "physical_site",
    "serviceEndpoint": "service_endpoint",
    "controlPlaneUri": "control_plane",
    "dataPlaneUri": "data_plane",
    "serviceResourceId": "service_resource",
    "serviceContainerId": "service_container",
}


def modernized_components(
    fabric: Fabric,
    appliances: Sequence[Record],
    providers: Sequence[Mapping[str, Any]] | None,
    situation: Situation,
) -> tuple[ObservedComponent, ...]:
    """The fabric, its appliances with their parts, the vCenter Servers that these name, and agents of machines.

    A provider's connection is told with the part that it runs in; one that belongs to none stays with the fabric.
    `appliances` are the entries of the vault's list of appliances that belong to this fabric.
    """
    details = fabric.details
    top = _fabric_component(fabric, situation)
    machines: dict[str, list[ObservedComponent]] = {}
    for array in (*_ARRAYS, "agentDetails", *_unknown_arrays(details)):
        for record in details.records(array):
            told = _part(record, array, fabric.name, situation.now)
            machines.setdefault(told.id.upper(), []).append(told)
    listed: dict[str, Record] = {}
    for entry in appliances:
        identity = entry.text("id")
        for array, (member, _kind) in _ARRAYS.items():
            record = entry.record(member)
            if record:
                part = _part(record, array, fabric.name, situation.now)
                _sort_in(machines, replace(part, id=part.id or identity))
        entry.text("fabricArmId")
        listed[identity.upper()] = entry
        machines.setdefault(identity.upper(), [])
    left = [dict(provider) for provider in providers or ()]
    found: list[ObservedComponent] = []
    for identity in sorted(machines):
        parts, left = _connected(machines[identity], left)
        found += _appliance(identity, listed.get(identity, Record({})), parts, fabric, situation)
    extra = {**top.extra, **details.rest(), **({"providers": left} if left else {})}
    components = [replace(top, extra=extra), *found]
    components += _vcenters(components, fabric, situation)
    return tuple(components)


def _unknown_arrays(details: Record) -> tuple[str, ...]:
    """Arrays of things with an id that no one has told of yet: parts of an appliance like the others."""
    return tuple(
        name
        for name in details.names()
        if name not in (*_ARRAYS, "agentDetails")
        and isinstance(found := details.peek(name), list)
        and found
        and all(isinstance(entry, Mapping) and entry.get("id") for entry in found)
    )


def _sort_in(machines: dict[str, list[ObservedComponent]], part: ObservedComponent) -> None:
    """What the list of appliances says of a part that the fabric tells of is the same again."""
    parts = machines.setdefault(part.id.upper(), [])
    if not any(part.facts["array"] == other.facts["array"] for other in parts):
        parts.append(part)


def _connected(
    parts: Sequence[ObservedComponent], providers: list[dict[str, Any]]
) -> tuple[list[ObservedComponent], list[dict[str, Any]]]:
    """The parts of one appliance, its provider with what the vault tells of it; and the providers left over."""
    names = [name for part in parts for name in (part.name, part.fqdn) if name]
    identities = [str(part.facts.get("bios_id", "")) for part in parts] + [part.id for part in parts]
    found, left = list(parts), list(providers)
    for index, part in enumerate(found):
        if part.kind == "appliance_provider":
            own = next((one for one in left if belongs_to(one, names=names, identities=identities)), None)
            if own is not None:
                left.remove(own)
                read = read_provider(own)
                found[index] = replace(
                    part,
                    errors=(*part.errors, *read.errors),
                    facts={**part.facts, **known(dict(read.facts))},
                    extra={**part.extra, **read.extra},
                )
    return found, left


def _part(record: Record, array: str, fabric: str, now: datetime) -> ObservedComponent:
    heartbeat, measured = record.moment("lastHeartbeatUtc"), metrics(record)
    state = reported(record.text("health"), measured.words.values())
    addresses = record.texts("ipAddresses")
    items = record.whole("protectedItemCount")
    facts: dict[str, Value | datetime] = {
        "array": array,
        "bios_id": record.text("biosId"),
        "machine_id": record.text("fabricObjectId", "machineId"),
        "vcenter_id": record.text("vcenterId"),
        "last_discovery_at": record.moment("lastDiscoveryInUtc"),
        "authentication": record.text("clientAuthenticationType"),
        "items_to_azure": record.whole("forwardProtectedItemCount"),
        "items_home": record.whole("reverseProtectedItemCount"),
    }
    kind: Kind | Literal["unknown"] = _ARRAYS.get(array, ("", "unknown"))[1]
    reasons = () if kind != "unknown" else (Text(_("The vault lists it under “%(array)s”."), array=array),)
    if array == "agentDetails":
        kind, reasons = "mobility", ()
    return ObservedComponent(
        key="",
        kind=kind,
        reasons=reasons,
        id=record.text("id", "agentId"),
        name=record.text("name"),
        address=addresses[0] if addresses else "",
        addresses=addresses,
        fqdn=record.text("fqdn"),
        fabric=fabric,
        version=record.text("version"),
        heartbeat=heartbeat,
        health=coloured(state, heartbeat, now),
        reported=state,
        errors=health_errors(record, "healthErrors"),
        machines=items,
        metrics=measured,
        datastores=datastores(record, "accessibleDatastores"),
        facts=known(facts),
        extra=record.rest(),
    )


def _appliance(
    identity: str,
    listed: Record,
    parts: Sequence[ObservedComponent],
    fabric: Fabric,
    situation: Situation,
) -> list[ObservedComponent]:
    """The appliance and its parts. Agents of protected machines stand for themselves."""
    own = [part for part in parts if part.kind != "mobility"]
    agents = [
        replace(part, key=situation.keys.claim(f"agent:{part.id.upper()}", fabric.name))
        for part in parts
        if part.kind == "mobility"
    ]
    if not own and agents:
        return agents
    shown = [part for part in own if part.kind == "appliance_ps"] + own
    key = situation.keys.claim(f"appliance:{identity}", fabric.name)
    beats = [part.heartbeat for part in own if part.heartbeat is not None]
    appliance = ObservedComponent(
        key=key,
        kind="appliance",
        id=next((part.id for part in own if part.id), identity),
        name=listed.text("name") or _first(part.name for part in shown),
        address=_first(part.address for part in shown),
        addresses=next((part.addresses for part in shown if part.addresses), ()),
        fqdn=_first(part.fqdn for part in shown),
        fabric=fabric.name,
        heartbeat=max(beats, default=None),
        health=worst(part.health for part in own),
        reported=worst(part.reported for part in own),
        machines=next((part.machines for part in shown if part.machines is not None), None),
        facts={"bios_id": bios}
        if (bios := _first(str(part.facts.get("bios_id", "")) for part in own))
        else {},
        blocking_errors=health_errors(listed, "switchProviderBlockingErrorDetails"),
        extra=listed.rest(),
    )
    placed = [
        replace(part, key=situation.keys.claim(f"{key}#{part.facts['array']}"), part_of=key) for part in own
    ]
    return [appliance, *placed, *agents]


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def _fabric_component(fabric: Fabric, situation: Situation) -> ObservedComponent:
    details = fabric.details
    facts: dict[str, Value | datetime] = {fact: details.text(name) for name, fact in _FABRIC_FACTS.items()}
    facts |= {"fabric_state": fabric.state, "instance_type": details.text("instanceType")}
    state = reported(fabric.health, ())
    return ObservedComponent(
        key=situation.keys.claim(f"fabric:{fabric.name}"),
        kind="unknown",
        reasons=(Text(_("The record of a modernized site: its appliances stand below it.")),),
        id=fabric.id,
        name=fabric.label or fabric.name,
        fabric=fabric.name,
        health=state,
        reported=state,
        errors=fabric.errors,
        facts=known(facts),
        extra=fabric.extra,
    )


def _vcenters(
    components: Sequence[ObservedComponent], fabric: Fabric, situation: Situation
) -> list[ObservedComponent]:
    """vCenter Servers by the ARM ids that re-protection servers name; more than the id is not told here."""
    ids: dict[str, str] = {}
    for component in components:
        identity = str(component.facts.get("vcenter_id", ""))
        if identity:
            ids.setdefault(identity.lower(), identity)
    reason = Text(_("A re-protection server names it; its address is kept outside the vault."))
    return [
        ObservedComponent(
            key=situation.keys.claim(key, fabric.name),
            kind="vcenter",
            reasons=(reason,),
            id=ids[key],
            name=last_part(ids[key]),
            fabric=fabric.name,
            facts={"resource_name": last_part(ids[key])},
        )
        for key in sorted(ids)
    ]
