"""What a vCenter shows, written into the tables batch by batch; a row that would not change is only marked as seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from wizard.models import InventoryObject, VCenter
from wizard.planning.eligibility import Surroundings
from wizard.services.discovery import judging
from wizard.services.discovery.stored_form import digest_of, encode, values_of
from wizard.services.discovery.upsert import upsert
from wizard.vsphere.machines import InventoryObject as ObjectFacts
from wizard.vsphere.machines import MachineFacts

_KEYS: Final = ("vcenter", "moid")
_AT_ONCE: Final = 500
_OBJECT_FIELDS: Final = ["type", "name", "parent_moid", "values", "seen_at", "gone_at"]


def write_machines(
    vcenter: VCenter, found: Sequence[MachineFacts], surroundings: Surroundings, seen_at: datetime
) -> int:
    """Judge and write one batch. Returns how many rows were new or changed."""
    known = dict(
        vcenter.machines.filter(moid__in=[facts.moid for facts in found]).values_list("moid", "digest")
    )
    changed, same = [], []
    # Should a machine be told of twice, the last word counts.
    for facts in {facts.moid: facts for facts in found}.values():
        row = encode(values_of(facts) | judging.judged(judging.source_of(facts), surroundings))
        row["digest"] = digest_of(row)
        if known.get(facts.moid) == row["digest"]:
            same.append(facts.moid)
        else:
            changed.append(row)
    upsert(vcenter, changed, seen_at)
    vcenter.machines.filter(moid__in=same).update(seen_at=seen_at, gone_at=None)
    return len(changed)


def write_objects(vcenter: VCenter, found: Sequence[ObjectFacts], seen_at: datetime) -> None:
    """Write one batch of what stands around the machines."""
    InventoryObject.objects.bulk_create(
        (
            InventoryObject(
                vcenter=vcenter,
                type=facts.type,
                moid=facts.moid,
                name=facts.name,
                parent_moid=facts.parent_moid,
                values=dict(facts.values),
                seen_at=seen_at,
            )
            for facts in {facts.moid: facts for facts in found}.values()
        ),
        update_conflicts=True,
        unique_fields=_KEYS,
        update_fields=_OBJECT_FIELDS,
    )


def mark_gone(vcenter: VCenter, moids: Sequence[str], since: datetime, now: datetime) -> int:
    """These were taken away, but for what a reading that began at `since` has shown after all. Returns how many machines
    that were."""
    count = 0
    for start in range(0, len(moids), _AT_ONCE):
        gone = {"moid__in": moids[start : start + _AT_ONCE], "seen_at__lt": since, "gone_at": None}
        vcenter.objects_seen.filter(**gone).update(gone_at=now)
        count += vcenter.machines.filter(**gone).update(gone_at=now)
    return count


def mark_unseen(vcenter: VCenter, since: datetime, now: datetime) -> int:
    """After a complete reading that began at `since`: what it did not show is gone. Returns how many machines that were."""
    vcenter.objects_seen.filter(seen_at__lt=since, gone_at=None).update(gone_at=now)
    return vcenter.machines.filter(seen_at__lt=since, gone_at=None).update(gone_at=now)


def write_paths(vcenter: VCenter) -> None:
    """Let every object know the names above it, from the root folder down; a folder that is renamed moves all that is in it."""
    rows = {row.moid: row for row in vcenter.objects_seen.only("moid", "name", "parent_moid", "path")}
    paths: dict[str, list[str]] = {}

    def path_to(moid: str) -> list[str]:
        row = rows.get(moid)
        # Above the highest that the account may see there is nothing.
        if row is None:
            return []
        if moid not in paths:
            # A loop cannot be, but a server that says so must not make this one hang.
            paths[moid] = [row.name]
            paths[moid] = [*path_to(row.parent_moid), row.name]
        return paths[moid]

    moved = []
    for moid, row in rows.items():
        if row.path != path_to(moid):
            row.path = path_to(moid)
            moved.append(row)
    InventoryObject.objects.bulk_update(moved, ["path"], batch_size=200)
