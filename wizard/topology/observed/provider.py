"""Site Recovery providers: how a configuration server or an appliance is connected to the vault.

Facts: `provider` (name), `provider_connection`, `provider_heartbeat`, `provider_version`, `provider_version_state`,
`provider_expires`, `server_version`, `provider_items`, `can_refresh`, `providers` (their number; left out where nobody
could read them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wizard.topology.graph import Value
from wizard.topology.observed.errors import health_errors
from wizard.topology.observed.keys import same
from wizard.topology.observed.parts import HealthError
from wizard.topology.observed.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What one provider says; `extra` is what nobody reads, under `provider`, and other providers."""

    facts: Mapping[str, Value | datetime] = field(default_factory=dict)
    errors: tuple[HealthError, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


def provider_of(internal: str, providers: Sequence[Mapping[str, Any]] | None) -> Provider:
    """The provider of a classic fabric: the one named like its internal identifier, else the first.

    Source: arm-site-recovery 2.6.
    """
    if not providers:
        return Provider() if providers is None else Provider(facts={"providers": 0})
    by_name = [entry for entry in providers if same(str(entry.get("name") or ""), internal)]
    chosen = (by_name or list(providers))[0]
    read = read_provider(chosen)
    others = [entry for entry in providers if entry is not chosen]
    extra = {**read.extra, **({"otherProviders": others} if others else {})}
    return Provider(facts={**read.facts, "providers": len(providers)}, errors=read.errors, extra=extra)


def read_provider(document: Mapping[str, Any]) -> Provider:
    top = Record(document)
    record = top.record("properties")
    facts: dict[str, Value | datetime] = {
        "provider": top.text("name"),
        "provider_connection": record.text("connectionStatus"),
        "provider_heartbeat": record.moment("lastHeartBeat"),
        "provider_version": record.text("providerVersion"),
        "provider_version_state": record.text("providerVersionState"),
        "provider_expires": record.moment("providerVersionExpiryDate"),
        "server_version": record.text("serverVersion"),
        "provider_items": record.whole("protectedItemCount"),
    }
    scenarios = record.texts("allowedScenarios")
    if scenarios:
        facts["can_refresh"] = any(same(scenario, "Refresh") for scenario in scenarios)
    top.told_elsewhere("id", "type")
    errors = health_errors(record, "healthErrorDetails")
    rest = {**top.rest(), **record.rest()}
    return Provider(facts=facts, errors=errors, extra={"provider": rest} if rest else {})


def belongs_to(document: Mapping[str, Any], *, names: Sequence[str], identities: Sequence[str]) -> bool:
    """Whether a provider is the one on a machine of these names, or with one of these BIOS or provider ids."""
    record = Record(document.get("properties"))
    told = [record.text(name) for name in ("biosId", "draIdentifier", "machineId")]
    if any(same(own, other) for own in told for other in identities):
        return True
    machine = record.text("machineName", "friendlyName")
    return any(same(machine, name) for name in names)
