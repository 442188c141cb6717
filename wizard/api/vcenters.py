"""Registered vCenters, and a look at one before anybody trusts it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from wizard.api import pages, schemas
from wizard.api.auth import caller
from wizard.api.description import problems
from wizard.api.of_deployment import CURSOR, LIMIT
from wizard.models import Operator, VCenter
from wizard.services import vcenter_probe
from wizard.services.deployments import visible_deployments
from wizard.services.errors import NotFound
from wizard.services.permissions import reaches, require
from wizard.services.visibility import visible_vcenters
from wizard.text import Text, _

router = Router(tags=["vCenters"])


class VCenterOut(Schema):
    id: UUID
    name: str = Field(description="The friendly name under which the vault lists it.")
    host: str
    port: int
    thumbprint_sha256: str = Field(description="Of the certificate that somebody confirmed.")
    instance_uuid: str = Field(description="vCenter's own identity; it stays when the address changes.")
    product: str
    version: str
    build: str
    api_type: str = Field(description="VirtualCenter, or HostAgent for a standalone ESXi host.")
    api_version: str
    credential: str = Field(
        description="The name of the account with which its machines are read; empty for one of a team that you are not in."
    )
    deployments: list[UUID] = Field(description="Those that use it, as far as you may see them.")
    registered_at: datetime
    discovered_at: datetime | None = Field(description="When all machines were read last.")
    refreshed_at: datetime | None = Field(description="When they were read last, all or what had changed.")
    next_refresh_at: datetime | None
    refresh_failed_at: datetime | None = Field(description="Null after a refresh that went well.")
    refresh_failure: str
    refresh_remedy: str


class VCenterPage(Schema):
    items: list[VCenterOut]
    next_cursor: str | None


class ProbeIn(schemas.Input):
    host: str = Field(
        description="DNS name or IPv4 address; a URL like https://host:port/sdk is taken apart.",
        examples=["vcenter.example.net"],
    )
    port: int = Field(443, examples=[443])


class LayerOut(Schema):
    name: Literal["dns", "tcp", "tls", "soap"]
    status: Literal["pass", "fail", "skipped"]
    detail: str
    remedy: str = Field(description="Advice, where there is some.")
    seconds: float


class CertificateOut(Schema):
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str = Field(description="What `thumbprint_sha256` of the vCenter step takes.")
    names: list[str]
    self_signed: bool
    matches_host: bool


class AboutOut(Schema):
    product: str
    version: str
    build: str
    api_version: str
    api_type: str
    instance_uuid: str = Field(description="Empty on a standalone ESXi host.")


class ProbeOut(Schema):
    host: str
    port: int
    certificate: CertificateOut = Field(description="Not verified but shown, for a person to compare.")
    about: AboutOut
    layers: list[LayerOut] = Field(description="Name, TCP, TLS and API, each as it was found.")


@router.get("/", response={200: VCenterPage, **problems()}, summary="List vCenters")
def list_vcenters(
    request: HttpRequest,
    deployment: UUID | None = Query(None, description="Only those that this deployment uses."),
    ordering: str = Query(
        "registered_at", description="registered_at or friendly_name; a minus turns it round."
    ),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """Those that were registered, with the account that signs in and how their last refresh went."""
    actor = caller(request)
    rows = _rows(actor)
    if deployment:
        rows = rows.filter(deployments__in=visible_deployments(actor).filter(pk=deployment).values("pk"))
    return pages.page(
        rows,
        ordering=ordering,
        allowed=("registered_at", "friendly_name"),
        limit=limit,
        cursor=cursor,
        show=lambda row: _show(row, actor),
    )


@router.get("/{uuid:vcenter_id}/", response={200: VCenterOut, **problems(404)}, summary="One vCenter")
def get_vcenter(request: HttpRequest, vcenter_id: UUID) -> dict[str, Any]:
    """As it was seen when it was registered, and when its machines were read."""
    actor = caller(request)
    row = _rows(actor).filter(pk=vcenter_id).first()
    if row is None:
        raise NotFound(Text(_("There is no such vCenter.")))
    return _show(row, actor)


@router.post(
    "/probe/",
    response={
        200: ProbeOut,
        **problems(400, 413, {502: ("unreachable", "tls_failed", "not_vsphere"), 503: ("too_many_probes",)}),
    },
    summary="Look at a vCenter",
)
def probe_vcenter(request: HttpRequest, payload: ProbeIn) -> dict[str, Any]:
    """Shows its certificate and version before anybody trusts it; nobody signs in, and nothing is stored. Answers within ten
    seconds, a few at a time (503 `too_many_probes`). Addresses that this server does not connect to are refused (422). Needs
    the scope `operate`."""
    actor = caller(request, "operate")
    require(actor, "vcenter.probe")
    found = vcenter_probe.look(payload.host, payload.port, actor=actor)
    layers = [{**layer, **_words(layer, "detail", "remedy")} for layer in found["layers"]]
    return {**found, "layers": layers}


def _words(layer: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: str(Text.from_json(layer[name])) for name in names}


def _rows(actor: Operator) -> QuerySet[VCenter]:
    seen = visible_deployments(actor).order_by("name")
    return visible_vcenters(actor).prefetch_related(Prefetch("deployments", seen))


def _show(row: VCenter, actor: Operator) -> dict[str, Any]:
    sentences = ("refresh_failure", "refresh_remedy")
    others = set(VCenterOut.model_fields) - {"name", "credential", "deployments", *sentences}
    return {
        **{name: getattr(row, name) for name in others},
        **{name: str(getattr(row, name)) for name in sentences},
        "name": row.friendly_name,
        "credential": row.credential.name if reaches(actor, row.credential) else "",
        "deployments": [deployment.pk for deployment in row.deployments.all()],
    }
