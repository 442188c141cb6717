"""The server of a deployment among those that its vault shows, by its name and its address."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings

from wizard.azure.connection import Arm
from wizard.azure.dates import read_date
from wizard.azure.fabrics import get_fabric, list_fabrics
from wizard.azure.vaults import CLASSIC, MODERNIZED, VaultRef, instance_type
from wizard.models import Deployment
from wizard.services.answers import answers_in_play, primary_component
from wizard.services.tasks.progress import Progress

# The arrays of a modernized fabric in which one appliance shows, once in each.
_PARTS: Final = (
    "processServers",
    "rcmProxies",
    "pushInstallers",
    "replicationAgents",
    "reprotectAgents",
    "marsAgents",
    "dras",
)
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
# A wait looks this often whether it is to end.
_SLICE_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The server that a deployment sets up: what the vault may call it, in lower case, and its address ("" where unknown)."""

    component: str
    names: frozenset[str]
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A server as the vault shows it. `heartbeat` is in UTC, None before the first one."""

    fabric: str
    name: str
    address: str
    version: str
    heartbeat: datetime | None
    # What a configuration server knows: names of its run-as accounts and of its process servers.
    accounts: tuple[str, ...] = ()
    process_servers: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "fabric": self.fabric,
            "name": self.name,
            "address": self.address,
            "version": self.version,
            "heartbeat": self.heartbeat.isoformat() if self.heartbeat else None,
            "accounts": list(self.accounts),
            "process_servers": list(self.process_servers),
        }


def wanted_of(deployment: Deployment) -> Wanted:
    """From the answers; a standing deployment always has them."""
    answers = answers_in_play(deployment)
    network = answers.get("network", {})
    names = {network.get("host_name", ""), answers.get("appliance", {}).get("friendly_name", "")}
    if network.get("host_name") and network.get("dns_suffix"):
        names.add(f"{network['host_name']}.{network['dns_suffix']}")
    return Wanted(
        component=primary_component(deployment),
        names=frozenset(name.casefold() for name in names if name),
        address=network.get("address") or "",
    )


def whole_fabrics(arm: Arm, ref: VaultRef) -> list[dict[str, Any]]:
    """Each fabric by its own address, as lists leave the servers of modernized ones out. Raises AzureError."""
    return [get_fabric(arm, ref, str(listed.get("name"))) for listed in list_fabrics(arm, ref)]


def find(fabrics: list[dict[str, Any]], wanted: Wanted) -> Seen | None:
    """The server that was meant. A name counts more than an address, which may be that of a network adapter of its own.

    Of several, as a former registration leaves one behind, it is that of the address, then that with the newest heartbeat.
    """
    seen = [one for fabric in fabrics for one in _servers(fabric, wanted)]

    def rank(one: Seen) -> tuple[bool, datetime]:
        return one.address == wanted.address, one.heartbeat or _LONG_AGO

    named = [one for one in seen if _is_called(one.name, wanted.names)]
    addressed = [one for one in seen if wanted.address and one.address == wanted.address]
    return max(named or addressed, key=rank, default=None)


def fabric_named(fabrics: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(fabric for fabric in fabrics if fabric.get("name") == name)


def classic_fabric_of(fabrics: list[dict[str, Any]], wanted: Wanted) -> dict[str, Any] | None:
    """The fabric of the configuration server that is set up here."""
    seen = find(fabrics, Wanted(component="cs", names=wanted.names, address=wanted.address))
    return fabric_named(fabrics, seen.fabric) if seen else None


def details_of(fabric: Mapping[str, Any]) -> Mapping[str, Any]:
    return (fabric.get("properties") or {}).get("customDetails") or {}


def provider_of(fabric: Mapping[str, Any]) -> str:
    """The name of the provider of a configuration server, which is the fabric's internal identifier (dossier 2.6)."""
    return str((fabric.get("properties") or {}).get("internalIdentifier") or "")


def container_of(fabric: Mapping[str, Any]) -> str:
    """The name of the one container of a configuration server (dossier 2.2)."""
    return f"cloud_{provider_of(fabric)}"


def pause(progress: Progress) -> Callable[[float], None]:
    """How a task lets seconds pass: never more than the setting VAULT_POLL_SECONDS, and not beyond a wish to stop."""

    def wait(seconds: float) -> None:
        left = min(seconds, settings.VAULT_POLL_SECONDS)
        while left > 0:
            progress.check()
            time.sleep(min(left, _SLICE_S))
            left -= _SLICE_S
        progress.check()

    return wait


# --- inside -----------------------------------------------------------------------------------------------------------


def _servers(fabric: Mapping[str, Any], wanted: Wanted) -> Iterator[Seen]:
    component = wanted.component
    name, details = str(fabric.get("name") or ""), details_of(fabric)
    kind = instance_type(fabric)
    if kind == CLASSIC and component == "cs":
        friendly = str((fabric.get("properties") or {}).get("friendlyName") or "")
        yield _classic(name, details, str(details.get("hostName") or friendly))
    elif kind == CLASSIC and component == "ps_scaleout":
        for server in details.get("processServers") or ():
            yield _classic(name, server, str(server.get("friendlyName") or ""))
    elif kind == MODERNIZED and component == "appliance":
        yield from _appliances(name, details, wanted.address)


def _classic(fabric: str, server: Mapping[str, Any], name: str) -> Seen:
    return Seen(
        fabric=fabric,
        name=name,
        address=str(server.get("ipAddress") or ""),
        version=str(server.get("agentVersion") or ""),
        heartbeat=read_date(server.get("lastHeartbeat")),
        accounts=_names(server.get("runAsAccounts"), "accountName"),
        process_servers=_names(server.get("processServers"), "friendlyName"),
    )


def _names(listed: Any, name: str) -> tuple[str, ...]:
    return tuple(str(one[name]) for one in listed or () if one.get(name))


def _appliances(fabric: str, details: Mapping[str, Any], wanted: str) -> Iterator[Seen]:
    """One for each id, with the newest heartbeat of its parts, and of its addresses the one that is wanted."""
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for array in _PARTS:
        for part in details.get(array) or ():
            parts.setdefault(str(part.get("id") or "").casefold(), []).append(part)
    for found in parts.values():
        beats = [beat for part in found if (beat := read_date(part.get("lastHeartbeatUtc")))]
        addresses = [str(address) for part in found for address in part.get("ipAddresses") or ()]
        names = [str(part.get(key)) for part in found for key in ("fqdn", "name") if part.get(key)]
        versions = [str(part["version"]) for part in found if part.get("version")]
        yield Seen(
            fabric=fabric,
            name=names[0] if names else "",
            address=wanted if wanted in addresses else next(iter(addresses), ""),
            version=versions[0] if versions else "",
            heartbeat=max(beats, default=None),
        )


def _is_called(name: str, wanted: frozenset[str]) -> bool:
    """Names differ in case, and with or without the domain; with another domain than the known one it is another server."""
    plain = name.casefold()
    host, _dot, domain = plain.partition(".")
    if plain in wanted or not domain:
        return plain in wanted
    return host in wanted and not any(known.startswith(f"{host}.") for known in wanted)
