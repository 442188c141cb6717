"""Machines that may be protected, over all vCenters and deployments."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from wizard.api import pages
from wizard.api.auth import caller
from wizard.api.description import problems
from wizard.api.of_deployment import CURSOR, LIMIT
from wizard.models import Machine
from wizard.planning.vocabulary import ProfileId
from wizard.services import machine_search
from wizard.services.errors import NotFound
from wizard.services.machine_search import MachineWish
from wizard.services.machines import seen_at
from wizard.services.visibility import visible_machines
from wizard.text import Text, _

router = Router(tags=["machines"])

PROFILE = Query("asr-classic", description="By whose rules it is judged whether a machine can be protected.")
Verdict = Literal["ready", "attention", "blocked", "unknown", "hidden"]


class MachineFinding(Schema):
    rule: str = Field(examples=["SM-07"])
    status: str = Field(description="info, warn, unknown, block or hide.")
    text: str
    remedy: str


class MachineOut(Schema):
    id: int
    kind: Literal["vm", "physical"]
    name: str
    vcenter: UUID | None = Field(description="Null for a physical server.")
    deployment: UUID | None = Field(description="That a physical server was entered for; else null.")
    moid: str = Field(description="Managed object id in its vCenter.")
    instance_uuid: str
    bios_uuid: str
    host_name: str
    ip_addresses: list[str]
    guest_full_name: str
    system: Literal["windows", "linux", "other"]
    power_state: str
    firmware: str
    secure_boot: bool
    encrypted: bool
    cpu_count: int
    memory_mb: int
    disk_count: int
    disk_gb: float
    snapshot_count: int
    tools_status: str
    eligible: bool = Field(description="Whether it can be protected, perhaps with something to mind.")
    verdict: Verdict
    findings: list[MachineFinding]
    seen_at: datetime
    gone_at: datetime | None = Field(description="Since when vCenter shows it no more.")


class MachinePage(Schema):
    items: list[MachineOut]
    next_cursor: str | None


@router.get("/", response={200: MachinePage, **problems()}, summary="List machines")
def list_machines(
    request: HttpRequest,
    vcenter: UUID | None = None,
    deployment: UUID | None = Query(None, description="Of its vCenters, and its physical servers."),
    profile: ProfileId = PROFILE,
    eligible: bool | None = Query(None, description="Only those that can be protected, or only the others."),
    verdict: Verdict | None = None,
    kind: Literal["vm", "physical"] | None = None,
    process_server: str = Query(
        "", max_length=64, description="The id that the vault gave the process server they replicate through."
    ),
    q: str = Query("", max_length=200, description="Words in name, host name or an address; all of them."),
    presence: Literal["here", "gone", "all"] = Query("here", description="Whether vCenter shows it."),
    ordering: str = Query("name", description="name, disk_gb, memory_mb or seen_at; a minus turns it round."),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """Discovered virtual machines and added physical servers, with what was found on each; templates are left out."""
    wish = MachineWish(
        profile=profile,
        deployment=deployment,
        vcenter=vcenter,
        kind=kind,
        eligible=eligible,
        verdict=verdict,
        process_server=process_server,
        words=q,
        presence=presence,
    )
    return pages.page(
        machine_search.search(caller(request), wish),
        ordering=ordering,
        allowed=("name", "disk_gb", "memory_mb", "seen_at"),
        limit=limit,
        cursor=cursor,
        show=lambda row: show_machine(row, profile),
    )


@router.get("/{int:machine_id}/", response={200: MachineOut, **problems(404)}, summary="One machine")
def get_machine(request: HttpRequest, machine_id: int, profile: ProfileId = PROFILE) -> dict[str, Any]:
    """As vCenter showed it last, or as somebody entered it."""
    row = visible_machines(caller(request)).filter(pk=machine_id).first()
    if row is None:
        raise NotFound(Text(_("There is no such machine.")))
    return show_machine(row, profile)


def show_machine(row: Machine, profile: ProfileId) -> dict[str, Any]:
    own = {"id", "vcenter", "deployment", "eligible", "verdict", "findings", "seen_at"}
    return {
        **{name: getattr(row, name) for name in set(MachineOut.model_fields) - own},
        "id": row.pk,
        "vcenter": row.vcenter_id,
        "deployment": row.deployment_id,
        "eligible": machine_search.is_eligible(profile, row),
        "verdict": machine_search.verdict_in(profile, row),
        "findings": [
            {"rule": one.rule, "status": one.status, "text": str(one.text), "remedy": str(one.remedy)}
            for one in machine_search.findings_in(profile, row)
        ],
        "seen_at": seen_at(row),
    }
