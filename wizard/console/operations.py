"""What keeps the product going: workers and schedulers, what programs asked for twice, webhooks and what they were told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wizard.console.reading import ReadingAdmin
from wizard.models import IdempotencyRecord, Pulse, Webhook, WebhookDelivery
from wizard.services.overview import SILENT_AFTER


@admin.register(Pulse)
class PulseAdmin(ReadingAdmin):
    list_display = ("name", "part", "version", "started_at", "seen_at", "alive")
    list_filter = ("part", "version")
    search_fields = ("name", "version")
    date_hierarchy = "seen_at"

    @admin.display(description=_("alive"), boolean=True)
    def alive(self, obj: Pulse) -> bool:
        return timezone.now() - obj.seen_at <= SILENT_AFTER


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

    list_display = ("name", "url", "active", "deployment", "team", "created_by", "changed_at")
    list_filter = ("active", "team", "created_by")
    list_select_related = ("deployment", "team", "created_by")
    search_fields = ("name", "url", "deployment__name", "team__name")
    date_hierarchy = "created_at"
    exclude = ("sealed",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        return super().get_queryset(request).defer("sealed")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadingAdmin):
    """What was told is shown on the page of the delivery; the list goes without it."""

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
    list_filter = ("state", "event", "webhook")
    list_select_related = ("webhook",)
    search_fields = ("event", "webhook__name", "id")
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).defer("payload", "webhook__sealed")

    @admin.display(description=_("took"), ordering="took_ms")
    def took(self, obj: Any) -> timedelta | None:
        return None if obj.took_ms is None else timedelta(milliseconds=obj.took_ms)
