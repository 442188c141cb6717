"""The machines that the vault lists, matched with those that vCenter showed and those that people entered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from wizard.azure import protectable_items
from wizard.models import Deployment, ProtectableItem, VCenter
from wizard.services import azure_access, vault_places, vault_servers, vault_vcenter_entries
from wizard.services.answers import primary_component
from wizard.services.storable import storable
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vault_places import Place
from wizard.text import Text, _

Record = Mapping[str, Any]

# Rows written at a time; a list may have thousands.
_BATCH: Final = 200
_LONGEST: Final = 255


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    return Prepared(missing=what_is_missing(deployment))


def what_is_missing(deployment: Deployment) -> tuple[Text, ...]:
    missing = []
    if deployment.is_open:
        missing.append(Text(_("the server, deployed or installed")))
    if primary_component(deployment) != "cs":
        missing.append(Text(_("a configuration server: only its vault lists machines this way")))
    if not azure_access.account_name(deployment):
        missing.append(Text(_("an Azure account in the vault step")))
    return tuple(missing)


def run(progress: Progress) -> Done:
    deployment = progress.task.deployment
    progress.phase(Text(_("Looking for the configuration server in the vault")), 5)
    with azure_access.open_arm(deployment) as arm:
        counts = match(progress, vault_places.place_of(arm, deployment), deployment, start=15)
    return Done(
        summary=Text.counted(
            "The vault lists %(items)s machine; known here: %(matched)s.",
            "The vault lists %(items)s machines; known here: %(matched)s.",
            "items",
            items=counts.items,
            matched=counts.matched,
        ),
        result={"items": counts.items, "matched": counts.matched, "unmatched": counts.items - counts.matched},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    items: int
    matched: int


def match(progress: Progress, place: Place, deployment: Deployment, *, start: int) -> Counts:
    """Read the list of the vault page by page, and write a row for each of its machines; rows of others go."""
    progress.phase(Text(_("Reading the machines that the vault lists")), start)
    began = timezone.now()
    known = _Known.of(deployment, place)
    read = 0
    items = protectable_items.iterate_items(
        place.arm, place.ref, place.name, vault_servers.container_of(place.fabric)
    )
    for batch in _batches(items):
        # Each batch at its own time: what another task writes meanwhile is not taken for what was there before.
        now = timezone.now()
        rows = [_row(deployment, item, known, now) for item in batch]
        ProtectableItem.objects.bulk_create(
            # One name twice in one statement is more than PostgreSQL takes.
            {row.name: row for row in rows}.values(),
            update_conflicts=True,
            unique_fields=["deployment", "name"],
            update_fields=[
                "friendly_name",
                "discovery_type",
                "os_type",
                "ip_addresses",
                "vcenter_infrastructure_id",
                "protection_status",
                "process_server_id",
                "problems",
                "machine",
                "seen_at",
            ],
        )
        read += len(rows)
        progress.info(
            Text.counted(
                "%(count)s machine of the vault read.",
                "%(count)s machines of the vault read.",
                "count",
                count=read,
            )
        )
    listed = deployment.protectable_items
    with transaction.atomic():
        listed.filter(seen_at__lt=began).delete()
        _forget_what_is_claimed_twice(deployment, known)
    return Counts(items=listed.count(), matched=listed.exclude(machine=None).count())


# --- inside -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Known:
    """The machines that are known here, by what the vault tells of its own: there is no instance UUID among that."""

    # By the name in vCenter (or that was entered), by the host name, and by either without its domain.
    by_name: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    by_host: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    by_plain: dict[tuple[str, str], list[tuple[str, int]]] = field(default_factory=dict)
    by_address: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    addresses: dict[int, frozenset[str]] = field(default_factory=dict)
    # The id under which the vault knows the vCenter of this deployment; empty where it does not know it.
    infrastructure_id: str = ""

    @classmethod
    def of(cls, deployment: Deployment, place: Place) -> _Known:
        known = cls()
        vcenter: VCenter | None = deployment.vcenters.first()
        if vcenter is not None:
            known.infrastructure_id = vault_vcenter_entries.infrastructure_id_of(place, vcenter)
            known._take("vcenter", vcenter.machines.filter(gone_at=None, is_template=False))
        known._take("physical", deployment.physical_servers.all())
        return known

    def _take(self, kind: str, machines: Any) -> None:
        for pk, name, host_name, addresses in machines.values_list("pk", "name", "host_name", "ip_addresses"):
            self.addresses[pk] = frozenset(str(address).casefold() for address in addresses)
            self.by_name.setdefault((kind, _folded(name)), []).append(pk)
            self.by_host.setdefault((kind, _folded(host_name)), []).append(pk)
            for known in {_folded(name), _folded(host_name)} - {""}:
                self.by_plain.setdefault((kind, _plain(known)), []).append((known, pk))
            for address in self.addresses[pk]:
                self.by_address.setdefault((kind, address), []).append(pk)

    def find(self, name: str, addresses: Iterable[str], *, discovery: str, vcenter: str) -> int | None:
        """The one machine that is meant, or None where there is none or it is not certain which.

        The same name twice is told apart by the addresses; without the name an address alone must be unmistakable.
        """
        kind = "physical" if discovery.casefold() == "physical" else "vcenter"
        if kind == "vcenter" and (not self.infrastructure_id or vcenter != self.infrastructure_id):
            # A machine of another vCenter may have the same name.
            return None
        own = frozenset(address.casefold() for address in addresses)
        named = self._named(kind, _folded(name))
        if len(named) == 1:
            return named.pop()
        if named:
            named = {pk for pk in named if self.addresses[pk] & own}
            return named.pop() if len(named) == 1 else None
        addressed = {pk for address in own for pk in self.by_address.get((kind, address), [])}
        return addressed.pop() if len(addressed) == 1 else None

    def _named(self, kind: str, name: str) -> set[int]:
        """Those of just this name; else of this host name; else those that it names with a domain, or without."""
        if not name:
            return set()
        return (
            set(self.by_name.get((kind, name), ()))
            or set(self.by_host.get((kind, name), ()))
            or {
                pk
                for known, pk in self.by_plain.get((kind, _plain(name)), ())
                if known.startswith(f"{name}.") or name.startswith(f"{known}.")
            }
        )


def _forget_what_is_claimed_twice(deployment: Deployment, known: _Known) -> None:
    """One machine is one item: of several of its name it is the one with its address, else nobody knows which."""
    listed = deployment.protectable_items
    twice = listed.exclude(machine=None).values("machine").annotate(items=Count("pk")).filter(items__gt=1)
    claims: dict[int, list[ProtectableItem]] = {}
    for item in listed.filter(machine__in=twice.values("machine")).order_by("pk"):
        if item.machine_id is not None:
            claims.setdefault(item.machine_id, []).append(item)
    wrong: list[int] = []
    for machine, items in claims.items():
        own = known.addresses.get(machine, frozenset())
        right = [item for item in items if own.intersection(one.casefold() for one in item.ip_addresses)]
        wrong += [item.pk for item in items if len(right) != 1 or item is not right[0]]
    for first in range(0, len(wrong), _BATCH):
        listed.filter(pk__in=wrong[first : first + _BATCH]).update(machine=None)


def _row(deployment: Deployment, item: Record, known: _Known, now: datetime) -> ProtectableItem:
    properties: Record = item.get("properties") or {}
    details: Record = properties.get("customDetails") or {}

    def said(of: Record, key: str) -> str:
        return str(storable(str(of.get(key) or "")))

    name, addresses = said(properties, "friendlyName"), _addresses(said(details, "ipAddress"))
    discovery, vcenter = said(details, "discoveryType"), said(details, "vCenterInfrastructureId")
    return ProtectableItem(
        deployment=deployment,
        name=said(item, "name")[:64],
        friendly_name=name[:_LONGEST],
        discovery_type=discovery[:16],
        os_type=said(details, "osType")[:16],
        ip_addresses=addresses,
        vcenter_infrastructure_id=vcenter[:64],
        protection_status=said(properties, "protectionStatus")[:32],
        process_server_id=said(details, "processServerId")[:64],
        problems=storable([*_problems(properties, details)]),
        machine_id=known.find(name, addresses, discovery=discovery, vcenter=vcenter),
        seen_at=now,
    )


def _problems(properties: Record, details: Record) -> Iterator[dict[str, str]]:
    for text in properties.get("protectionReadinessErrors") or ():
        yield {"code": "", "text": str(text)}
    for error in details.get("validationErrors") or ():
        yield {
            "code": str(error.get("errorCode") or ""),
            "text": str(error.get("errorMessage") or error.get("summaryMessage") or ""),
        }


def _addresses(text: str) -> list[str]:
    """Empty where a machine is off; several stand in one text."""
    return [part for part in text.replace(";", ",").replace(" ", "").split(",") if part]


def _folded(name: str) -> str:
    return name.casefold().strip()


def _plain(folded: str) -> str:
    """Without domain: the guest says its host name now with it and now without. An address stays whole."""
    return folded if folded.replace(".", "").isdigit() else folded.partition(".")[0]


def _batches(items: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(items, _BATCH)):
        yield batch
