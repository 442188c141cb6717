"""vCenter Servers that are registered in a classic fabric.

Facts: `port`, `discovery_status`, `infrastructure_id`, `internal_id`, `process_server_id`, `run_as_account_id`,
`fabric_resource` (name of the fabric as the vCenter itself tells it), `resource_name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from wizard.topology.graph import Value
from wizard.topology.observed.errors import health_errors
from wizard.topology.observed.keys import Keys, same
from wizard.topology.observed.model import Health, ObservedComponent
from wizard.topology.observed.record import Record
from wizard.topology.observed.words import meaning, worst

# Discovery runs every 15 minutes (asr-facts 8): one time missed may be chance.
DISCOVERY_LATE_AFTER: Final = timedelta(minutes=30)


def vcenter(document: Mapping[str, Any], fabric: str, keys: Keys, now: datetime) -> ObservedComponent:
    """One entry. No word for its health is told: its errors, and whether it was discovered, are that word."""
    top = Record(document)
    properties = top.record("properties")
    identity, name = top.text("id"), top.text("name")
    top.told_elsewhere("type", "location")
    facts: dict[str, Value] = {
        "port": properties.whole("port"),
        "discovery_status": properties.text("discoveryStatus"),
        "infrastructure_id": properties.text("infrastructureId"),
        "internal_id": properties.text("internalId"),
        "process_server_id": properties.text("processServerId"),
        "run_as_account_id": properties.text("runAsAccountId"),
        "fabric_resource": properties.text("fabricArmResourceName"),
        "resource_name": name,
    }
    label, address = properties.text("friendlyName"), properties.text("ipAddress")
    heartbeat = properties.moment("lastHeartbeat")
    errors = health_errors(properties, "healthErrors")
    state: Health = "ok" if same(str(facts["discovery_status"]), "Completed") else "unknown"
    if errors:
        state = worst(["warning", *(meaning(error.level) for error in errors)])
    key = identity.lower() or f"vcenter:{fabric}/{(name or label or address).casefold()}"
    return ObservedComponent(
        key=keys.claim(key, fabric),
        kind="vcenter",
        id=identity,
        name=label or name,
        address=address,
        fabric=fabric,
        heartbeat=heartbeat,
        health=worst([state, "warning"]) if _late(heartbeat, now) else state,
        reported=state,
        errors=errors,
        facts={fact: value for fact, value in facts.items() if value is not None and value != ""},
        extra={**top.rest(), **properties.rest()},
    )


def _late(heartbeat: datetime | None, now: datetime) -> bool:
    return heartbeat is not None and now - heartbeat > DISCOVERY_LATE_AFTER
