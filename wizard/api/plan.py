"""The recorded plan of an import, before it is approved by starting it, and afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from wizard.api.description import problems
from wizard.api.of_deployment import find
from wizard.models import DeploymentPlan
from wizard.services import deployment_plan
from wizard.services.errors import NotFound
from wizard.text import Text, _

router = Router(tags=["plan"])


class PlanRecord(Schema):
    salt: str = Field(
        description="Random, hexadecimal: with it the digests that stand for password properties are made."
    )
    parts: dict[str, Any] = Field(
        description="vcenter, template, placement, networks, properties, spec, privileges, warnings."
    )
    digests: dict[str, str] = Field(
        description="SHA-256 of each part in its canonical spelling: JSON in ASCII, keys sorted, no spaces."
    )
    sha256: str = Field(description='The same of {"salt", "parts": digests}.')


class PlanOut(Schema):
    sha256: str = Field(description="What `deploy_ova` takes as `plan_sha256`.", examples=["5e0b6f11" * 8])
    status: Literal["current", "outdated", "deployed"] = Field(
        description="Only the current one can be approved."
    )
    outdated_because: str | None
    made_at: datetime
    task: UUID = Field(description="The task that made it.")
    approved_by: str | None
    approved_at: datetime | None
    record: PlanRecord


@router.get(
    "/{uuid:deployment_id}/plan",
    response={200: PlanOut, **problems(404)},
    summary="The recorded plan of the import",
)
def get_plan(request: HttpRequest, deployment_id: UUID) -> dict[str, Any]:
    """What the newest `plan_deployment` found that vCenter would make of the template; once it is deployed, the plan that was
    approved for it. `deploy_ova` with its `sha256` approves it and deploys exactly that. 404 before there is one."""
    plan = deployment_plan.shown(find(request, deployment_id))
    if plan is None:
        raise NotFound(Text(_("No plan was made yet.")))
    return _show(plan)


def _show(plan: DeploymentPlan) -> dict[str, Any]:
    outdated = deployment_plan.outdated_because(plan) if plan.deployment.is_open else None
    return {
        "sha256": plan.sha256,
        "status": "deployed" if not plan.deployment.is_open else "outdated" if outdated else "current",
        "outdated_because": str(outdated) if outdated else None,
        "made_at": plan.made_at,
        "task": plan.task_id,
        "approved_by": plan.approved_by.username if plan.approved_by else None,
        "approved_at": plan.approved_at,
        "record": plan.record,
    }
