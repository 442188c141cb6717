"""A fabric as the service answers it: what all generations have in common, and its own details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from wizard.topology.observed.errors import health_errors
from wizard.topology.observed.keys import last_part
from wizard.topology.observed.parts import HealthError
from wizard.topology.observed.record import Record

Generation = Literal["classic", "modernized", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fabric:
    """`label` is the name in the vault; `details` are the fields of this generation, still to be read."""

    id: str
    name: str
    label: str
    internal: str
    instance_type: str
    generation: Generation
    health: str
    state: str
    kek_state: str
    errors: tuple[HealthError, ...]
    details: Record
    extra: Mapping[str, Any]


def read_fabric(document: Mapping[str, Any]) -> Fabric:
    top = Record(document)
    properties = top.record("properties")
    details = properties.record("customDetails")
    kind = details.text("instanceType")
    identity = top.text("id")
    top.told_elsewhere("type")
    return Fabric(
        id=identity,
        name=top.text("name") or last_part(identity),
        label=properties.text("friendlyName"),
        internal=properties.text("internalIdentifier"),
        instance_type=kind,
        generation=_generation(kind),
        health=properties.text("health"),
        state=properties.text("bcdrState"),
        kek_state=properties.nested("encryptionDetails").text("kekState"),
        errors=health_errors(properties, "healthErrorDetails"),
        details=details,
        extra={**top.rest(), **properties.rest()},
    )


def merged(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One document for each fabric: where both the list's and the get's came along, the fuller value wins.

    The list of a modernized fabric has every component array empty; only the get fills them (arm-site-recovery 0.8).
    """
    by_fabric: dict[str, dict[str, Any]] = {}
    for number, document in enumerate(documents):
        identity = str(document.get("id") or document.get("name") or f"#{number}").casefold()
        by_fabric[identity] = _fuller(by_fabric[identity], document) if identity in by_fabric else document
    return list(by_fabric.values())


def _generation(instance_type: str) -> Generation:
    match instance_type.casefold():
        case "vmware":
            return "classic"
        case "inmagercm":
            return "modernized"
        case _:
            return "other"


def _fuller(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: _fuller(one.get(name), other.get(name)) for name in sorted(one.keys() | other.keys())}
    if isinstance(one, list) and isinstance(other, list):
        return one if len(one) >= len(other) else other
    return other if one in (None, "", [], {}) else one
