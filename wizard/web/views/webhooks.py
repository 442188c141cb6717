"""Webhooks: listed, shown with their deliveries, tested, paused and deleted."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh, HttpResponseStopPolling

from wizard.services.errors import Conflict, NotFound
from wizard.services.permissions import require
from wizard.services.webhooks import registry
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import say
from wizard.web.webhook_page import deliveries, frame, line, managed, shown, stands_alone

_READ: Final = require_http_methods(["GET", "HEAD", "POST"])


@page
@require_safe
def listing(request: SignedInRequest) -> HttpResponse:
    require(request.user, "webhook.see")
    lines = [line(row) for row in registry.visible_webhooks(request.user).order_by("name")]
    return render(request, "web/webhooks.html", {"section": "webhooks", "lines": lines})


@page
@require_safe
def detail(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    """Its page asks for the deliveries alone, over and over, as long as one of them is going to be sent."""
    if not request.htmx:
        return shown(request, managed(request, webhook_id))
    try:
        row = managed(request, webhook_id)
    except NotFound:
        # Deleted while somebody watched it: there is nothing to ask for any more.
        return HttpResponseStopPolling()
    if not row.active and stands_alone(request, row):
        # It asks while it is active; the rest of the page has to say that it paused meanwhile, and why.
        return HttpResponseClientRefresh()
    return render(request, "web/_deliveries.html", deliveries(request, row))


@page
@require_POST
def new_secret(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    """Another secret, shown on this answer alone."""
    row = managed(request, webhook_id)
    secret = registry.rotate_secret(row, actor=request.user)
    return shown(request, row, secret=secret)


@page
@require_POST
def ping(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    row = managed(request, webhook_id)
    try:
        sent = registry.ping(row, actor=request.user)
    except Conflict as error:
        say(request, error)
        return redirect("webhook", row.pk)
    return redirect("delivery", row.pk, sent.pk)


@page
@require_POST
def pause(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    row = managed(request, webhook_id)
    registry.set_active(row, False, actor=request.user)
    return redirect("webhook", row.pk)


@page
@require_POST
def resume(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    row = managed(request, webhook_id)
    registry.set_active(row, True, actor=request.user)
    return redirect("webhook", row.pk)


@page
@_READ
def delete(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    row = managed(request, webhook_id)
    if request.method == "POST":
        registry.delete(row, actor=request.user)
        messages.success(request, gettext("The webhook “%(name)s” is deleted.") % {"name": row.name})
        return redirect("webhooks")
    context = frame(gettext("Delete %(name)s") % {"name": row.name}, row) | {
        "question": gettext("Delete this webhook?"),
        "text": gettext(
            "Its secret and the record of its deliveries are forgotten. What still waits is not sent any more."
        ),
        "button": gettext("Delete it"),
        "back_url": reverse("webhook", args=[row.pk]),
    }
    return render(request, "web/confirm_page.html", context)
