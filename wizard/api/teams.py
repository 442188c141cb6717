"""Teams: whose deployments and accounts are. Everybody sees their own, administrators see and change all."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Field, Query, Router, Schema, Status

from wizard.api import pages, schemas
from wizard.api.auth import caller
from wizard.api.description import problems, sends
from wizard.api.of_deployment import CURSOR, LIMIT
from wizard.api.problems import named_by
from wizard.models import Operator, Team
from wizard.services import teams
from wizard.services.permissions import require

router = Router(tags=["teams"])


class TeamIn(schemas.Input):
    name: str = Field(description="1 to 100 characters; unique.", examples=["Lyon"])


class TeamOut(Schema):
    id: UUID
    name: str
    members: list[str] = Field(description="User names, in their order.")
    created_at: datetime


class TeamPage(Schema):
    items: list[TeamOut]
    next_cursor: str | None


@router.get("/", response={200: TeamPage, **problems()}, summary="List teams")
def list_teams(
    request: HttpRequest,
    ordering: str = Query("name", description="name or created_at, with a minus to turn it round."),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """For administrators all teams, for others those that they are in."""
    return pages.page(
        teams.visible_teams(caller(request)).prefetch_related("members"),
        ordering=ordering,
        allowed=("name", "created_at"),
        limit=limit,
        cursor=cursor,
        show=_show,
    )


@router.post(
    "/",
    response={201: TeamOut, **problems(400, 413, {422: ("name_taken",)})},
    summary="Make a team",
    openapi_extra=sends(201, "Location"),
)
def create_team(request: HttpRequest, response: HttpResponse, payload: TeamIn) -> Status[dict[str, Any]]:
    """Nobody is in it yet. 422 `name_taken`. For administrators; needs the scope `admin`."""
    actor = _administrator(request)
    with named_by("name_taken"):
        team = teams.create(name=payload.name, actor=actor)
    response["Location"] = reverse("api:get_team", args=[team.pk])
    return Status(201, _show(team))


@router.get("/{uuid:team_id}/", response={200: TeamOut, **problems(404)}, summary="One team")
def get_team(request: HttpRequest, team_id: UUID) -> dict[str, Any]:
    """Its members by their user names."""
    return _show(teams.get(team_id, actor=caller(request)))


@router.patch(
    "/{uuid:team_id}/",
    response={200: TeamOut, **problems(400, 404, 413, {422: ("name_taken",)})},
    summary="Rename a team",
)
def rename_team(request: HttpRequest, team_id: UUID, payload: TeamIn) -> dict[str, Any]:
    """422 `name_taken`. For administrators; needs the scope `admin`."""
    actor = _administrator(request)
    with named_by("name_taken"):
        return _show(teams.rename(teams.get(team_id, actor=actor), name=payload.name, actor=actor))


@router.delete(
    "/{uuid:team_id}/",
    response={204: None, **problems(404, {409: ("team_in_use",)})},
    summary="Delete a team",
)
def delete_team(request: HttpRequest, team_id: UUID) -> Status[None]:
    """409 `team_in_use` as long as something belongs to it. For administrators; needs the scope `admin`."""
    actor = _administrator(request)
    teams.delete(teams.get(team_id, actor=actor), actor=actor)
    return Status(204, None)


@router.put(
    "/{uuid:team_id}/members/{username}/",
    response={200: TeamOut, **problems(404, {422: ("unknown_person",)})},
    summary="Add somebody to a team",
)
def add_team_member(request: HttpRequest, team_id: UUID, username: str) -> dict[str, Any]:
    """422 `unknown_person` where there is no such active person. For administrators; needs the scope `admin`."""
    actor = _administrator(request)
    team = teams.get(team_id, actor=actor)
    with named_by("unknown_person"):
        teams.add_member(team, username=username, actor=actor)
    return _show(team)


@router.delete(
    "/{uuid:team_id}/members/{username}/",
    response={204: None, **problems(404)},
    summary="Take somebody out of a team",
)
def remove_team_member(request: HttpRequest, team_id: UUID, username: str) -> Status[None]:
    """What they began stays the team's. For administrators; needs the scope `admin`."""
    actor = _administrator(request)
    teams.remove_member(teams.get(team_id, actor=actor), username=username, actor=actor)
    return Status(204, None)


def _administrator(request: HttpRequest) -> Operator:
    """The caller, who may change teams: said before anybody is told whether there is such a one."""
    actor = caller(request, "admin")
    require(actor, "team.change")
    return actor


def _show(team: Team) -> dict[str, Any]:
    return {
        "id": team.pk,
        "name": team.name,
        "members": sorted(person.get_username() for person in team.members.all()),
        "created_at": team.created_at,
    }
