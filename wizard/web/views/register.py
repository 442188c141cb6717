"""The register step: vCenter here, and with an Azure account the server and vCenter in the vault."""

from __future__ import annotations

from django.http import HttpResponse

from wizard.journey import base as journey
from wizard.models import Deployment
from wizard.web import in_vault
from wizard.web.guard import SignedInRequest
from wizard.web.views import work


def show(request: SignedInRequest, deployment: Deployment, step: journey.Step) -> HttpResponse:
    acted = in_vault.act(request, deployment, step)
    if isinstance(acted, HttpResponse):
        return acted
    more = in_vault.context(deployment, step, typed=request.POST.dict() if acted else None, problem=acted)
    return work.show(request, deployment, step, more=more, refused=acted)
