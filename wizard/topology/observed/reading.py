"""From the documents of a vault to what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from wizard.text import Text, _
from wizard.topology.graph import DEFAULT_MACHINES
from wizard.topology.observed.classic import Situation, classic_components
from wizard.topology.observed.dates import moment
from wizard.topology.observed.documents import cleansed
from wizard.topology.observed.errors import health_errors
from wizard.topology.observed.fabric import Fabric, merged, read_fabric
from wizard.topology.observed.findings import findings_of
from wizard.topology.observed.items import Load, loads
from wizard.topology.observed.keys import Keys, fabric_in, same
from wizard.topology.observed.links import links_of
from wizard.topology.observed.model import Observed, ObservedComponent, Skipped
from wizard.topology.observed.modernized import modernized_components
from wizard.topology.observed.record import Record
from wizard.topology.observed.roles import Uses, networks
from wizard.topology.observed.vault import read_vault, vault_component
from wizard.topology.observed.vcenters import vcenter
from wizard.topology.observed.words import reported, worst


def observe(
    documents: Mapping[str, Any],
    *,
    now: datetime,
    corrections: Mapping[str, str] | None = None,
    azure_networks: Sequence[str] = (),
) -> Observed:
    """What VaultDocuments show, seen at `now` (with time zone).

    `corrections`: kinds of graph components by id or key of a server, where a person knows better. `azure_networks`:
    address ranges (CIDR) of the virtual networks with failed-over machines. Raises nothing, whatever the documents
    hold, drops no component, and answers the same whatever order the records come in.
    """
    if now.tzinfo is None:
        now = now.replace(tzinfo=UTC)
    found = cleansed(documents)
    fabrics = [read_fabric(document) for document in merged(found["fabrics"])]
    work = loads(found["protected_items"])
    keys = Keys()
    vault = read_vault(
        found["vault"], found["fabrics"], [fabric.generation for fabric in fabrics], found["skipped"]
    )
    components = [vault_component(vault, found["vault"], found["vault_health"], keys)]
    situation = Situation(
        now=now,
        keys=keys,
        uses=_uses(work, found["vcenters"]),
        ranges=networks(azure_networks),
        corrections=corrections or {},
    )
    left = list(_appliance_records(found["appliances"]))
    for fabric in sorted(fabrics, key=lambda fabric: (fabric.name, fabric.id)):
        if fabric.generation == "classic":
            components += classic_components(fabric, _providers(found, fabric), situation)
        elif fabric.generation == "modernized":
            own = [entry for entry in left if _belongs(entry, fabric)]
            left = [entry for entry in left if entry not in own]
            components += modernized_components(fabric, own, _providers(found, fabric), situation)
        else:
            components.append(_other(fabric, _providers(found, fabric), keys))
    for fabric_name, entries in found["vcenters"].items():
        components += [vcenter(entry, fabric_name, keys, now) for entry in entries]
    components += [_stray(entry, keys) for entry in left]
    components += [_items(load, keys) for load in work]
    links = links_of(vault, components, work, now)
    findings = findings_of(components, links, work)
    return Observed(
        vault=vault,
        components=tuple(sorted(components, key=lambda component: component.key)),
        links=tuple(sorted(links, key=lambda link: (link.kind, link.source, link.target))),
        findings=tuple(sorted(findings, key=lambda finding: (finding.key, str(finding.text.values)))),
        skipped=tuple(
            Skipped(part=record.text("part"), reason=record.text("reason"), text=_sentence(entry.get("text")))
            for entry in found["skipped"]
            for record in [Record(entry)]
        ),
        read_at=moment(found["read_at"]),
    )


def _sentence(stored: object) -> Text:
    """A text as `Text.to_json` writes it; anything else is none."""
    if not isinstance(stored, dict) or not isinstance(stored.get("text"), str):
        return Text("")
    words = {key: stored[key] for key in ("text", "plural", "by") if isinstance(stored.get(key), str)}
    values = stored.get("values")
    return Text.from_json(words | {"values": values if isinstance(values, dict) else {}})


def _providers(found: Mapping[str, Any], fabric: Fabric) -> list[dict[str, Any]] | None:
    """The providers of a fabric; None where they were not read, which is not the same as none."""
    if any(same(Record(entry).text("part"), f"providers/{fabric.name}") for entry in found["skipped"]):
        return None
    by_fabric: Mapping[str, list[dict[str, Any]]] = found["providers"]
    lists = [entries for name, entries in by_fabric.items() if same(name, fabric.name)]
    return [entry for entries in lists for entry in entries] if lists else None


def _uses(work: Sequence[Load], vcenters: Mapping[str, list[dict[str, Any]]]) -> Uses:
    to_azure: dict[str, int] = {}
    home: dict[str, int] = {}
    for load in work:
        if load.direction == "to_azure":
            _add_up(to_azure, load.servers)
        if load.direction == "home":
            _add_up(home, load.servers_of_azure)
    discovering = {
        Record(entry.get("properties")).text("processServerId").upper()
        for entries in vcenters.values()
        for entry in entries
    }
    return Uses(to_azure=to_azure, home_from_azure=home, discovering=frozenset(discovering - {""}))


def _add_up(total: dict[str, int], counts: Mapping[str, int]) -> None:
    for server, count in counts.items():
        total[server] = total.get(server, 0) + count


def _appliance_records(appliances: Sequence[Mapping[str, Any]]) -> list[Record]:
    """One record for each appliance in the vault's list, whatever page of it told of them."""
    records = []
    for entry in appliances:
        details = Record(Record(entry).record("properties").peek("providerSpecificDetails"))
        records += list(details.records("appliances")) if details.peek("appliances") else [Record(entry)]
    return records


def _belongs(entry: Record, fabric: Fabric) -> bool:
    return same(fabric_in(str(entry.peek("fabricArmId") or "")), fabric.name)


def _other(fabric: Fabric, providers: Sequence[Mapping[str, Any]] | None, keys: Keys) -> ObservedComponent:
    extra = {**fabric.extra, **fabric.details.rest()}
    if providers:
        extra["providers"] = list(providers)
    state = reported(fabric.health, ())
    return ObservedComponent(
        key=keys.claim(f"fabric:{fabric.name}"),
        kind="unknown",
        reasons=(
            Text(
                _("The vault calls its fabric “%(type)s”: it is no site of VMware or physical machines."),
                type=fabric.instance_type or "–",
            ),
        ),
        id=fabric.id,
        name=fabric.label or fabric.name,
        fabric=fabric.name,
        health=state,
        reported=state,
        errors=fabric.errors,
        facts={"instance_type": fabric.instance_type},
        extra=extra,
    )


def _stray(entry: Record, keys: Keys) -> ObservedComponent:
    """An appliance in the vault's list whose fabric is not there."""
    identity, name = entry.text("id"), entry.text("name")
    fabric = fabric_in(entry.text("fabricArmId"))
    return ObservedComponent(
        key=keys.claim(f"appliance:{(identity or name).upper()}", fabric),
        kind="appliance",
        certainty="probable",
        reasons=(Text(_("The vault lists the appliance, but not the fabric that it belongs to.")),),
        id=identity,
        name=name,
        fabric=fabric,
        errors=health_errors(entry, "healthErrors"),
        extra=entry.rest(),
    )


def _items(load: Load, keys: Keys) -> ObservedComponent:
    """All machines of a fabric that replicate in one direction, as one component."""
    state = worst(load.states)
    return ObservedComponent(
        key=keys.claim(f"items:{load.fabric}:{load.direction}"),
        kind="mobility",
        name=DEFAULT_MACHINES,
        fabric=load.fabric,
        machines=load.count,
        health=state,
        reported=state,
        facts={
            "direction": load.direction,
            "active_in_azure": load.active_in_azure,
            "without_server": load.through_nothing,
            "items_warning": load.states["warning"],
            "items_critical": load.states["critical"],
        },
    )
