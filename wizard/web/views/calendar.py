"""What ends, and when: keys, licences, certificates, waivers, tokens."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from wizard.services import deployments, expiry
from wizard.web import steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.tabs import tabs_of


@page
@require_safe
def listing(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    context = steps.frame(deployment, None, [], title=gettext("Calendar")) | {
        "tabs": tabs_of(deployment, "calendar"),
        "ends": expiry.calendar_of(deployment, actor=request.user),
    }
    return render(request, "web/calendar.html", context)


@page
@require_safe
def download(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    content = expiry.as_ics(deployment, actor=request.user)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{deployment.name}-calendar.ics"'
    return response
