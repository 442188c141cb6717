"""The vault itself. Facts of its component: `region`, `sku`, `provisioning_state`, `private_endpoints`, `experience`,
and how many fabrics, containers and items its health report counts: `fabrics`, `containers`, `items`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wizard.topology.graph import Value
from wizard.topology.observed.errors import health_errors, read_errors
from wizard.topology.observed.hosts import known
from wizard.topology.observed.keys import Keys, last_part
from wizard.topology.observed.model import Experience, Health, ObservedComponent, ObservedVault
from wizard.topology.observed.record import Record
from wizard.topology.observed.words import meaning, worst

_SUMMARIES = {"fabricsHealth": "fabrics", "containersHealth": "containers", "protectedItemsHealth": "items"}


def read_vault(
    document: Mapping[str, Any],
    fabrics: Sequence[Mapping[str, Any]],
    generations: Sequence[str],
    skipped: Sequence[Mapping[str, Any]],
) -> ObservedVault:
    """Where the vault's own document is missing, its fabrics tell which it is."""
    top = Record(document)
    properties = top.record("properties")
    identity = top.text("id") or next((found for fabric in fabrics if (found := _vault_of(fabric))), "")
    state = properties.text("privateEndpointStateForSiteRecovery")
    return ObservedVault(
        key=identity.lower() or "vault:",
        id=identity,
        name=top.text("name") or last_part(identity),
        region=top.text("location"),
        sku=top.record("sku").text("name"),
        experience=_experience(generations, skipped),
        private_endpoints=state.casefold() == "enabled" if state else None,
        provisioning_state=properties.text("provisioningState"),
    )


def vault_component(
    vault: ObservedVault, document: Mapping[str, Any], report: Mapping[str, Any], keys: Keys
) -> ObservedComponent:
    top = Record(document)
    top.told_elsewhere("id", "name", "location", "type", "sku")
    properties = top.record("properties")
    properties.told_elsewhere("privateEndpointStateForSiteRecovery", "provisioningState")
    report_properties = Record(report.get("properties"))
    errors = list(health_errors(report_properties, "vaultErrors"))
    facts: dict[str, Value] = {}
    for name, fact in _SUMMARIES.items():
        summary = report_properties.nested(name)
        count = summary.whole("resourceCount")
        if count is not None:
            facts[fact] = count
        errors += read_errors(summary.records("issues"))
    state: Health = worst(meaning(error.level) for error in errors) if errors else "ok"
    if not report:
        state = "unknown"
    return ObservedComponent(
        key=keys.claim(vault.key),
        kind="vault",
        id=vault.id,
        name=vault.name,
        health=state,
        reported=state,
        errors=tuple(errors),
        facts=known(
            {
                "region": vault.region,
                "sku": vault.sku,
                "provisioning_state": vault.provisioning_state,
                "private_endpoints": vault.private_endpoints,
                "experience": vault.experience,
                **facts,
            }
        ),
        extra={**top.rest(), **properties.rest(), **report_properties.rest()},
    )


def _vault_of(fabric: Mapping[str, Any]) -> str:
    identity = Record(fabric).text("id")
    place = identity.lower().find("/replicationfabrics/")
    return identity[:place] if place > 0 else ""


def _experience(generations: Sequence[str], skipped: Sequence[Mapping[str, Any]]) -> Experience:
    classic, modernized = "classic" in generations, "modernized" in generations
    if classic and modernized:
        return "mixed"
    if classic:
        return "classic"
    if modernized:
        return "modernized"
    missed = any(Record(entry).text("part").split("/", 1)[0] == "fabrics" for entry in skipped)
    return "unknown" if generations or missed else "empty"
