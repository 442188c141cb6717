"""The form in which facts of machines stand in their rows, and the digest by which a row that would not change is known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Final

from django.db import models

from wizard.models import Machine
from wizard.vsphere.machines import AdapterFacts, ControllerFacts, DiskFacts, MachineFacts

# What says which row it is, what follows from the rest, and what every write sets anew.
_NO_CONTENT: Final = ("id", "vcenter", "deployment", "digest", "search_text", "seen_at", "gone_at")
_CONTENT: Final = tuple(
    field.attname for field in Machine._meta.concrete_fields if field.name not in _NO_CONTENT
)
JSON_COLUMNS: Final = frozenset(
    field.attname for field in Machine._meta.concrete_fields if isinstance(field, models.JSONField)
)
# What a guest tells of itself may be of any length; PostgreSQL refuses the whole page for one that is too long.
_LONGEST: Final = tuple(
    (field.attname, field.max_length)
    for field in Machine._meta.concrete_fields
    if field.max_length is not None and field.name in {told.name for told in fields(MachineFacts)}
)
_encode: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class _Plain:
    """The fields of one kind of facts by name. Tens of thousands are written at once, so the names are looked up only here."""

    def __init__(self, kind: type[Any]) -> None:
        self._names = tuple(field.name for field in fields(kind))
        self._get = attrgetter(*self._names)

    def __call__(self, facts: object) -> dict[str, Any]:
        return dict(zip(self._names, self._get(facts), strict=True))


_plain_machine: Final = _Plain(MachineFacts)
_plain_disk: Final = _Plain(DiskFacts)
_plain_controller: Final = _Plain(ControllerFacts)
_plain_adapter: Final = _Plain(AdapterFacts)


def values_of(facts: MachineFacts) -> dict[str, Any]:
    """What the columns of a machine hold, by name; without what is judged and without what says when it was seen."""
    values = _plain_machine(facts)
    values["ip_addresses"] = list(facts.ip_addresses)
    values["disks"] = [_plain_disk(disk) for disk in facts.disks]
    values["controllers"] = [_plain_controller(controller) for controller in facts.controllers]
    values["adapters"] = [
        {**_plain_adapter(adapter), "addresses": list(adapter.addresses)} for adapter in facts.adapters
    ]
    values["extra_config"] = dict(facts.extra_config)
    values["datastore_moids"] = list(facts.datastore_moids)
    values["network_moids"] = list(facts.network_moids)
    values["kind"] = Machine.Kind.VM.value
    values["disk_count"] = facts.disk_count
    values["disk_gb"] = facts.disk_gb
    values["search_text"] = search_text(facts.name, facts.host_name, facts.ip_addresses)
    for name, longest in _LONGEST:
        values[name] = values[name][:longest]
    return values


def encode(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the JSON columns as text."""
    return {name: _encode(value) if name in JSON_COLUMNS else value for name, value in values.items()}


def digest_of(encoded: Mapping[str, Any]) -> str:
    """Of all that a row says and how it was judged, as `encode` gives it; not of when that was seen."""
    content = repr([encoded[name] for name in _CONTENT])
    return blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def digest_of_row(row: Machine) -> str:
    return digest_of(encode({name: getattr(row, name) for name in _CONTENT}))


def search_text(name: str, host_name: str, addresses: Iterable[str]) -> str:
    """What a search looks through, a line each, so that nothing is found across two of them."""
    return "\n".join((name, host_name, *addresses)).casefold()
