"""Hand-over packs: listed and downloaded; the task `make_hand_over_pack` makes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from wizard.api.description import problems, sends
from wizard.api.of_deployment import CURSOR, LIMIT, binary_file, find, operate, whole_list
from wizard.models import HandOverPack
from wizard.services import hand_over

router = Router(tags=["hand-over"])


class PackOut(Schema):
    id: UUID
    file_name: str = Field(examples=["lyon-cs01-hand-over-20261122T120000Z.zip"])
    size_bytes: int
    sha256: str = Field(description="Of the whole zip.")
    signature: str = Field(description="Ed25519 over MANIFEST.sha256 inside, 128 hexadecimal digits.")
    public_key: str = Field(description="Of the installation that signed, 64 hexadecimal digits.")
    made_by: str
    made_at: datetime


class PackPage(Schema):
    items: list[PackOut]
    next_cursor: str | None


@router.get(
    "/{uuid:deployment_id}/packs/",
    response={200: PackPage, **problems(404)},
    summary="The hand-over packs that are kept",
)
def list_packs(
    request: HttpRequest, deployment_id: UUID, limit: int = LIMIT, cursor: str | None = CURSOR
) -> dict[str, Any]:
    """The newest first, at most ten. `make_hand_over_pack` makes one; its result names it as `pack`."""
    return whole_list(
        [_show(row) for row in hand_over.packs_of(find(request, deployment_id))],
        of="list_packs",
        limit=limit,
        cursor=cursor,
    )


@router.get(
    "/{uuid:deployment_id}/packs/{uuid:pack_id}/file",
    response=problems(404),
    summary="A hand-over pack as a file",
    openapi_extra=sends(200, zip="application/zip"),
)
def download_pack(request: HttpRequest, deployment_id: UUID, pack_id: UUID) -> HttpResponse:
    """The zip, signed; its README says how it is verified. Who takes it is written down. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "hand_over.take")
    pack = hand_over.take(deployment, pack_id, actor=actor)
    return binary_file(bytes(pack.content), "application/zip", pack.file_name)


def _show(row: HandOverPack) -> dict[str, Any]:
    return {
        "id": row.pk,
        "file_name": row.file_name,
        "size_bytes": row.size,
        "sha256": row.sha256,
        "signature": row.signature,
        "public_key": row.public_key,
        "made_by": row.made_by.username,
        "made_at": row.made_at,
    }
