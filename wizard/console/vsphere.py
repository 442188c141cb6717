"""What vCenter showed, how fresh that is, and the accounts with which it was asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wizard.console.actions import Work, confirmed
from wizard.console.reading import ReadingAdmin, Seen
from wizard.models import Credential, InventoryObject, Machine, Operator, SignInAccount, VCenter
from wizard.services import login_budget
from wizard.services.errors import Conflict
from wizard.services.visibility import rows_for
from wizard.text import Text
from wizard.text import _ as sentence


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
    date_hierarchy = "discovered_at"
    list_filter = ("api_type", "version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[VCenter]:
        rows: QuerySet[VCenter] = (
            super()
            .get_queryset(request)
            .annotate(known_machines=Count("machines", filter=Q(machines__gone_at=None)))
        )
        return rows

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """A vCenter may serve deployments of several teams: each reads of its own."""
        instead = {"credential": "account", "deployments": "serves"}
        return [instead.get(name, name) for name in super().get_fields(request, obj)]

    @admin.display(description=_("credential"))
    def account(self, obj: Any) -> str:
        return _names(rows_for(obj.reader, Credential.objects.filter(pk=obj.credential_id)))

    @admin.display(description=_("deployments"))
    def serves(self, obj: Any) -> str:
        return _names(rows_for(obj.reader, obj.deployments.all()))

    @admin.display(description=_("machines"), ordering="known_machines")
    def machine_count(self, obj: Any) -> int:
        count: int = obj.known_machines
        return count


def _names(rows: QuerySet[Any]) -> str:
    return ", ".join(rows.order_by("name").values_list("name", flat=True)) or "–"


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
        ("vcenter", Seen),
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
    date_hierarchy = "seen_at"


@admin.register(InventoryObject)
class InventoryObjectAdmin(ReadingAdmin):
    list_display = ("name", "type", "vcenter", "moid", "parent_moid", "gone_at", "seen_at")
    list_filter = (("vcenter", Seen), "type")
    list_select_related = ("vcenter",)
    search_fields = ("name", "moid")
    date_hierarchy = "seen_at"


def _forget(row: SignInAccount, actor: Operator, reason: str) -> None:
    if not login_budget.forget_refusals(row.pk, actor=actor):
        raise Conflict(Text(sentence("No refused password is counted here.")), code="none_refused")


_FORGET = Work(
    name="forget_refusals",
    label=_("Forget the refused passwords"),
    question=_(
        "Passwords will be sent again at once. vCenter may lock an account at which more of them are refused. Go on?"
    ),
    use_case="person.forget_refusals",
    run=_forget,
    fits=lambda row: row.failed_in_a_row > 0,
)


@admin.register(SignInAccount)
class SignInAccountAdmin(ReadingAdmin):
    """An administrator who knows that an account is not at risk lets passwords be tried again before their time."""

    list_display = ("username", "host", "port", "failed_in_a_row", "last_failed_at", "none_sent_until")
    list_filter = (("last_failed_at", admin.EmptyFieldListFilter),)
    search_fields = ("username", "host")
    date_hierarchy = "last_failed_at"
    actions = (confirmed(_FORGET),)

    @admin.display(description=_("no password sent until"))
    def none_sent_until(self, obj: SignInAccount) -> datetime | None:
        return login_budget.at_risk_until(obj, timezone.now())
