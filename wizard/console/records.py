"""Every noun of the work in the console: useful columns, filters, search; secrets never among them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from wizard.console.reading import OfDeployment, ReadingAdmin, ReadingInline, page_link
from wizard.models import (
    Attestation,
    AuditEntry,
    CheckResult,
    CollectorIssue,
    Component,
    Credential,
    Deployment,
    HostFacts,
    InstallationSecret,
    Link,
    ManualStepConfirmation,
    StepAnswer,
    Task,
    TaskEvent,
    TopologySnapshot,
    Waiver,
)
from wizard.services.tasks.kinds import KINDS


class StepAnswerInline(ReadingInline):
    model = StepAnswer
    fields = ("step", "data", "draft", "version", "changed_by", "changed_at")

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
        rows: QuerySet[Deployment] = super().get_queryset(request).annotate(task_count=Count("tasks"))
        return rows

    @admin.display(description=_("page"))
    def page(self, obj: Deployment) -> SafeString:
        return page_link(obj, _("Open"))

    @admin.display(description=_("tasks"), ordering="task_count")
    def tasks_run(self, obj: Any) -> int:
        count: int = obj.task_count
        return count


class TaskEventInline(ReadingInline):
    model = TaskEvent
    fields = ("seq", "at", "level", "phase", "message")


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.id, str(kind.title)) for kind in KINDS.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Task)
class TaskAdmin(OfDeployment):
    list_display = (
        "what",
        "deployment_page",
        "state",
        "percent",
        "took",
        "requested_by",
        "queued_at",
        "page",
    )
    list_filter = ("state", KindFilter)
    list_select_related = ("deployment", "requested_by")
    search_fields = ("deployment__name", "id")
    date_hierarchy = "queued_at"
    inlines = (TaskEventInline,)

    @admin.display(description=_("what"), ordering="kind")
    def what(self, obj: Task) -> str:
        kind = KINDS.get(obj.kind)
        return str(kind.title) if kind else obj.kind

    @admin.display(description=_("progress"), ordering="progress")
    def percent(self, obj: Task) -> str:
        return f"{obj.progress} %"

    @admin.display(description=_("took"))
    def took(self, obj: Task) -> str:
        if obj.started_at is None or obj.finished_at is None:
            return "–"
        return str(timedelta(seconds=round((obj.finished_at - obj.started_at).total_seconds())))

    @admin.display(description=_("page"))
    def page(self, obj: Task) -> SafeString:
        return page_link(obj, _("Open"))


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
    ordering = ("-observed_at", "position")


class WaitingFilter(admin.SimpleListFilter):
    title = _("approved")
    parameter_name = "approved"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Waiver]) -> QuerySet[Waiver]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(approved_at__isnull=self.value() == "no")


@admin.register(Waiver)
class WaiverAdmin(OfDeployment):
    list_display = (
        "requirement_id",
        "deployment_page",
        "reason",
        "until",
        "in_force",
        "asked_by",
        "approved_by",
        "approved_at",
    )
    list_filter = ("until", WaitingFilter)
    list_select_related = ("deployment", "asked_by", "approved_by")
    search_fields = ("requirement_id", "deployment__name", "reason")

    @admin.display(description=_("in force"), boolean=True)
    def in_force(self, obj: Waiver) -> bool:
        return obj.in_force


@admin.register(Attestation)
class AttestationAdmin(OfDeployment):
    """The file itself is handed out by the product's own pages, as an attachment."""

    list_display = (
        "requirement_id",
        "deployment_page",
        "answer",
        "note",
        "file_name",
        "answered_by",
        "answered_at",
    )
    list_filter = ("answer", "answered_by")
    list_select_related = ("deployment", "answered_by")
    search_fields = ("requirement_id", "deployment__name", "note", "file_sha256")
    date_hierarchy = "answered_at"
    exclude = ("file",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attestation]:
        return super().get_queryset(request).defer("file")


@admin.register(HostFacts)
class HostFactsAdmin(OfDeployment):
    """What the machine said, whole on its page; lists go without it, as it may be long."""

    list_display = (
        "host_name",
        "component",
        "deployment_page",
        "way",
        "collected_at",
        "received_by",
        "received_at",
    )
    list_filter = ("component", "way")
    list_select_related = ("deployment", "received_by")
    search_fields = ("host_name", "machine_id", "deployment__name", "digest")
    date_hierarchy = "collected_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[HostFacts]:
        return super().get_queryset(request).defer("facts")


@admin.register(CollectorIssue)
class CollectorIssueAdmin(OfDeployment):
    """Without the key that the script signs with."""

    list_display = (
        "nonce",
        "component",
        "language",
        "deployment_page",
        "issued_by",
        "issued_at",
        "expires_at",
    )
    list_filter = ("component", "language")
    list_select_related = ("deployment", "issued_by")
    search_fields = ("nonce", "deployment__name")
    date_hierarchy = "issued_at"
    exclude = ("sealed_key",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CollectorIssue]:
        return super().get_queryset(request).defer("sealed_key")


@admin.register(InstallationSecret)
class InstallationSecretAdmin(OfDeployment):
    """That there is one, whose it is and when it ends; the secret itself is nobody's to see."""

    list_display = ("kind", "deployment_page", "label", "given_by", "given_at", "ends_at")
    list_filter = ("kind",)
    list_select_related = ("deployment", "given_by")
    search_fields = ("deployment__name", "label")
    date_hierarchy = "given_at"
    exclude = ("sealed",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InstallationSecret]:
        return super().get_queryset(request).defer("sealed")


@admin.register(ManualStepConfirmation)
class ManualStepConfirmationAdmin(OfDeployment):
    list_display = ("step", "deployment_page", "note", "confirmed_by", "confirmed_at")
    list_filter = ("step", "confirmed_by")
    list_select_related = ("deployment", "confirmed_by")
    search_fields = ("deployment__name", "note")
    date_hierarchy = "confirmed_at"


@admin.register(Credential)
class CredentialAdmin(ReadingAdmin):
    list_display = ("name", "kind", "username", "standing", "created_by", "changed_at")
    list_filter = ("kind", "standing")
    list_select_related = ("created_by",)
    search_fields = ("name", "username")
    exclude = ("sealed",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credential]:
        return super().get_queryset(request).defer("sealed")


@admin.register(Component)
class ComponentAdmin(OfDeployment):
    list_display = ("name", "kind", "address", "zone", "deployment_page")
    list_filter = ("kind", "zone")
    search_fields = ("name", "address", "deployment__name")


@admin.register(Link)
class LinkAdmin(OfDeployment):
    list_display = ("edge", "source", "target", "protocol", "port", "purpose", "deployment_page")
    list_filter = ("edge", "protocol")
    list_select_related = ("deployment", "source", "target")
    search_fields = ("source__name", "target__name", "deployment__name")


@admin.register(TopologySnapshot)
class TopologySnapshotAdmin(OfDeployment):
    list_display = ("number", "deployment_page", "digest", "recorded_by", "recorded_at")
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
