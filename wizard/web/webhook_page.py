"""What the pages of webhooks share: which one is meant, its lines in lists, and the page on which a new secret is shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from wizard.models import Webhook, WebhookDelivery
from wizard.services.permissions import require
from wizard.services.webhooks import registry
from wizard.services.webhooks.events import EVENTS
from wizard.text import Text
from wizard.web import crumbs
from wizard.web.guard import SignedInRequest

_PAGE_SIZE: Final = 25
# Between two looks at what is sent: at once, or after one of the longer waits.
_SOON: Final = timedelta(minutes=1)
_SECONDS_SOON: Final = 3
_SECONDS_LATER: Final = 30
_TAGS: Final = {
    WebhookDelivery.State.PENDING: "queued",
    WebhookDelivery.State.DELIVERED: "succeeded",
    WebhookDelivery.State.FAILED: "failed",
}


def managed(request: SignedInRequest, webhook_id: UUID) -> Webhook:
    """Raises NotAllowed by the role, and NotFound for one that is not theirs."""
    require(request.user, "webhook.see")
    return registry.get(webhook_id, actor=request.user)


def frame(title: str, row: Webhook | None = None) -> dict[str, Any]:
    between = [] if row is None else [(row.name, reverse("webhook", args=[row.pk]))]
    return crumbs.below("webhooks", gettext("Webhooks"), title, *between)


def line(row: Webhook) -> dict[str, Any]:
    return {
        "webhook": row,
        "place": registry.place_of(row.url),
        "about": _about(row),
        "events": row.events,
        "tag": "pass" if row.active else "skipped",
        "state": gettext("Active") if row.active else gettext("Paused"),
    }


def delivery_line(row: WebhookDelivery) -> dict[str, Any]:
    about = row.payload.get("deployment", {})
    return {
        "row": row,
        "tag": _TAGS[WebhookDelivery.State(row.state)],
        "title": str(Text(EVENTS[row.event])) if row.event in EVENTS else gettext("Test"),
        "deployment": about.get("name", ""),
    }


def poll_seconds(webhook: Webhook, rows: Iterable[WebhookDelivery]) -> int:
    """How often a page with these deliveries asks again; 0 where nothing of them is going to change."""
    if not webhook.active:
        return 0
    now = timezone.now()
    due = [row.next_try_at or now for row in rows if row.state == WebhookDelivery.State.PENDING]
    if not due:
        return 0
    return _SECONDS_SOON if min(due) <= now + _SOON else _SECONDS_LATER


def deliveries(request: SignedInRequest, row: Webhook) -> dict[str, Any]:
    """The context of web/_deliveries.html."""
    found = Paginator(registry.deliveries_of(row), _PAGE_SIZE).get_page(request.GET.get("page"))
    return {
        "webhook": row,
        "page": found,
        "deliveries": [delivery_line(one) for one in found],
        "poll_seconds": poll_seconds(row, found),
        "may_turn": stands_alone(request, row),
    }


def stands_alone(request: SignedInRequest, row: Webhook) -> bool:
    """Whether the browser is at the webhook's own address, and not at one that shows it with a secret, once."""
    at = (request.htmx.current_url_abs_path if request.htmx else request.path) or ""
    return at.partition("?")[0] == reverse("webhook", args=[row.pk])


def shown(request: SignedInRequest, row: Webhook, *, secret: str = "") -> HttpResponse:
    """Its page, with a secret that is shown on this answer alone."""
    context = {
        **crumbs.below("webhooks", gettext("Webhooks"), row.name),
        **line(row),
        **deliveries(request, row),
        "titles": [(code, str(Text(EVENTS[code]))) for code in row.events if code in EVENTS],
        "paused_by_itself": registry.paused_by_itself(row),
        "secret": secret,
    }
    return render(request, "web/webhook.html", context)


def _about(row: Webhook) -> str:
    if row.deployment is not None:
        return row.deployment.name
    if row.team is not None:
        return gettext("Deployments of %(team)s") % {"team": row.team.name}
    return gettext("All that %(who)s may see") % {"who": row.created_by.get_username()}
