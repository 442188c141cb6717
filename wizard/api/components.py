"""The recorded components, over all deployments; the records themselves, and what changed between two of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from wizard.api import pages
from wizard.api.auth import caller
from wizard.api.description import problems
from wizard.api.of_deployment import CURSOR, LIMIT, find
from wizard.models import Component, TopologySnapshot
from wizard.services import topology
from wizard.services.errors import NotFound
from wizard.services.visibility import rows_for
from wizard.text import Text, _
from wizard.topology.graph import Kind
from wizard.topology.roles import ROLES

router = Router(tags=["topology"])
of_all = Router(tags=["topology"])


class ComponentOut(Schema):
    id: int = Field(description="Another one after each recording; `key` stays.")
    deployment: UUID
    key: str = Field(description="Unique in its deployment; the same as in the graph.")
    kind: Kind
    title: str
    name: str
    address: str
    zone: str = Field(description="sources, vsphere, site or azure.")
    attributes: dict[str, Any] = Field(description="By the names of the graph.")


class ComponentPage(Schema):
    items: list[ComponentOut]
    next_cursor: str | None


class SnapshotRow(Schema):
    number: int = Field(description="From 1, in the order of recording.")
    digest: str = Field(description="SHA-256 of the document and of the digest before it.")
    previous_digest: str = Field(description="Empty for the first.")
    recorded_by: str
    recorded_at: datetime


class SnapshotOut(SnapshotRow):
    document: dict[str, Any] = Field(description="The graph: version, nodes and links.")


class SnapshotPage(Schema):
    items: list[SnapshotRow]
    next_cursor: str | None


class FieldChange(Schema):
    key: str = Field(description="Of the component or link.")
    field: str = Field(description="Dotted for an attribute: attributes.version.")
    before: Any = None
    after: Any = None


class NodeChanges(Schema):
    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]
    changed: list[FieldChange]


class DiffOut(Schema):
    before: int
    after: int
    nodes: NodeChanges
    links: NodeChanges


@of_all.get("/", response={200: ComponentPage, **problems()}, summary="List recorded components")
def list_components(
    request: HttpRequest,
    deployment: UUID | None = None,
    kind: Kind | None = None,
    ordering: str = Query("name", description="name or kind; a minus turns it round."),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """As the newest record of each deployment has them; empty before the first."""
    rows = rows_for(caller(request), Component.objects.all())
    if deployment:
        rows = rows.filter(deployment=deployment)
    if kind:
        rows = rows.filter(kind=kind)
    return pages.page(
        rows, ordering=ordering, allowed=("name", "kind"), limit=limit, cursor=cursor, show=_show_component
    )


@router.get(
    "/{uuid:deployment_id}/snapshots/",
    response={200: SnapshotPage, **problems(404)},
    summary="The immutable records",
)
def list_snapshots(
    request: HttpRequest,
    deployment_id: UUID,
    ordering: str = Query("-number", description="number; a minus turns it round."),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """The newest first, without their documents. Each digest covers the one before."""
    rows = find(request, deployment_id).snapshots.select_related("recorded_by").defer("document")
    return pages.page(
        rows, ordering=ordering, allowed=("number",), limit=limit, cursor=cursor, show=_show_snapshot
    )


@router.get(
    "/{uuid:deployment_id}/snapshots/{int:number}/",
    response={200: SnapshotOut, **problems(404)},
    summary="One record",
)
def get_snapshot(request: HttpRequest, deployment_id: UUID, number: int) -> dict[str, Any]:
    """The whole graph as it was recorded."""
    rows = find(request, deployment_id).snapshots.select_related("recorded_by")
    row = rows.filter(number=number).first()
    if row is None:
        raise NotFound(Text(_("There is no such snapshot.")))
    return {**_show_snapshot(row), "document": row.document}


@router.get(
    "/{uuid:deployment_id}/snapshots/{int:number}/diff/{int:other}/",
    response={200: DiffOut, **problems(404)},
    summary="What changed between two records",
)
def compare_snapshots(request: HttpRequest, deployment_id: UUID, number: int, other: int) -> dict[str, Any]:
    """From `number` to `other`: components and links that came, went, or say something else, by key."""
    changes = topology.compare(find(request, deployment_id), number, other)
    return {"before": number, "after": other, **changes.to_json()}


def _show_component(row: Component) -> dict[str, Any]:
    names = ("key", "kind", "name", "address", "zone", "attributes")
    role: Any = ROLES
    return {
        **{name: getattr(row, name) for name in names},
        "id": row.pk,
        "deployment": row.deployment_id,
        "title": str(role[row.kind].title),
    }


def _show_snapshot(row: TopologySnapshot) -> dict[str, Any]:
    names = ("number", "digest", "previous_digest", "recorded_at")
    return {**{name: getattr(row, name) for name in names}, "recorded_by": row.recorded_by.username}
