"""The recorded plan on the page of the deploy step: made, looked at, approved by the start, and kept to be read."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_safe

from wizard.models import Deployment, Task
from wizard.services import deployment_plan, deployments, plan_contents
from wizard.services.errors import NotFound
from wizard.text import Text, _
from wizard.web.guard import SignedInRequest, page


def ordered(sent: QueryDict) -> tuple[str, dict[str, Any]]:
    """The kind of task that a form of this page asks for, with its inputs."""
    if sent.get("action") == "plan":
        return "plan_deployment", {}
    # Exactly the plan that was on the page: another one, made meanwhile, is refused.
    return "deploy_ova", {"plan_sha256": sent.get("plan_sha256", "")}


def context(deployment: Deployment, failed: Task | None) -> dict[str, Any]:
    """What `web/_deployment_plan.html` shows. `failed` is the newest attempt, where it failed."""
    plan = deployment_plan.shown(deployment)
    outdated = deployment_plan.outdated_because(plan) if plan and deployment.is_open else None
    return {
        "plan": plan,
        "plan_outdated": outdated,
        "plan_current": plan is not None and deployment.is_open and outdated is None,
        "plan_sections": plan_contents.sections(plan) if plan and not outdated else (),
        "plan_specification": _pretty(plan.record["parts"]["spec"]) if plan and not outdated else "",
        "plan_url": reverse("plan_file", args=[deployment.pk]),
        "plan_differences": _differences(failed),
    }


@page
@require_safe
def download(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The plan that the deploy step shows, with the digests of its parts. Raises NotFound where there is none."""
    deployment = deployments.get(pk, actor=request.user)
    plan = deployment_plan.shown(deployment)
    if plan is None:
        raise NotFound(Text(_("No plan was made yet.")))
    response = HttpResponse(_pretty(plan.record), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{deployment.name}-plan-{plan}.json"'
    return response


def _differences(failed: Task | None) -> list[Text]:
    error = failed.error if failed else None
    if not error or error["code"] != "plan_changed":
        return []
    return list(Text.from_json(error["message"]).values.get("differences", []))


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
