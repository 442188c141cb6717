"""The machines that the vault of a deployment lists, with those that they are here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from wizard.api import pages
from wizard.api.description import problems
from wizard.api.of_deployment import CURSOR, LIMIT, find
from wizard.models import ProtectableItem

router = Router(tags=["vault"])


class VaultProblem(Schema):
    code: str
    text: str = Field(description="In the words of Site Recovery.")


class VaultMachine(Schema):
    infrastructure_id: str
    friendly_name: str
    discovery_type: str = Field(description="vCenter or Physical.")
    os_type: str
    ip_addresses: list[str]
    protection_status: str
    problems: list[VaultProblem] = Field(description="Why it cannot be protected yet.")
    machine: int | None = Field(description="Id of the machine here; null where it is not certain which.")
    machine_name: str | None
    seen_at: datetime


class VaultMachinePage(Schema):
    items: list[VaultMachine]
    next_cursor: str | None


@router.get(
    "/{uuid:deployment_id}/protectable-items/",
    response={200: VaultMachinePage, **problems(404)},
    summary="The machines that the vault lists",
)
def list_protectable_items(
    request: HttpRequest,
    deployment_id: UUID,
    matched: bool | None = Query(None, description="Only those that are known here, or only the others."),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
    ordering: str = Query("friendly_name", description="friendly_name, with a minus to turn it round."),
) -> dict[str, Any]:
    """As `match_protectable_items` read them last; empty before that."""
    rows = find(request, deployment_id).protectable_items.select_related("machine")
    if matched is not None:
        rows = rows.filter(machine__isnull=not matched)
    return pages.page(
        rows, ordering=ordering, allowed=("friendly_name",), limit=limit, cursor=cursor, show=_show
    )


def _show(row: ProtectableItem) -> dict[str, Any]:
    names = ("friendly_name", "discovery_type", "os_type", "ip_addresses", "protection_status", "problems")
    return {
        **{name: getattr(row, name) for name in names},
        "infrastructure_id": row.name,
        "machine": row.machine_id,
        "machine_name": row.machine.name if row.machine else None,
        "seen_at": row.seen_at,
    }
