"""The installation of a machine: its bundle, and the secrets that go into it and never come out here."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header
from ninja import Field, Header, Router, Schema, Status

from wizard.api import schemas
from wizard.api.description import problems, sends
from wizard.api.of_deployment import CURSOR, LIMIT, find, operate, whole_list
from wizard.api.uploads import described, upload
from wizard.models import Deployment
from wizard.services import installation_bundle, installation_secrets
from wizard.services.installation_secrets import MAX_KEY_BYTES

router = Router(tags=["installation"])

Given = Literal["passphrase", "proxy"]
_KEY: Final = "vault_credentials"


class SecretIn(schemas.Input):
    secret: str = Field(
        description="The passphrase of the configuration server, or the password for the proxy."
    )
    username: str = Field("", description="For the proxy alone.")


class KeyAbout(Schema):
    """What a vault credentials file says of itself."""

    vault: str
    subscription: str
    resource_group: str
    region: str
    subject: str = Field(description="Of its certificate.")
    thumbprint: str = Field(description="SHA-1 of its certificate.")
    made_at: datetime
    ends_at: datetime
    age_hours: int
    hours_left: int
    ends_soon: bool = Field(description="Less than two hours are left.")


class SecretOut(Schema):
    kind: str = Field(description="mysql, vault_credentials, passphrase or proxy.")
    title: str
    required: bool = Field(description="The installation does not go without it.")
    generated: bool = Field(description="Made here, when the first bundle is.")
    secret_set: bool
    label: str = Field(description="The name of the file or of the account.")
    given_by: str
    given_at: datetime | None
    ends_at: datetime | None
    about: KeyAbout | None = Field(description="For vault_credentials alone.")


class SecretPage(Schema):
    items: list[SecretOut]
    next_cursor: str | None


@router.get(
    "/{uuid:deployment_id}/installation-bundle",
    response=problems(
        404,
        {
            409: (
                "not_ready",
                "no_bundle",
                "decommissioned",
                "not_installable",
                "secret_unreadable",
            )
        },
    ),
    summary="The zip for an installation by hand",
    openapi_extra=sends(200, zip="application/zip"),
)
def get_bundle(
    request: HttpRequest,
    deployment_id: UUID,
    password: str | None = Header(
        None,
        alias="Foothold-Bundle-Password",
        description="Encrypts every file in it with AES-256; at least 12 characters. Never part of an address.",
    ),
) -> StreamingHttpResponse:
    """Made while it is sent and never kept. It holds passwords: who takes it is written down, so it needs the scope `operate`.
    409 `not_ready` names what is missing, `no_bundle` where the template is used."""
    deployment, actor = operate(request, deployment_id, "installation.take_bundle")
    name, chunks = installation_bundle.stream(deployment, actor=actor, password=_as_typed(password))
    response = StreamingHttpResponse(chunks, content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


@router.get(
    "/{uuid:deployment_id}/installation-secrets/",
    response={200: SecretPage, **problems(404)},
    summary="Which secrets the installation needs, and which are there",
)
def list_secrets(
    request: HttpRequest, deployment_id: UUID, limit: int = LIMIT, cursor: str | None = CURSOR
) -> dict[str, Any]:
    """Never the secrets themselves; empty where nothing is installed by hand."""
    deployment = find(request, deployment_id)
    items = [_show(state) for state in installation_secrets.states(deployment)]
    return whole_list(items, of="list_secrets", limit=limit, cursor=cursor)


@router.put(
    "/{uuid:deployment_id}/installation-secrets/{kind}/",
    response={200: SecretOut, **problems(400, 404, 413, {409: ("task_running",)})},
    summary="Give a passphrase or the account for the proxy",
)
def put_secret(request: HttpRequest, deployment_id: UUID, kind: Given, payload: SecretIn) -> dict[str, Any]:
    """Sealed, and shown to nobody again. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "installation.give_secret")
    if kind == "passphrase":
        installation_secrets.give_passphrase(deployment, payload.secret, actor=actor)
    else:
        installation_secrets.give_proxy_account(
            deployment, username=payload.username, password=payload.secret, actor=actor
        )
    return _state(deployment, kind)


@router.put(
    "/{uuid:deployment_id}/installation-secrets/vault_credentials/file",
    response={200: SecretOut, **problems(400, 404, 413, {409: ("task_running",)})},
    summary="Give the registration key of the vault",
    openapi_extra=described("file"),
)
def put_vault_credentials(request: HttpRequest, deployment_id: UUID) -> dict[str, Any]:
    """For an installation over WinRM: the .VaultCredentials file as the part `file` of a form, under whatever name. It is read,
    must be of the vault that the vault step names, and goes when it was used or has ended. The codes at `file` are those of what
    is wrong with it: too_big, not_xml, dtd, wrong_kind_backup, wrong_kind_old, unknown_root, missing_element, bad_guid, bad_base64,
    bad_certificate, no_private_key, key_mismatch, weak_key, wrong_usage, not_yet_valid, expired, audience_mismatch, mixed_clouds,
    other_vault, other_region, other_cloud, other_endpoints. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "installation.give_secret")
    given = upload(request, "file", limit=MAX_KEY_BYTES, alone=False)
    installation_secrets.give_vault_credentials(
        deployment, name=given.name or "", content=given.content, actor=actor
    )
    return _state(deployment, _KEY)


@router.delete(
    "/{uuid:deployment_id}/installation-secrets/{kind}/",
    response={204: None, **problems(404, {409: ("task_running",)})},
    summary="Forget a secret that somebody gave",
)
def delete_secret(
    request: HttpRequest, deployment_id: UUID, kind: Literal["passphrase", "proxy", "vault_credentials"]
) -> Status[None]:
    """Generated ones stay: they may be those of a database that exists by now. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "installation.give_secret")
    installation_secrets.take_back(deployment, kind, actor=actor)
    return Status(204, None)


def _as_typed(header: str | None) -> str | None:
    """Headers come as Latin-1; whoever types an ö sends UTF-8."""
    if header is None:
        return None
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def _state(deployment: Deployment, kind: str) -> dict[str, Any]:
    return next(_show(state) for state in installation_secrets.states(deployment) if state.kind == kind)


def _show(state: installation_secrets.SecretState) -> dict[str, Any]:
    names = ("kind", "title", "required", "generated", "label", "given_by", "given_at", "ends_at")
    about = asdict(state.about) if state.about else None
    return {**{name: getattr(state, name) for name in names}, "secret_set": state.given, "about": about}
