"""The physical servers of a deployment: entered one by one, or taken from a CSV file; and its machines as a file."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from ninja import Field, Query, Router, Schema, Status

from wizard.api import pages, schemas
from wizard.api.description import problems, sends
from wizard.api.machines import Verdict
from wizard.api.of_deployment import CURSOR, IF_MATCH_MAY, LIMIT, changing, find, operate, text_file
from wizard.api.uploads import described, upload
from wizard.models import Deployment, Machine
from wizard.services import machines, machines_csv, physical_servers
from wizard.services.machines import Wish

router = Router(tags=["machines"])


class ServerIn(schemas.Input):
    name: str = Field(description="As it is to appear in Site Recovery.", examples=["fileserver01"])
    address: str = Field(description="IPv4 address or DNS name.", examples=["192.0.2.10"])
    operating_system: str = Field(
        description="Product and release, with “64-bit” where there is a 32-bit edition too.",
        examples=["Windows Server 2019"],
    )
    firmware: str = Field("", description="bios, efi or efi secure boot; empty: not known.", examples=["efi"])
    disks_gb: str = Field(
        "",
        description="The size of each disk in GB, with a space between; empty: not known.",
        examples=["80 500"],
    )


class ServerOut(Schema):
    id: int = Field(description="The same as of the machine.")
    name: str
    address: str
    operating_system: str
    firmware: str
    disks_gb: str
    verdict: Verdict = Field(description="In the profile of the deployment.")


class ServerPage(Schema):
    items: list[ServerOut]
    next_cursor: str | None


class ImportOut(Schema):
    written: bool
    new: list[str] = Field(description="Names; so are the others.")
    changed: list[str]
    same: list[str]


@router.get(
    "/{uuid:deployment_id}/physical-servers/",
    response={200: ServerPage, **problems(404)},
    summary="List physical servers",
)
def list_physical_servers(
    request: HttpRequest,
    deployment_id: UUID,
    ordering: str = Query("name", description="name; a minus turns it round."),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """As they were entered; `/machines/` shows what was found on each."""
    deployment = find(request, deployment_id)
    rows = deployment.physical_servers.filter(kind=Machine.Kind.PHYSICAL)
    return pages.page(
        rows,
        ordering=ordering,
        allowed=("name",),
        limit=limit,
        cursor=cursor,
        show=lambda row: _show(deployment, row),
    )


@router.post(
    "/{uuid:deployment_id}/physical-servers/",
    response={201: ServerOut, **problems(400, 404, 412, 413)},
    summary="Add a physical server",
    openapi_extra=sends(201, "Location"),
)
def add_physical_server(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    payload: ServerIn,
    if_match: str | None = IF_MATCH_MAY,
) -> Status[dict[str, Any]]:
    """Judged at once. Its name is its own in the deployment. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "physical_server.change")
    with changing(deployment, if_match):
        row = physical_servers.add(deployment, payload.dict(), actor=actor)
    response["Location"] = reverse("api:get_machine", args=[row.pk])
    return Status(201, _show(deployment, row))


@router.put(
    "/{uuid:deployment_id}/physical-servers/{int:machine_id}/",
    response={200: ServerOut, **problems(400, 404, 412, 413)},
    summary="Enter a physical server anew",
)
def change_physical_server(
    request: HttpRequest,
    deployment_id: UUID,
    machine_id: int,
    payload: ServerIn,
    if_match: str | None = IF_MATCH_MAY,
) -> dict[str, Any]:
    """Takes the place of all that was entered, and is judged anew. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "physical_server.change")
    with changing(deployment, if_match):
        row = physical_servers.find(deployment, machine_id)
        row = physical_servers.change(row, payload.dict(), actor=actor)
    return _show(deployment, row)


@router.delete(
    "/{uuid:deployment_id}/physical-servers/{int:machine_id}/",
    response={204: None, **problems(404, 412)},
    summary="Remove a physical server",
)
def remove_physical_server(
    request: HttpRequest, deployment_id: UUID, machine_id: int, if_match: str | None = IF_MATCH_MAY
) -> Status[None]:
    """From the list alone; nothing happens to the server. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "physical_server.change")
    with changing(deployment, if_match):
        physical_servers.remove(physical_servers.find(deployment, machine_id), actor=actor)
    return Status(204, None)


@router.post(
    "/{uuid:deployment_id}/physical-servers/import",
    response={200: ImportOut, **problems(400, 404, {409: ("changed_meanwhile",)}, 412, 413)},
    summary="Take physical servers from a CSV file",
    openapi_extra=described("file", media_type="text/csv"),
)
def import_physical_servers(
    request: HttpRequest,
    deployment_id: UUID,
    dry_run: bool = Query(False, description="Only say what would change."),
    if_match: str | None = IF_MATCH_MAY,
) -> dict[str, Any]:
    """The file as the body, or as the part `file` of a form. All of its servers are written, or none (422); those that are not
    in it stay as they are. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "physical_server.change")
    given = upload(request, "file", limit=physical_servers.BYTES_MOST)
    with changing(deployment, if_match):
        if dry_run:
            plan = physical_servers.plan_import(deployment, given.content)
        else:
            plan = physical_servers.take_over(deployment, given.content, actor=actor)
    names = {part: [server.name for server in getattr(plan, part)] for part in ("new", "changed", "same")}
    return {"written": not dry_run, **names}


@router.get(
    "/{uuid:deployment_id}/physical-servers/template",
    response=problems(404),
    summary="The CSV file to fill in",
    openapi_extra=sends(200, csv="text/csv"),
)
def get_physical_servers_template(request: HttpRequest, deployment_id: UUID) -> HttpResponse:
    """With the columns that the import takes, and an example."""
    find(request, deployment_id)
    return text_file("\ufeff" + physical_servers.template(), "text/csv", "physical-servers.csv")


@router.get(
    "/{uuid:deployment_id}/machines.csv",
    response=problems(404),
    summary="The machines of a deployment as a CSV file",
    openapi_extra=sends(200, csv="text/csv"),
)
def get_machines_file(
    request: HttpRequest,
    deployment_id: UUID,
    verdict: Verdict | None = None,
    kind: Literal["vm", "physical", "template"] | None = None,
    q: str = Query("", max_length=200, description="Words in name, host name or an address; all of them."),
) -> StreamingHttpResponse:
    """All of them, made while it is sent."""
    deployment = find(request, deployment_id)
    wish = Wish(verdict=verdict or "", kind=kind or "", words=q)
    response = StreamingHttpResponse(
        machines_csv.stream(deployment, wish), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = content_disposition_header(True, f"{deployment.name}-machines.csv")
    return response


def _show(deployment: Deployment, row: Machine) -> dict[str, Any]:
    verdict = machines.verdict_of(deployment, row)
    return {"id": row.pk, "verdict": verdict, **physical_servers.cells_of(row)}
