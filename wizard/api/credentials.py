"""The stored accounts for remote parts: their secrets go in, and never come out here."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Field, Query, Router, Schema, Status

from wizard.api import pages, schemas
from wizard.api.auth import caller
from wizard.api.description import problems, sends
from wizard.api.of_deployment import CURSOR, LIMIT
from wizard.api.problems import named_by
from wizard.models import Credential
from wizard.services import credential_register
from wizard.services.permissions import require
from wizard.services.visibility import visible_credentials

router = Router(tags=["credentials"])

Kind = Literal["vcenter", "windows", "linux", "proxy", "azure_service_principal"]
_ADDRESS = "The only address that the password may be sent to, as host:port; for vCenter. Empty: that where it is used first."


class CredentialIn(schemas.Input):
    name: str = Field(description="Steps and answer files name it so; unique.", examples=["lyon-vcenter"])
    kind: Kind = Field(examples=["vcenter"])
    username: str = Field(examples=["asr@vsphere.local"])
    secret: str = Field(description="The password.", examples=["a-long-password"])
    address: str = Field("", description=_ADDRESS, examples=["vcenter.example.net:443"])
    team: UUID | None = Field(
        None, description="Only for deployments of this team; null: for all. One of your teams."
    )


class CredentialChange(schemas.Input):
    username: str | None = Field(None, description="Needs the secret again.", examples=["asr2@vsphere.local"])
    secret: str = Field("", description="Left out, the stored one stays.", examples=["another-long-password"])
    address: str | None = Field(None, description=f"{_ADDRESS} Needs the secret again.", examples=[""])


class CredentialOut(Schema):
    id: UUID
    name: str
    kind: Kind
    username: str
    secret_set: bool = Field(description="Always true: there is no account without a secret.")
    address: str = Field(description=_ADDRESS)
    team: UUID | None
    standing: Literal["untried", "trying", "accepted", "rejected"] = Field(
        description="How the remote part took it; a rejected secret is not sent again until another is entered."
    )
    used_by: list[str] = Field(
        description="Names of the deployments that use it, as far as you may see them."
    )
    created_at: datetime
    changed_at: datetime


class CredentialPage(Schema):
    items: list[CredentialOut]
    next_cursor: str | None


@router.get("/", response={200: CredentialPage, **problems()}, summary="List credentials")
def list_credentials(
    request: HttpRequest,
    kind: Kind | None = None,
    name: str | None = Query(None, max_length=100, description="Part of the name."),
    ordering: str = Query("name", description="name or created_at; a minus turns it round."),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """Everybody's and those of your teams; never their secrets."""
    actor = caller(request)
    require(actor, "credential.see")
    rows = visible_credentials(actor)
    if kind:
        rows = rows.filter(kind=kind)
    if name:
        rows = rows.filter(name__icontains=name)
    found = pages.page(
        rows,
        ordering=ordering,
        allowed=("name", "created_at"),
        limit=limit,
        cursor=cursor,
        show=lambda row: row,
    )
    users = credential_register.users_by_name(actor, [row.name for row in found["items"]])
    return {**found, "items": [_show(row, users[row.name]) for row in found["items"]]}


@router.post(
    "/",
    response={201: CredentialOut, **problems(400, {409: ("name_taken",), 422: ("azure_account",)}, 413)},
    summary="Store a credential",
    openapi_extra=sends(201, "Location"),
)
def create_credential(
    request: HttpRequest, response: HttpResponse, payload: CredentialIn
) -> Status[dict[str, Any]]:
    """The secret is sealed, and shown to nobody again. Of vCenter's accounts it is sent once to be tried, by the task
    `sign_in_vcenter`. The kind `azure_service_principal` is listed here, and entered as an Azure account (422
    `azure_account`). Needs the scope `operate`."""
    actor = caller(request, "operate")
    require(actor, "credential.store")
    with named_by("azure_account"):
        row = credential_register.add(**payload.dict(), actor=actor)
    response["Location"] = reverse("api:get_credential", args=[row.pk])
    return Status(201, _one(request, row))


@router.get(
    "/{uuid:credential_id}/", response={200: CredentialOut, **problems(404)}, summary="One credential"
)
def get_credential(request: HttpRequest, credential_id: UUID) -> dict[str, Any]:
    """How it stands, and which deployments use it; never its secret."""
    actor = caller(request)
    require(actor, "credential.see")
    return _one(request, credential_register.get(credential_id, actor=actor))


@router.patch(
    "/{uuid:credential_id}/",
    response={200: CredentialOut, **problems(400, 404, {409: ("name_taken",), 422: ("azure_account",)}, 413)},
    summary="Change a credential, or its secret",
)
def change_credential(request: HttpRequest, credential_id: UUID, payload: CredentialChange) -> dict[str, Any]:
    """What is left out stays; the name, by which steps know it, always does. A new secret counts as not tried yet. Needs the
    scope `operate`."""
    actor = caller(request, "operate")
    require(actor, "credential.store")
    row = credential_register.get(credential_id, actor=actor)
    with named_by("azure_account"):
        row = credential_register.change(row, actor=actor, **payload.dict())
    return _one(request, row)


@router.delete(
    "/{uuid:credential_id}/",
    response={204: None, **problems(404, {409: ("in_use",)})},
    summary="Delete a credential with its secret",
)
def delete_credential(request: HttpRequest, credential_id: UUID) -> Status[None]:
    """409 `in_use` while a deployment, a vCenter or an Azure account uses it; `detail` names where. Needs the scope
    `operate`."""
    actor = caller(request, "operate")
    require(actor, "credential.delete")
    credential_register.delete(credential_register.get(credential_id, actor=actor), actor=actor)
    return Status(204, None)


def _one(request: HttpRequest, row: Credential) -> dict[str, Any]:
    return _show(row, credential_register.users_by_name(caller(request), [row.name])[row.name])


def _show(row: Credential, users: list[str]) -> dict[str, Any]:
    names = ("name", "kind", "username", "address", "standing", "created_at", "changed_at")
    return {
        **{name: getattr(row, name) for name in names},
        "id": row.pk,
        "team": row.team_id,
        "secret_set": True,
        "used_by": users,
    }
