"""The page of one step: the generic form, or the page of a step that needs more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.http import HttpResponseBase
from django.views.decorators.http import require_http_methods

from wizard.journey import base as journey
from wizard.models import Deployment
from wizard.services import deployments
from wizard.web import steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.views import (
    evidence,
    install,
    placement,
    profile,
    question,
    register,
    template,
    vault,
    vcenter,
    work,
)

StepPage = Callable[[SignedInRequest, Deployment, journey.Step], HttpResponseBase]

_PAGES: Final[dict[str, StepPage]] = {
    "profile": profile.show,
    "vcenter": vcenter.show,
    "placement": placement.show,
    "template": template.show,
    "evidence": evidence.show,
    "vault": vault.show,
    "install": install.show,
    "register": register.show,
}


@page
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: SignedInRequest, pk: UUID, step_id: str) -> HttpResponseBase:
    deployment = deployments.get(pk, actor=request.user)
    known = steps.find(deployment, step_id)
    show = _PAGES.get(known.id, work.show if known.answers is None else question.show)
    return show(request, deployment, known)
