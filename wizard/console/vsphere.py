"""What vCenter showed, how fresh that is, and the accounts with which it was asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from wizard.console.reading import ReadingAdmin
from wizard.models import InventoryObject, Machine, Operator, SignInAccount, VCenter
from wizard.services import login_budget
from wizard.services.permissions import may


@admin.register(VCenter)
class VCenterAdmin(ReadingAdmin):
    list_display = (
        "friendly_name",
        "host",
        "port",
        "version",
        "instance_uuid",
        "machine_count",
        "discovered_at",
        "refreshed_at",
        "refresh_failed_at",
    )
    search_fields = ("friendly_name", "host", "instance_uuid")
    list_filter = ("api_type", "version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[VCenter]:
        rows: QuerySet[VCenter] = (
            super()
            .get_queryset(request)
            .annotate(known_machines=Count("machines", filter=Q(machines__gone_at=None)))
        )
        return rows

    @admin.display(description=_("machines"), ordering="known_machines")
    def machine_count(self, obj: Any) -> int:
        count: int = obj.known_machines
        return count


@admin.register(Machine)
class MachineAdmin(ReadingAdmin):
    list_display = (
        "name",
        "kind",
        "vcenter",
        "deployment",
        "guest_full_name",
        "verdict_classic",
        "verdict_modernized",
        "power_state",
        "cpu_count",
        "memory_mb",
        "disk_count",
        "disk_gb",
        "gone_at",
    )
    list_filter = (
        "vcenter",
        "kind",
        "system",
        "verdict_classic",
        "verdict_modernized",
        "power_state",
        "firmware",
        "is_template",
    )
    list_select_related = ("vcenter", "deployment")
    search_fields = ("name", "host_name", "instance_uuid", "moid")


@admin.register(InventoryObject)
class InventoryObjectAdmin(ReadingAdmin):
    list_display = ("name", "type", "vcenter", "moid", "parent_moid", "gone_at", "seen_at")
    list_filter = ("vcenter", "type")
    list_select_related = ("vcenter",)
    search_fields = ("name", "moid")


@admin.register(SignInAccount)
class SignInAccountAdmin(ReadingAdmin):
    """An administrator who knows that an account is not at risk lets passwords be tried again before their time."""

    list_display = ("username", "host", "port", "failed_in_a_row", "last_failed_at", "none_sent_until")
    search_fields = ("username", "host")
    actions = ("forget_refusals",)

    @admin.display(description=_("no password sent until"))
    def none_sent_until(self, obj: SignInAccount) -> datetime | None:
        return login_budget.at_risk_until(obj, timezone.now())

    def has_clear_permission(self, request: HttpRequest) -> bool:
        return may(request.user, "administer")

    @admin.action(description=_("Forget the refused passwords"), permissions=["clear"])
    def forget_refusals(self, request: HttpRequest, queryset: QuerySet[SignInAccount]) -> None:
        # Only staff come here.
        actor = cast(Operator, request.user)
        count = sum(login_budget.forget_refusals(account.pk, actor=actor) for account in queryset)
        message = ngettext(
            "Passwords may be tried again at %(count)d account.",
            "Passwords may be tried again at %(count)d accounts.",
            count,
        )
        self.message_user(request, message % {"count": count})
