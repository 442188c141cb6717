"""Every noun in the console: useful columns, filters, search; secrets never among them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from wizard.console.reading import OfDeployment, ReadingAdmin, link_to
from wizard.models import (
    ApiToken,
    AuditEntry,
    CheckResult,
    Component,
    Credential,
    Deployment,
    Link,
    Machine,
    Operator,
    SignInLink,
    StepAnswer,
    Task,
    TaskEvent,
    TopologySnapshot,
    VCenter,
    Waiver,
)


@admin.register(Operator)
class OperatorAdmin(UserAdmin):
    list_display = ("username", "email", "role", "is_active", "is_staff", "last_login")
    list_filter = ("role", "is_active", "is_staff")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "time_zone")}),
        (_("Rights"), {"fields": ("role", "is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "role", "is_staff", "usable_password", "password1", "password2")}),
    )
    readonly_fields = ("last_login", "date_joined")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadingAdmin):
    list_display = ("name", "user", "scope", "hint", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("scope", "user")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    exclude = ("token_hash",)


@admin.register(SignInLink)
class SignInLinkAdmin(ReadingAdmin):
    list_display = ("user", "expires_at", "used_at")
    list_select_related = ("user",)
    exclude = ("token_hash",)


class StepAnswerInline(admin.TabularInline):  # type: ignore[type-arg]
    model = StepAnswer
    fields = readonly_fields = ("step", "data", "draft", "version", "changed_by", "changed_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[StepAnswer]:
        return super().get_queryset(request).select_related("changed_by", "deployment")


@admin.register(Deployment)
class DeploymentAdmin(ReadingAdmin):
    list_display = ("name", "page", "profile", "state", "tasks_run", "created_by", "changed_at")
    list_filter = ("state", "profile", "created_by")
    list_select_related = ("created_by",)
    search_fields = ("name",)
    date_hierarchy = "created_at"
    inlines = (StepAnswerInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deployment]:
        return super().get_queryset(request).annotate(task_count=Count("tasks"))

    @admin.display(description=_("page"))
    def page(self, obj: Deployment) -> SafeString | str:
        return link_to(obj, _("Open"))

    @admin.display(description=_("tasks"), ordering="task_count")
    def tasks_run(self, obj: Any) -> int:
        count: int = obj.task_count
        return count


class TaskEventInline(admin.TabularInline):  # type: ignore[type-arg]
    model = TaskEvent
    fields = readonly_fields = ("seq", "at", "level", "phase", "message")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Task)
class TaskAdmin(OfDeployment):
    list_display = (
        "kind",
        "page",
        "deployment_page",
        "state",
        "progress",
        "attempt",
        "requested_by",
        "queued_at",
        "finished_at",
    )
    list_filter = ("state", "kind")
    list_select_related = ("deployment", "requested_by")
    search_fields = ("deployment__name", "id")
    date_hierarchy = "queued_at"
    inlines = (TaskEventInline,)

    @admin.display(description=_("page"))
    def page(self, obj: Task) -> SafeString | str:
        return link_to(obj, _("Open"))


@admin.register(CheckResult)
class CheckResultAdmin(OfDeployment):
    list_display = (
        "requirement_id",
        "title",
        "status",
        "severity",
        "owner",
        "deployment_page",
        "observed",
        "observed_from",
        "observed_at",
    )
    list_filter = ("status", "severity", "category", "owner")
    search_fields = ("requirement_id", "deployment__name")
    date_hierarchy = "observed_at"


@admin.register(Waiver)
class WaiverAdmin(OfDeployment):
    list_display = ("requirement_id", "deployment_page", "until", "in_force", "granted_by", "granted_at")
    list_filter = ("until",)
    list_select_related = ("deployment", "granted_by")
    search_fields = ("requirement_id", "deployment__name", "reason")

    @admin.display(description=_("in force"), boolean=True)
    def in_force(self, obj: Waiver) -> bool:
        return obj.in_force


@admin.register(Credential)
class CredentialAdmin(ReadingAdmin):
    list_display = ("name", "kind", "username", "standing", "created_by", "changed_at")
    list_filter = ("kind", "standing")
    list_select_related = ("created_by",)
    search_fields = ("name", "username")
    exclude = ("sealed",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credential]:
        return super().get_queryset(request).defer("sealed")


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
    )
    search_fields = ("friendly_name", "host", "instance_uuid")
    list_filter = ("api_type", "version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[VCenter]:
        return super().get_queryset(request).annotate(known_machines=Count("machines"))

    @admin.display(description=_("machines"), ordering="known_machines")
    def machine_count(self, obj: Any) -> int:
        count: int = obj.known_machines
        return count


@admin.register(Machine)
class MachineAdmin(ReadingAdmin):
    list_display = (
        "name",
        "vcenter",
        "guest_full_name",
        "power_state",
        "cpu_count",
        "memory_mb",
        "disk_count",
        "disk_gb",
        "gone_at",
    )
    list_filter = ("vcenter", "power_state", "firmware", "is_template")
    list_select_related = ("vcenter",)
    search_fields = ("name", "host_name", "instance_uuid")


@admin.register(Component)
class ComponentAdmin(OfDeployment):
    list_display = ("name", "kind", "address", "zone", "deployment_page")
    list_filter = ("kind", "zone")
    search_fields = ("name", "address", "deployment__name")


@admin.register(Link)
class LinkAdmin(OfDeployment):
    list_display = ("edge", "source", "target", "protocol", "port", "deployment_page")
    list_filter = ("edge", "protocol")
    list_select_related = ("deployment", "source", "target")
    search_fields = ("source__name", "target__name", "deployment__name")


@admin.register(TopologySnapshot)
class TopologySnapshotAdmin(OfDeployment):
    list_display = ("deployment_page", "number", "digest", "recorded_by", "recorded_at")
    list_select_related = ("deployment", "recorded_by")
    search_fields = ("deployment__name", "digest")
    date_hierarchy = "recorded_at"


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadingAdmin):
    list_display = ("at", "sentence", "actor", "action", "subject", "address", "request_id")
    list_filter = ("action", "actor")
    list_select_related = ("actor",)
    search_fields = ("subject", "subject_id", "request_id", "action")
    date_hierarchy = "at"
