"""The Azure accounts of this installation: their secrets go in, and never come out here."""

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
from wizard.api.of_deployment import CURSOR, LIMIT, text_file
from wizard.api.problems import named_by
from wizard.models import AzureAccount, Operator
from wizard.services import azure_account_sign_in, azure_accounts, azure_roles
from wizard.services.azure_account_wish import AccountWish

router = Router(tags=["azure accounts"])

How = Literal["client_secret", "client_certificate", "managed_identity", "default"]
Cloud = Literal["public", "us_government", "china"]


class AzureAccountChange(schemas.Input):
    how: How | None = Field(None, description="How it signs in; another way needs another secret.")
    cloud: Cloud | None = None
    tenant: str | None = Field(None, description="Directory id; for a service principal.")
    client_id: str | None = Field(None, description="Application id, or that of a managed identity.")
    secret: str = Field(
        "",
        description=(
            "Client secret, or certificate and private key as PEM; left out, the stored one stays. Another cloud, tenant or "
            "client_id needs it again."
        ),
    )


class AzureAccountIn(schemas.Input):
    name: str = Field(
        description="Vault steps and answer files name it so; unique.", examples=["lyon-reader"]
    )
    how: How = "client_secret"
    cloud: Cloud = "public"
    tenant: str = Field("", description="Directory id; for a service principal.")
    client_id: str = Field("", description="Application id, or that of a managed identity.")
    secret: str = Field("", description="Client secret, or certificate and private key as PEM.")
    team: str = Field("", description="Name of the team that it is for; left out, it is everybody's.")


class AzureAccountOut(Schema):
    id: UUID
    name: str
    how: How
    cloud: Cloud
    tenant: str
    client_id: str
    team: str | None = Field(description="Name of the team that it is for; null for everybody's.")
    secret_set: bool
    tested_at: datetime | None = Field(description="Null before the first test and while one is under way.")
    works: bool | None = Field(description="How the last test went; null where tested_at is.")
    failure: str
    remedy: str
    used_by: list[str] = Field(
        description="Names of the deployments whose vault step names it; those that the caller does not see are counted in a last line."
    )
    created_by: str
    created_at: datetime
    changed_at: datetime


class AzureAccountPage(Schema):
    items: list[AzureAccountOut]
    next_cursor: str | None


@router.get("/", response={200: AzureAccountPage, **problems()}, summary="List Azure accounts")
def list_azure_accounts(
    request: HttpRequest,
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
    ordering: str = Query("name", description="name or created_at, with a minus to turn it round."),
) -> dict[str, Any]:
    """With how their last test went and who uses them; never their secrets."""
    actor = caller(request)
    rows = azure_accounts.visible_accounts(actor)
    users = azure_accounts.users_by_name(actor=actor)
    return pages.page(
        rows,
        ordering=ordering,
        allowed=("name", "created_at"),
        limit=limit,
        cursor=cursor,
        show=lambda row: _show(row, users.get(row.name, [])),
    )


@router.post(
    "/",
    response={201: AzureAccountOut, **problems(400, 413, {422: ("name_taken",)})},
    summary="Add an Azure account",
    openapi_extra=sends(201, "Location"),
)
def create_azure_account(
    request: HttpRequest, response: HttpResponse, payload: AzureAccountIn
) -> Status[dict[str, Any]]:
    """Its secret is sealed, and it is tested at once by a worker: read it again until `tested_at` is set. 422 `name_taken`.
    Needs the scope `operate`."""
    actor = caller(request, "operate")
    with named_by("name_taken"):
        row = azure_accounts.create(AccountWish(**payload.dict()), actor=actor)
    azure_account_sign_in.ask_for_test(row, actor=actor)
    response["Location"] = reverse("api:get_azure_account", args=[row.pk])
    return Status(201, _one(row, actor))


@router.get(
    "/role",
    response=problems(404),
    summary="A role definition with what an account needs",
    openapi_extra=sends(200, json="application/json"),
)
def get_azure_role(
    request: HttpRequest,
    purpose: Literal["read", "vcenters", "machines", "all"] = "all",
    subscription: str = Query("", description="Where it can be assigned; left out, zeros stand there."),
) -> HttpResponse:
    """As `az role definition create --role-definition` takes it."""
    caller(request)
    name, content = azure_roles.definition(purpose, subscription=subscription)
    return text_file(content, "application/json", name)


@router.get(
    "/{uuid:account_id}/", response={200: AzureAccountOut, **problems(404)}, summary="One Azure account"
)
def get_azure_account(request: HttpRequest, account_id: UUID) -> dict[str, Any]:
    """While a test is under way `tested_at` is null; afterwards `works`, `failure` and `remedy` say how it went."""
    actor = caller(request)
    return _one(azure_accounts.get(account_id, actor=actor), actor)


@router.patch(
    "/{uuid:account_id}/",
    response={200: AzureAccountOut, **problems(400, 404, 413)},
    summary="Change an Azure account, or its secret",
)
def change_azure_account(
    request: HttpRequest, account_id: UUID, payload: AzureAccountChange
) -> dict[str, Any]:
    """What is left out stays, the name always does. It is tested again. Needs the scope `operate`."""
    actor = caller(request, "operate")
    row = azure_accounts.get(account_id, actor=actor)
    kept = {name: getattr(row, name) for name in ("name", "how", "cloud", "tenant", "client_id")}
    given = {name: value for name, value in payload.dict().items() if value is not None}
    azure_accounts.change(row, AccountWish(**(kept | given)), actor=actor)
    azure_account_sign_in.ask_for_test(row, actor=actor)
    return _one(row, actor)


@router.post(
    "/{uuid:account_id}/test/",
    response={202: AzureAccountOut, **problems(404)},
    summary="Test an Azure account",
)
def test_azure_account(request: HttpRequest, account_id: UUID) -> Status[dict[str, Any]]:
    """A worker signs in with it and lists what it sees; read it again until `tested_at` is set. Needs the scope `operate`."""
    actor = caller(request, "operate")
    row = azure_accounts.get(account_id, actor=actor)
    azure_account_sign_in.ask_for_test(row, actor=actor)
    return Status(202, _one(row, actor))


@router.delete(
    "/{uuid:account_id}/",
    response={204: None, **problems(404, {409: ("in_use",)})},
    summary="Delete an Azure account with its secret",
)
def delete_azure_account(request: HttpRequest, account_id: UUID) -> Status[None]:
    """409 `in_use` while the vault step of a deployment names it. Needs the scope `operate`."""
    actor = caller(request, "operate")
    azure_accounts.delete(azure_accounts.get(account_id, actor=actor), actor=actor)
    return Status(204, None)


def _one(row: AzureAccount, actor: Operator) -> dict[str, Any]:
    return _show(row, azure_accounts.names_of_users(row, actor=actor))


def _show(row: AzureAccount, users: list[str]) -> dict[str, Any]:
    names = ("name", "how", "cloud", "tenant", "client_id", "tested_at", "created_at", "changed_at")
    return {
        **{name: getattr(row, name) for name in names},
        "id": row.pk,
        "team": row.team.name if row.team is not None else None,
        "secret_set": row.credential_id is not None,
        "works": None if row.tested_at is None else not row.failure,
        "failure": str(row.failure),
        "remedy": str(row.remedy),
        "used_by": users,
        "created_by": row.created_by.username,
    }
