"""Profiles, and the requirement catalogue of each."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from wizard.api import step_schemas
from wizard.api.auth import caller
from wizard.api.description import problems
from wizard.api.of_deployment import CURSOR, LIMIT, whole_list
from wizard.api.pages import page_of
from wizard.journey.base import PROFILES, journey
from wizard.services import explanations
from wizard.text import Text
from wizard.topology.roles import ROLES

router = Router(tags=["profiles"])


class ProfileStep(Schema):
    id: str
    title: str
    summary: str
    asks: bool = Field(description="Takes answers; else it is work that a task does.")
    when: list[str] = Field(
        description="Applies only where all of this holds, such as vcenter, ova or manual."
    )
    tasks: list[str] = Field(description="The kinds of task that belong to it.")


class ProfileComponent(Schema):
    id: str
    title: str
    does: str
    runs_on: str
    requirements: int = Field(description="How many rows of the catalogue concern it.")


class ProfileOut(Schema):
    id: str
    title: str
    summary: str
    steps: list[ProfileStep] = Field(description="In the order in which they are taken.")
    components: list[ProfileComponent]


class ProfilePage(Schema):
    items: list[ProfileOut]
    next_cursor: str | None


class ConflictVersion(Schema):
    says: str
    document: str
    date: str


class ConflictOut(Schema):
    id: str
    topic: str
    versions: list[ConflictVersion]
    handling: str = Field(description="Which one counts here, and why.")


class WayOut(Schema):
    phase: str
    methods: list[str]
    judge: str
    facts: list[str]
    params: dict[str, str]


class RequirementOut(Schema):
    id: str
    title: str
    why: str
    category: str
    kind: Literal["probe", "attested", "listed"] = Field(
        description="Checked by a probe, answered by a person, or listed with the reason why it is not checked."
    )
    question: str = Field(description="What a person is asked; else empty.")
    unchecked: str = Field(description="Why nothing checks it; else empty.")
    severity: str = Field(description="block, warn or info.")
    waivable: bool
    owner: str
    components: list[str]
    remedy: str
    command: str = Field(description="To be copied, where there is one.")
    source: str
    source_date: str
    link: str
    conflict: ConflictOut | None = Field(description="Where documents contradict each other.")
    ways: list[WayOut] = Field(description="How probes check it; empty where none does.")


class RequirementPage(Schema):
    items: list[RequirementOut]
    next_cursor: str | None


@router.get("/", response={200: ProfilePage, **problems()}, summary="List profiles")
def list_profiles(request: HttpRequest, limit: int = LIMIT, cursor: str | None = CURSOR) -> dict[str, Any]:
    """The architectures that can be set up, each with its steps and components."""
    caller(request)
    return whole_list(
        [_show_profile(name) for name, _title in explanations.profiles()],
        of="list_profiles",
        limit=limit,
        cursor=cursor,
    )


@router.get("/{profile}/", response={200: ProfileOut, **problems(404)}, summary="One profile")
def get_profile(request: HttpRequest, profile: str) -> dict[str, Any]:
    """Its steps in order, and the components that its requirements concern."""
    caller(request)
    explanations.listing(profile)
    return _show_profile(profile)


@router.get(
    "/{profile}/steps/{step}/schema",
    response={200: dict[str, Any], **problems(404)},
    summary="The JSON Schema of a step's answers",
)
def get_step_schema(request: HttpRequest, profile: str, step: str) -> dict[str, Any]:
    """JSON Schema 2020-12, made from the declaration that the step's form and the answer file are made from."""
    caller(request)
    return step_schemas.schema_of(profile, step)


@router.get(
    "/{profile}/requirements/",
    response={200: RequirementPage, **problems(404)},
    summary="The requirement catalogue",
)
def list_requirements(
    request: HttpRequest,
    profile: str,
    component: str | None = Query(None, description="Only what concerns this kind of component."),
    method: Literal["ova", "manual"] | None = None,
    phase: Literal["before", "after"] | None = None,
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> dict[str, Any]:
    """Every prerequisite once, whether it is checked, asked or only listed, with the document that states it."""
    caller(request)
    places = {row.id: place for place, row in enumerate(explanations.listing(profile))}
    found = explanations.selected(profile, component=component, method=method, phase=phase)
    rows = sorted(((places[row.id], row.id) for row in found), key=lambda pair: pair[0])
    return page_of(
        rows,
        of=f"requirements of {profile}",
        limit=limit,
        cursor=cursor,
        show=lambda requirement_id: _show_requirement(explanations.explain(profile, requirement_id)),
    )


@router.get(
    "/{profile}/requirements/{requirement_id}/",
    response={200: RequirementOut, **problems(404)},
    summary="One requirement",
)
def get_requirement(request: HttpRequest, profile: str, requirement_id: str) -> dict[str, Any]:
    """Why it is there, who can meet it and how, how it is checked, and the document that states it."""
    caller(request)
    return _show_requirement(explanations.explain(profile, requirement_id))


def _show_profile(name: str) -> dict[str, Any]:
    profile = PROFILES[name]
    counts = {kind: len(explanations.selected(name, component=str(kind))) for kind in ROLES}
    return {
        "id": name,
        "title": str(Text(profile.title)),
        "summary": str(Text(profile.summary)),
        "steps": [
            {
                "id": step.id,
                "title": str(Text(step.title)),
                "summary": str(Text(step.summary)),
                "asks": step.answers is not None,
                "when": sorted(step.when),
                "tasks": list(step.task_kinds),
            }
            for step in journey(name)
        ],
        "components": [
            {
                "id": str(kind),
                "title": str(role.title),
                "does": str(role.does),
                "runs_on": str(role.runs_on),
                "requirements": counts[kind],
            }
            for kind, role in ROLES.items()
            if counts[kind]
        ],
    }


def _show_requirement(found: explanations.Explanation) -> dict[str, Any]:
    row, conflict = found.requirement, found.conflict
    return {
        "id": row.id,
        "title": str(row.title),
        "why": str(row.why),
        "category": row.category,
        "kind": row.kind,
        "question": str(row.question or ""),
        "unchecked": str(row.unchecked or ""),
        "severity": row.severity,
        "waivable": row.waivable,
        "owner": row.owner,
        "components": list(row.components),
        "remedy": str(row.remedy),
        "command": row.command or "",
        "source": row.source,
        "source_date": row.source_date,
        "link": row.link,
        "conflict": {
            "id": conflict.id,
            "topic": str(conflict.topic),
            "versions": [
                {"says": str(version.says), "document": version.document, "date": version.date}
                for version in conflict.versions
            ],
            "handling": str(conflict.handling),
        }
        if conflict
        else None,
        "ways": [
            {
                "phase": str(way.phase),
                "methods": [str(method) for method in way.methods],
                "judge": way.judge,
                "facts": list(way.facts),
                "params": dict(way.params),
            }
            for way in found.ways
        ],
    }
