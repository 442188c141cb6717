"""Which entry of a vault is the vCenter that is registered here, and what it says (classic)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from wizard.azure import vcenters
from wizard.models import VCenter
from wizard.services.vault_places import Place
from wizard.text import Text, _
from wizard.topology.matching import KnownBy, vcenter_known_by

Record = Mapping[str, Any]

_TOLD: Final[Mapping[KnownBy, str]] = {
    "address": _("The vault lists it as %(name)s at %(address)s: known by its address."),
    "full_name": _("The vault lists it as %(name)s at %(address)s: known by its fully qualified name."),
    "friendly_name": _("The vault lists it as %(name)s at %(address)s: known by its friendly name alone."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A vCenter as the vault lists it; `known_by` is what shows that it is the one that was looked for."""

    record: Record
    known_by: KnownBy

    @property
    def name(self) -> str:
        """Its name as a resource."""
        return str(self.record["name"])

    @property
    def told(self) -> Text:
        """What the vault lists, and by what it is known."""
        said = properties(self.record)
        name, address = str(said.get("friendlyName") or ""), str(said.get("ipAddress") or "")
        return Text(_TOLD[self.known_by], name=name, address=address)


def told_of(kept: Record) -> Text | None:
    """The same of what `about` says with its `known_by`; None for what was new, or is from an earlier release."""
    for known_by, words in _TOLD.items():
        if known_by == kept.get("known_by"):
            return Text(words, name=kept.get("friendly_name", ""), address=kept.get("address", ""))
    return None


def entry_of(known: Iterable[Record], row: VCenter) -> Entry | None:
    """A second entry for one vCenter would show its machines twice (asr-facts 8), so the surest likeness counts."""
    found: dict[KnownBy, Record] = {}
    for one in known:
        said = properties(one)
        known_by = vcenter_known_by(
            host=row.host,
            friendly_name=row.friendly_name,
            seen_address=str(said.get("ipAddress") or ""),
            seen_name=str(said.get("friendlyName") or ""),
        )
        if known_by:
            found.setdefault(known_by, one)
    surest = next((known_by for known_by in _SUREST_FIRST if known_by in found), None)
    return Entry(record=found[surest], known_by=surest) if surest else None


_SUREST_FIRST: Final[tuple[KnownBy, ...]] = get_args(KnownBy)


def infrastructure_id_of(place: Place, row: VCenter) -> str:
    """By which the vault's machines name their vCenter; empty before it was discovered."""
    there = entry_of(vcenters.list_vcenters(place.arm, place.ref, place.name), row)
    return infrastructure_id(there.record) if there else ""


def properties(one: Record) -> Record:
    return one.get("properties") or {}


def infrastructure_id(one: Record) -> str:
    return str(properties(one).get("infrastructureId") or "")


def status(one: Record) -> str:
    """Of its discovery, in lower case."""
    return str(properties(one).get("discoveryStatus") or "").casefold()


def about(place: Place, one: Record) -> dict[str, Any]:
    """What is kept of it with the result of a task."""
    said = properties(one)
    return {
        "vault": place.ref.id,
        "fabric": place.name,
        "name": str(one.get("name") or ""),
        "friendly_name": str(said.get("friendlyName") or ""),
        "address": str(said.get("ipAddress") or ""),
        "discovery_status": str(said.get("discoveryStatus") or ""),
        "infrastructure_id": str(said.get("infrastructureId") or ""),
    }
