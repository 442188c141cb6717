"""A classic fabric: its configuration server, process servers, master targets and vCenter Servers.

Facts of a configuration server: `agent_expires`, `template_version`, `certificate_days_reported`, `process_servers`
(their number as told), `protected_servers`, `fabric_state`, `kek_state`, `fabric_label`, and those of
its provider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from wizard.text import Text, _
from wizard.topology.graph import Value
from wizard.topology.observed.errors import health_errors
from wizard.topology.observed.fabric import Fabric
from wizard.topology.observed.hosts import known, master_target, process_server, version_of
from wizard.topology.observed.keys import Keys, server_key
from wizard.topology.observed.measures import metrics
from wizard.topology.observed.model import ObservedComponent
from wizard.topology.observed.parts import RunAsAccount
from wizard.topology.observed.provider import provider_of
from wizard.topology.observed.record import Record
from wizard.topology.observed.roles import Uses, tell_master_target, tell_process_servers
from wizard.topology.observed.words import coloured, reported


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a fabric is read with: the moment, the keys taken, and what bears on the roles of servers."""

    now: datetime
    keys: Keys
    uses: Uses
    ranges: Sequence[IPv4Network | IPv6Network]
    corrections: Mapping[str, str]


def classic_components(
    fabric: Fabric, providers: Sequence[Mapping[str, Any]] | None, situation: Situation
) -> tuple[ObservedComponent, ...]:
    """The configuration server first, then its servers; a machine with both roles gives two components."""
    now, details = situation.now, fabric.details
    servers = [process_server(record, fabric.name, now) for record in details.records("processServers")]
    targets = [master_target(record, fabric.name, now) for record in details.records("masterTargetServers")]
    cs = _configuration_server(fabric, providers, situation)
    servers = [_keyed(server, "ps", situation.keys) for server in servers]
    told = tell_process_servers(
        servers, cs, uses=situation.uses, ranges=situation.ranges, corrections=situation.corrections
    )
    components = [cs]
    machines: dict[str, ObservedComponent] = {}
    for server in told:
        built_in = server.kind == "ps_builtin"
        components.append(replace(server, part_of=cs.key if built_in else None))
        machines.setdefault(server.id.upper(), server)
    for target in targets:
        components.append(_placed(target, machines, cs, situation))
    return tuple(components)


def _placed(
    target: ObservedComponent,
    machines: Mapping[str, ObservedComponent],
    cs: ObservedComponent,
    situation: Situation,
) -> ObservedComponent:
    """Every process server is listed as a master target too, under the same id: that is one machine."""
    machine = machines.get(target.id.upper()) if target.id else None
    if machine is not None:
        said = {error.code for error in target.errors} <= {error.code for error in machine.errors}
        return replace(
            target,
            # What the process server says of the machine is not said twice.
            reported="unknown" if said else target.reported,
            key=situation.keys.claim(f"{machine.key}#mt"),
            kind="mt_builtin",
            part_of=machine.key,
            reasons=(Text(_("It has the id of a process server: it runs on the same machine.")),),
        )
    told = tell_master_target(_keyed(target, "mt", situation.keys), cs, situation.corrections)
    return replace(told, part_of=cs.key) if told.kind == "mt_builtin" else told


def _keyed(server: ObservedComponent, role: str, keys: Keys) -> ObservedComponent:
    """Without an id its name or address has to do, within its fabric and role."""
    if server.id:
        return replace(server, key=keys.claim(server_key(server.id), server.fabric))
    known_as = (server.name or server.address).casefold()
    return replace(server, key=keys.claim(f"host:{server.fabric}/{role}/{known_as}"))


def _configuration_server(
    fabric: Fabric, providers: Sequence[Mapping[str, Any]] | None, situation: Situation
) -> ObservedComponent:
    details, now = fabric.details, situation.now
    details.told_elsewhere("instanceType")
    version, heartbeat, measured = version_of(details), details.moment("lastHeartbeat"), metrics(details)
    provider = provider_of(fabric.internal, providers)
    host, service = details.text("hostName"), details.text("csServiceStatus")
    state = reported(fabric.health, measured.words.values())
    facts: dict[str, Value | datetime] = {
        "fabric_label": fabric.label,
        "fabric_state": fabric.state,
        "kek_state": fabric.kek_state,
        "agent_expires": version.expires,
        "template_version": details.text("psTemplateVersion"),
        "certificate_days_reported": details.whole("sslCertExpiryRemainingDays"),
        "process_servers": details.whole("processServerCount"),
        "protected_servers": details.whole("protectedServers"),
        **provider.facts,
    }
    return ObservedComponent(
        key=situation.keys.claim(f"cs:{fabric.name}"),
        kind="cs",
        id=fabric.id,
        name=host or fabric.label,
        address=details.text("ipAddress"),
        fqdn=host if "." in host else "",
        fabric=fabric.name,
        version=version.version,
        version_status=version.status,
        heartbeat=heartbeat,
        health=coloured(state, heartbeat, now),
        reported=state,
        errors=(*fabric.errors, *provider.errors),
        certificate_ends=details.moment("sslCertExpiryDate"),
        machines=details.whole("agentCount"),
        pairs=details.whole("replicationPairCount"),
        metrics=measured,
        services={"csServiceStatus": service} if service else {},
        accounts=tuple(_account(record) for record in details.records("runAsAccounts")),
        blocking_errors=health_errors(details, "switchProviderBlockingErrorDetails"),
        facts=known(facts),
        extra={**fabric.extra, **details.rest(), **provider.extra},
    )


def _account(record: Record) -> RunAsAccount:
    return RunAsAccount(id=record.text("accountId"), name=record.text("accountName"), extra=record.rest())
