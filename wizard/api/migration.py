"""What moving a classic deployment to replication appliances would take."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from wizard.api.description import problems
from wizard.api.of_deployment import find
from wizard.planning.migration import moving
from wizard.services import guidance
from wizard.services.answers import answers_of, primary_component
from wizard.services.errors import NotFound
from wizard.text import Text, _

router = Router(tags=["sizing"])


class ConditionOut(Schema):
    id: str = Field(examples=["MOVE-01"])
    title: str
    requirement: str
    seen_in: str = Field(description="Where a person sees whether it holds.")


class LinkOut(Schema):
    title: str
    url: str = Field(examples=["https://learn.microsoft.com/azure/site-recovery/"])


class MigrationOut(Schema):
    appliances: int | None = Field(description="Null before the capacity step is answered; so is batches.")
    batches: int | None = Field(description="Actions in the portal, of at most ten machines each.")
    conditions: list[ConditionOut]
    notes: list[str]
    links: list[LinkOut]


@router.get(
    "/{uuid:deployment_id}/migration",
    response={200: MigrationOut, **problems(404)},
    summary="What moving to replication appliances would take",
)
def get_migration(request: HttpRequest, deployment_id: UUID) -> dict[str, Any]:
    """For a classic configuration server; 404 where nothing has to be moved."""
    deployment = find(request, deployment_id)
    if deployment.profile != "asr-classic" or primary_component(deployment) != "cs":
        raise NotFound(Text(_("Nothing has to be moved to a replication appliance here.")))
    move = guidance.move(answers_of(deployment))
    # What must hold does not depend on the numbers.
    known = move or moving(process_servers=0, machines=0)
    return {
        "appliances": move.appliances if move else None,
        "batches": move.batches if move else None,
        "conditions": [
            {
                "id": row.id,
                "title": str(row.title),
                "requirement": str(row.requirement),
                "seen_in": str(row.seen_in),
            }
            for row in known.conditions
        ],
        "notes": [str(note) for note in known.notes],
        "links": [{"title": str(link.title), "url": link.url} for link in known.links],
    }
