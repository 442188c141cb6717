"""What two deployments claim at once."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from wizard.api.auth import caller
from wizard.api.description import problems
from wizard.api.of_deployment import CURSOR, LIMIT, whole_list
from wizard.services import crossing

router = Router(tags=["conflicts"])


class PlaceOut(Schema):
    deployment: UUID
    name: str = Field(description="Of the deployment.")
    what: str = Field(description="What stands there.")
    machine: int | None = Field(description="Its id where it is a machine to be protected.")


class CrossingOut(Schema):
    kind: Literal[
        "vault_identity", "clone", "instance_uuid", "address", "host_name", "vcenter_name", "physical_server"
    ]
    severity: Literal["critical", "warning"]
    value: str = Field(description="What stands twice.")
    text: str
    remedy: str
    places: list[PlaceOut]
    hidden: int = Field(description="In how many more deployments, which the caller does not see.")


class CrossingPage(Schema):
    items: list[CrossingOut]
    next_cursor: str | None


@router.get("/", response={200: CrossingPage, **problems()}, summary="Conflicts between deployments")
def list_conflicts(request: HttpRequest, limit: int = LIMIT, cursor: str | None = CURSOR) -> dict[str, Any]:
    """Identities, addresses and names that several deployments claim, the worst first. Those out of service are not looked at."""
    return whole_list(
        [
            {
                "kind": one.kind,
                "severity": one.severity,
                "value": one.value,
                "text": str(one.text),
                "remedy": str(one.remedy),
                "places": [
                    {
                        "deployment": place.site,
                        "name": place.site_name,
                        "what": str(place.what),
                        "machine": int(place.machine) if place.machine else None,
                    }
                    for place in one.places
                ],
                "hidden": one.hidden,
            }
            for one in crossing.found(actor=caller(request))
        ],
        of="list_conflicts",
        limit=limit,
        cursor=cursor,
    )
