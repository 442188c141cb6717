"""Physical servers: nobody tells of them but the people who run them, one by one or in a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from wizard.journey.errors import FieldError
from wizard.models import Deployment, Machine, Operator
from wizard.planning.eligibility import Surroundings
from wizard.planning.eligibility.machine import GB, SourceDisk
from wizard.planning.eligibility.physical_server import COLUMNS, PhysicalServer, read_server
from wizard.planning.eligibility.physical_servers import BYTES_MOST, CsvFault, read_csv, template
from wizard.services import audit, deployments
from wizard.services.discovery import judging
from wizard.services.discovery.stored_form import search_text
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.text import Text, _

__all__ = [
    "BYTES_MOST",
    "COLUMNS",
    "CsvFault",
    "FileRefused",
    "Plan",
    "add",
    "cells_of",
    "change",
    "find",
    "plan_import",
    "remove",
    "take_over",
    "template",
]

# What a file that is written again would not change.
_WRITTEN: Final = (
    "name", "ip_addresses", "host_name", "guest_full_name", "system", "firmware", "secure_boot", "disks", "disk_count",
    "disk_gb", "findings", "rules", "verdict_classic", "verdict_modernized", "search_text", "digest", "seen_at",
)  # fmt: skip


class FileRefused(Invalid):
    """A file of which nothing is taken, as something in it is wrong; `faults` say what and where."""

    def __init__(self, faults: list[CsvFault]) -> None:
        text = Text(_("Nothing was taken from the file: some rows need another look."))
        super().__init__([FieldError(path="file", message=text, code="faulty")], text)
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What taking over a file would do: servers are known by their names, whose capitals do not count."""

    new: tuple[PhysicalServer, ...]
    changed: tuple[PhysicalServer, ...]
    same: tuple[PhysicalServer, ...]


def find(deployment: Deployment, machine_id: int) -> Machine:
    """Raises NotFound."""
    row = _servers(deployment).filter(pk=machine_id).first()
    if row is None:
        raise _not_there()
    return row


def cells_of(row: Machine) -> dict[str, str]:
    """The server as its form shows it, by the keys of COLUMNS."""
    firmware = "efi secure boot" if row.secure_boot else row.firmware
    sizes = (disk["capacity_bytes"] / GB for disk in row.disks)
    return {
        "name": row.name,
        "address": row.ip_addresses[0] if row.ip_addresses else row.host_name,
        "operating_system": row.guest_full_name,
        "firmware": firmware,
        "disks_gb": " ".join(f"{size:.3f}".rstrip("0").rstrip(".") for size in sizes),
    }


@transaction.atomic
def add(deployment: Deployment, cells: Mapping[str, str], *, actor: Operator) -> Machine:
    """Raises Invalid that names the fields."""
    deployments.hold_for(actor, "physical_server.change", deployment)
    row = Machine(kind=Machine.Kind.PHYSICAL, deployment=deployment)
    _fill(row, _read(cells))
    _save(row)
    _record(
        "physical_server.added",
        row,
        actor,
        _("%(who)s added the physical server %(name)s to %(deployment)s."),
    )
    return row


@transaction.atomic
def change(row: Machine, cells: Mapping[str, str], *, actor: Operator) -> Machine:
    """Raises Invalid that names the fields, and NotFound where somebody removed the server meanwhile."""
    _hold(row, actor)
    row = _as_it_is(row)
    before = cells_of(row)
    _fill(row, _read(cells))
    _save(row)
    _record(
        "physical_server.changed",
        row,
        actor,
        _("%(who)s changed the physical server %(name)s of %(deployment)s."),
        before=before,
    )
    return row


@transaction.atomic
def remove(row: Machine, *, actor: Operator) -> None:
    """Raises NotFound where somebody else removed it meanwhile."""
    _hold(row, actor)
    row = _as_it_is(row)
    before = cells_of(row)
    audit.record(
        "physical_server.removed",
        subject=row,
        actor=actor,
        sentence=_sentence(
            _("%(who)s removed the physical server %(name)s from %(deployment)s."), row, actor
        ),
        before=before,
    )
    row.delete()


def plan_import(deployment: Deployment, content: str | bytes) -> Plan:
    """What the file would change; nothing is written. Raises FileRefused."""
    return _plan(content, _by_name(_servers(deployment)))


def _plan(content: str | bytes, rows: Mapping[str, Machine]) -> Plan:
    servers, faults = read_csv(content)
    if faults:
        raise FileRefused(faults)
    known = {name: _server_of(row) for name, row in rows.items()}
    plan: dict[str, list[PhysicalServer]] = {"new": [], "changed": [], "same": []}
    for server in servers:
        before = known.get(server.name.casefold())
        plan["new" if before is None else "same" if before == server else "changed"].append(server)
    return Plan(**{name: tuple(found) for name, found in plan.items()})


@transaction.atomic
def take_over(deployment: Deployment, content: str | bytes, *, actor: Operator) -> Plan:
    """Write all servers of the file, or none. Those that are not in it stay as they are. Raises FileRefused."""
    deployments.hold_for(actor, "physical_server.change", deployment)
    # Held until all is written: what somebody removed in between would silently stay away.
    known = _by_name(_servers(deployment).select_for_update(of=("self",)))
    plan = _plan(content, known)
    fresh = []
    for server in plan.new:
        row = Machine(kind=Machine.Kind.PHYSICAL, deployment=deployment)
        _fill(row, server)
        fresh.append(row)
    stale = []
    for server in plan.changed:
        row = known[server.name.casefold()]
        _fill(row, server)
        stale.append(row)
    try:
        with transaction.atomic():
            Machine.objects.bulk_create(fresh, batch_size=_AT_ONCE)
            Machine.objects.bulk_update(stale, _WRITTEN, batch_size=_AT_ONCE)
    except IntegrityError:
        raise Conflict(
            Text(_("Somebody else added one of these servers at this very moment.")),
            remedy=Text(_("Upload the file again; what is there by then is compared anew.")),
            code="changed_meanwhile",
        ) from None
    if fresh or stale:
        audit.record(
            "physical_server.imported",
            subject=deployment,
            actor=actor,
            sentence=Text(
                _(
                    "%(who)s took physical servers for %(deployment)s from a file: %(new)s new, %(changed)s changed."
                ),
                who=actor.username,
                new=len(fresh),
                changed=len(stale),
                deployment=deployment.name,
            ),
            after={"new": [row.name for row in fresh], "changed": [row.name for row in stale]},
        )
    return plan


# --- inside -----------------------------------------------------------------------------------------------------------

_AT_ONCE: Final = 200


def _servers(deployment: Deployment) -> QuerySet[Machine]:
    return Machine.objects.filter(deployment=deployment, kind=Machine.Kind.PHYSICAL)


def _by_name(rows: QuerySet[Machine]) -> dict[str, Machine]:
    return {row.name.casefold(): row for row in rows}


def _hold(row: Machine, actor: Operator) -> None:
    # Every physical server has been entered for a deployment.
    assert row.deployment is not None  # noqa: S101
    deployments.hold_for(actor, "physical_server.change", row.deployment)


def _as_it_is(row: Machine) -> Machine:
    """The row as the table holds it now, and nobody else changes it before this transaction ends."""
    now = Machine.objects.select_for_update(of=("self",)).filter(pk=row.pk).first()
    if now is None:
        raise _not_there()
    return now


def _not_there() -> NotFound:
    return NotFound(Text(_("There is no such physical server.")))


def _read(cells: Mapping[str, str]) -> PhysicalServer:
    server, faults = read_server(cells)
    if server is None:
        raise Invalid([FieldError(path=key, message=text, code="invalid") for key, text in faults.items()])
    return server


def _server_of(row: Machine) -> PhysicalServer | None:
    """As a file would give it; None for what no file could give any more."""
    return read_server(cells_of(row))[0]


def _fill(row: Machine, server: PhysicalServer) -> None:
    machine = server.as_machine()
    disks: list[dict[str, Any]] = [asdict(disk) for disk in machine.disks if isinstance(disk, SourceDisk)]
    row.name = server.name
    row.ip_addresses = list(machine.ip_addresses)
    row.host_name = machine.host_name
    row.guest_full_name = machine.guest_full_name
    row.firmware, row.secure_boot = machine.firmware, machine.secure_boot
    row.disks = disks
    row.disk_count = len(disks)
    row.disk_gb = round(sum(disk["capacity_bytes"] for disk in disks) / GB, 2)
    row.search_text = search_text(row.name, row.host_name, row.ip_addresses)
    row.seen_at = timezone.now()
    judging.judge_row(row, Surroundings())


def _save(row: Machine) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        text = Text(_("A physical server named “%(name)s” is there already."), name=row.name)
        raise Invalid([FieldError(path="name", message=text, code="name_taken")]) from None


def _record(
    action: str, row: Machine, actor: Operator, sentence: str, before: dict[str, str] | None = None
) -> None:
    audit.record(
        action,
        subject=row,
        actor=actor,
        sentence=_sentence(sentence, row, actor),
        before=before,
        after=cells_of(row),
    )


def _sentence(template_: str, row: Machine, actor: Operator) -> Text:
    deployment = row.deployment
    return Text(
        template_, who=actor.username, name=row.name, deployment=deployment.name if deployment else ""
    )
