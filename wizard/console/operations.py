"""What keeps the product going: workers and schedulers, what programs asked for twice, webhooks and what they were told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wizard.console.actions import Work, confirmed
from wizard.console.reading import ReadingAdmin, Seen, shown
from wizard.models import IdempotencyRecord, Operator, Pulse, Webhook, WebhookDelivery
from wizard.services.overview import is_silent
from wizard.services.webhooks import registry


@admin.register(Pulse)
class PulseAdmin(ReadingAdmin):
    list_display = ("name", "part", "version", "started_at", "seen_at", "alive")
    list_filter = ("part", "version")
    search_fields = ("name", "version")
    date_hierarchy = "seen_at"

    @admin.display(description=_("alive"), boolean=True)
    def alive(self, obj: Pulse) -> bool:
        return not is_silent(obj, timezone.now())


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadingAdmin):
    """That a request was answered, and with which status; what was answered is the caller's."""

    list_display = ("key", "token", "status", "created_at", "expires_at")
    list_filter = ("status",)
    list_select_related = ("token",)
    search_fields = ("key", "token__name", "token__user__username")
    date_hierarchy = "created_at"
    exclude = ("body", "headers")

    def get_queryset(self, request: HttpRequest) -> QuerySet[IdempotencyRecord]:
        return super().get_queryset(request).defer("body", "headers")


@admin.register(Webhook)
class WebhookAdmin(ReadingAdmin):
    """Without the secret that signs what is sent."""

    use_case = "webhook.see"

    list_display = ("name", "url", "active", "deployment", "team", "created_by", "changed_at")
    list_filter = ("active", ("team", Seen), "created_by")
    list_select_related = ("deployment", "team", "created_by")
    search_fields = ("name", "url", "deployment__name", "team__name")
    date_hierarchy = "created_at"
    exclude = ("sealed",)
    nothing_yet = _(
        "A webhook tells another program of what happens: that a task ended, that something waits for review. Whoever may "
        "operate adds one under “Webhooks” in Foothold, for a deployment or a team; administrators also for all deployments."
    )
    nothing_yet_at = "webhooks"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        # Only who is known comes here.
        rows = registry.visible_webhooks(cast(Operator, request.user))
        return rows.defer("sealed")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        found = super().get_fields(request, obj)
        return ["listens_to" if getattr(name, "__name__", name) == "events" else name for name in found]

    @admin.display(description=_("events"))
    def listens_to(self, obj: Webhook) -> SafeString | str:
        """With no event named it is told of all: a dash would say the opposite."""
        return shown(obj.events) if obj.events else gettext("All events")


def _send_again(row: WebhookDelivery, actor: Operator, reason: str) -> None:
    registry.resend(row, actor=actor)


_SEND_AGAIN = Work(
    name="send_again",
    label=_("Send again"),
    question=_("The same content is sent once more, under the same id. Send it again?"),
    use_case="webhook.change",
    run=_send_again,
    about=lambda row: row.webhook.name,
    seen=lambda row: row.state,
    fits=lambda row: row.state != WebhookDelivery.State.PENDING,
)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadingAdmin):
    """What was told is shown on the page of the delivery; the list goes without it."""

    use_case = "webhook.see"

    list_display = (
        "event",
        "webhook",
        "state",
        "attempts",
        "status_code",
        "error",
        "took",
        "created_at",
        "next_try_at",
    )
    list_filter = ("state", "event", ("webhook", Seen))
    list_select_related = ("webhook",)
    search_fields = ("event", "webhook__name", "id")
    date_hierarchy = "created_at"
    actions = (confirmed(_SEND_AGAIN),)
    nothing_yet = _(
        "Once there is a webhook, each event that it is told of stands here with how the telling went. Its test sends one at once."
    )
    nothing_yet_at = "webhooks"

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        rows: QuerySet[WebhookDelivery] = super().get_queryset(request)
        seen = registry.visible_webhooks(cast(Operator, request.user)).order_by().values("pk")
        return rows.filter(webhook__in=seen).defer("payload", "webhook__sealed")

    @admin.display(description=_("took"), ordering="took_ms")
    def took(self, obj: Any) -> timedelta | None:
        return None if obj.took_ms is None else timedelta(milliseconds=obj.took_ms)
