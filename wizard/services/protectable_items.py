"""The machines that the vault lists, matched with those that vCenter showed and those that people entered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from wizard.azure import protectable_items
from wizard.models import Deployment, ProtectableItem, VCenter
from wizard.services import azure_access, vault_places, vault_servers, vault_vcenters
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
        summary=Text(
            _("The vault lists %(items)s machines; %(matched)s of them are known here."),
            items=counts.items,
            matched=counts.matched,
        ),
        result={"items": counts.items, "matched": counts.matched, "unmatched": counts.items - counts.matched},
    )


@dataclass(slots=True)
class Counts:
    items: int = 0
    matched: int = 0


def match(progress: Progress, place: Place, deployment: Deployment, *, start: int) -> Counts:
    """Read the list of the vault page by page, and write a row for each of its machines; rows of others go."""
    progress.phase(Text(_("Reading the machines that the vault lists")), start)
    began = timezone.now()
    known = _Known.of(deployment, place)
    counts = Counts()
    items = protectable_items.iterate_items(
        place.arm, place.ref, place.name, vault_servers.container_of(place.fabric)
    )
    for batch in _batches(items):
        rows = [_row(deployment, item, known, began) for item in batch]
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
        counts.items += len(rows)
        counts.matched += sum(row.machine_id is not None for row in rows)
        progress.info(Text(_("%(count)s machines of the vault read."), count=counts.items))
    with transaction.atomic():
        deployment.protectable_items.filter(seen_at__lt=began).delete()
    return counts


# --- inside -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Known:
    """The machines that are known here, by what the vault tells of its own: there is no instance UUID among that."""

    by_name: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    by_address: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    addresses: dict[int, frozenset[str]] = field(default_factory=dict)
    # The id under which the vault knows the vCenter of this deployment.
    infrastructure_id: str = ""

    @classmethod
    def of(cls, deployment: Deployment, place: Place) -> _Known:
        known = cls()
        vcenter: VCenter | None = deployment.vcenters.first()
        if vcenter is not None:
            known.infrastructure_id = vault_vcenters.infrastructure_id_of(place, vcenter)
            known._take("vcenter", vcenter.machines.filter(gone_at=None, is_template=False))
        known._take("physical", deployment.physical_servers.all())
        return known

    def _take(self, kind: str, machines: Any) -> None:
        for pk, name, host_name, addresses in machines.values_list("pk", "name", "host_name", "ip_addresses"):
            self.addresses[pk] = frozenset(str(address).casefold() for address in addresses)
            for known in {_plain(name), _plain(host_name)} - {""}:
                self.by_name.setdefault((kind, known), []).append(pk)
            for address in self.addresses[pk]:
                self.by_address.setdefault((kind, address), []).append(pk)

    def find(self, name: str, addresses: Iterable[str], *, discovery: str, vcenter: str) -> int | None:
        """The one machine that is meant, or None where there is none or it is not certain which.

        The same name twice is told apart by the addresses; without the name an address alone must be unmistakable.
        """
        kind = "physical" if discovery.casefold() == "physical" else "vcenter"
        if kind == "vcenter" and self.infrastructure_id and vcenter != self.infrastructure_id:
            return None
        own = frozenset(address.casefold() for address in addresses)
        named = self.by_name.get((kind, _plain(name)), [])
        if len(named) == 1:
            return named[0]
        if named:
            named = [pk for pk in named if self.addresses[pk] & own]
            return named[0] if len(named) == 1 else None
        addressed = {pk for address in own for pk in self.by_address.get((kind, address), [])}
        return addressed.pop() if len(addressed) == 1 else None


def _row(deployment: Deployment, item: Record, known: _Known, now: datetime) -> ProtectableItem:
    properties: Record = item.get("properties") or {}
    details: Record = properties.get("customDetails") or {}
    name = str(properties.get("friendlyName") or "")
    addresses = _addresses(details.get("ipAddress"))
    discovery = str(details.get("discoveryType") or "")
    vcenter = str(details.get("vCenterInfrastructureId") or "")
    return ProtectableItem(
        deployment=deployment,
        name=storable(str(item.get("name") or ""))[:64],
        friendly_name=storable(name)[:_LONGEST],
        discovery_type=discovery[:16],
        os_type=str(details.get("osType") or "")[:16],
        ip_addresses=addresses,
        vcenter_infrastructure_id=vcenter[:64],
        protection_status=str(properties.get("protectionStatus") or "")[:32],
        process_server_id=str(details.get("processServerId") or "")[:64],
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


def _addresses(value: Any) -> list[str]:
    """Empty where a machine is off; several stand in one text."""
    return [part for part in str(value or "").replace(";", ",").replace(" ", "").split(",") if part]


def _plain(name: str) -> str:
    """Without case and domain: the guest says its host name now with it and now without. An address stays whole."""
    folded = name.casefold().strip()
    return folded if folded.replace(".", "").isdigit() else folded.partition(".")[0]


def _batches(items: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(items, _BATCH)):
        yield batch
