"""Passwords for properties of the template: they go in, and never come out here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from wizard.api import schemas
from wizard.api.description import problems
from wizard.api.of_deployment import CURSOR, LIMIT, find, operate, whole_list
from wizard.models import Deployment
from wizard.services import template_passwords

router = Router(tags=["template"])


class TemplatePasswordsIn(schemas.Input):
    passwords: dict[str, str] = Field(
        description="By the key of the property. Those that are not named stay as they are; an empty one is taken back.",
        examples=[{"admin.password": "a-long-one"}],
    )


class TemplatePasswordOut(Schema):
    key: str = Field(
        description="The key of the property, as the descriptor has it.", examples=["admin.password"]
    )
    label: str
    required: bool = Field(description="The machine cannot be started without it.")
    secret_set: bool
    given_by: str
    given_at: datetime | None


class TemplatePasswordPage(Schema):
    items: list[TemplatePasswordOut]
    next_cursor: str | None


@router.get(
    "/{uuid:deployment_id}/template-passwords/",
    response={200: TemplatePasswordPage, **problems(404)},
    summary="Which passwords the template asks for, and which are there",
)
def list_template_passwords(
    request: HttpRequest, deployment_id: UUID, limit: int = LIMIT, cursor: str | None = CURSOR
) -> dict[str, Any]:
    """Never the passwords themselves; empty before the template was inspected."""
    return whole_list(
        _rows(find(request, deployment_id)), of="list_template_passwords", limit=limit, cursor=cursor
    )


@router.put(
    "/{uuid:deployment_id}/template-passwords/",
    response={
        200: TemplatePasswordPage,
        **problems(400, 404, 413, {409: ("already_deployed", "task_running")}),
    },
    summary="Give passwords for properties of the template",
)
def put_template_passwords(
    request: HttpRequest, deployment_id: UUID, payload: TemplatePasswordsIn
) -> dict[str, Any]:
    """For the template that the template step names, once it was inspected. Sealed, shown to nobody again, handed to vCenter with
    the import, and forgotten when the appliance is deployed. What was planned before does not hold then. Needs the scope `operate`.
    """
    deployment, actor = operate(request, deployment_id, "installation.give_secret")
    template_passwords.give(deployment, payload.passwords, actor=actor)
    return whole_list(_rows(deployment))


def _rows(deployment: Deployment) -> list[dict[str, Any]]:
    names = ("key", "label", "required", "given_by", "given_at")
    return [
        {**{name: getattr(state, name) for name in names}, "secret_set": state.given}
        for state in template_passwords.states(deployment)
    ]
