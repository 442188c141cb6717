"""What the account may do in vCenter against what it needs, and scripts that make both the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from wizard.api.auth import caller
from wizard.api.description import problems, sends
from wizard.api.of_deployment import find, text_file
from wizard.services import privileges, privileges_csv, role_scripts
from wizard.services.privileges import Comparison
from wizard.services.role_scripts import ScriptWish

router = Router(tags=["privileges"])

Level = Literal["discovery", "full", "appliance", "ova"]

LEVELS: list[Level] = Query(
    [], alias="level", description="One or several; left out, all that the deployment needs."
)


class MissingPrivilege(Schema):
    level: Level
    id: str = Field(description="As the vSphere API names it.", examples=["VApp.Import"])
    name: str = Field(description="As the role editor of vSphere names it.")


class ObjectPrivileges(Schema):
    type: str = Field(examples=["Datacenter"])
    moid: str = Field(examples=["datacenter-2"])
    name: str
    path: str = Field(description="From the root of the inventory, which is `/`.")
    granted: int = Field(description="How many privileges the account has there.")
    missing: list[MissingPrivilege]
    excess: list[str] = Field(description="Ids of privileges that none of the levels needs.")
    administrator: bool = Field(description="Whether the account has nearly all privileges there.")


class PrivilegeComparison(Schema):
    account: str = Field(description="As vCenter spells it.")
    compared_at: datetime | None = Field(description="When the sign-in that looked it up ended.")
    levels: list[Level]
    exact: bool = Field(description="Everything is seen, nothing is missing, and nothing too much.")
    outdated: bool = Field(description="Another placement was chosen since: sign in again to compare.")
    unseen: list[str] = Field(description="What the placement chose and the account does not see.")
    unknown: list[str] = Field(description="Needed ids that this release of vCenter does not have.")
    objects: list[ObjectPrivileges]


@router.get(
    "/{uuid:deployment_id}/privileges",
    response={200: PrivilegeComparison, **problems(404, {409: ("not_ready",)})},
    summary="Missing and excess privileges of the vCenter account, by object",
    openapi_extra=sends(200, csv="text/csv"),
)
def get_privileges(
    request: HttpRequest,
    deployment_id: UUID,
    levels: list[Level] = LEVELS,
    form: Literal["json", "csv"] = Query("json", alias="format"),
) -> Any:
    """As the newest `sign_in_vcenter` found them; 409 `not_ready` before there is one."""
    deployment = find(request, deployment_id)
    found = privileges.compared(deployment, levels)
    if form == "csv":
        return text_file(privileges_csv.as_csv(found), "text/csv", f"{deployment.name}-privileges.csv")
    return _show(found)


@router.get(
    "/{uuid:deployment_id}/privileges/script",
    response=problems(
        404,
        {
            409: (
                "not_ready",
                "administrator",
            )
        },
    ),
    summary="A script that gives the account exactly what it needs",
    openapi_extra=sends(200, script="text/plain"),
)
def get_role_script(
    request: HttpRequest,
    deployment_id: UUID,
    form: Literal["powercli", "govc"] = Query(..., alias="format"),
    levels: list[Level] = LEVELS,
    role: str = Query("", description="Name of the role; left out, one of the deployment's own."),
    principal: str = Query(
        "", description="Who gets the role, as `DOMAIN\\user`; left out, the account of the vCenter step."
    ),
) -> HttpResponse:
    """Makes the role or changes it, and assigns it to the account on the objects that are used; it can be run again at any time.
    409 `not_ready` before the vCenter step names server and account, 409 `administrator` where it would strip an administrator."""
    deployment, actor = find(request, deployment_id), caller(request)
    wish = ScriptWish(levels=tuple(levels), role_name=role, principal=principal)
    body = role_scripts.script_for(deployment, form, actor=actor, wish=wish)
    ending = next(ending for ending, known in role_scripts.FORMS.items() if known == form)
    return text_file(body, "text/plain", f"{deployment.name}-privileges.{ending}")


def _show(found: Comparison) -> dict[str, Any]:
    return {
        "account": found.account,
        "compared_at": found.asked_at,
        "levels": list(found.levels),
        "exact": found.exact,
        "outdated": found.outdated,
        "unseen": list(found.unseen),
        "unknown": list(found.unknown),
        "objects": [
            {
                **item.object.to_json(),
                "granted": item.granted_count,
                "missing": [
                    {"level": level, "id": right.privilege_id, "name": right.name}
                    for level, rights in item.missing.items()
                    for right in rights
                ],
                "excess": list(item.excess),
                "administrator": item.administrator,
            }
            for item in found.objects
        ],
    }
