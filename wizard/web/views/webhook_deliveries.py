"""What became of a delivery; and sending it again."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from wizard.models import WebhookDelivery
from wizard.services.errors import Conflict
from wizard.services.webhooks import registry
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import say
from wizard.web.webhook_page import delivery_line, frame, managed, poll_seconds


@page
@require_safe
def delivery(request: SignedInRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    webhook = managed(request, webhook_id)
    row = registry.get_delivery(webhook, delivery_id)
    context = frame(row.event, webhook) | {
        "webhook": webhook,
        "delivery": delivery_line(row),
        "waiting": row.state == WebhookDelivery.State.PENDING,
        "poll_seconds": poll_seconds(webhook, [row]),
        "payload": json.dumps(row.payload, ensure_ascii=False, indent=2),
    }
    return render(request, "web/delivery.html", context)


@page
@require_POST
def resend(request: SignedInRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    webhook = managed(request, webhook_id)
    row = registry.get_delivery(webhook, delivery_id)
    try:
        registry.resend(row, actor=request.user)
    except Conflict as error:
        say(request, error)
    return redirect("delivery", webhook.pk, row.pk)
