"""The audit trail: who did what, in sentences, by person, action, deployment and day; and the chain that seals it."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from wizard.console.exports import Column
from wizard.console.reading import ReadingAdmin
from wizard.models import AuditEntry, AuditHead, AuditSeal, Operator
from wizard.services import audit_trail, deployments
from wizard.services.tasks.kinds import KINDS

# So many are offered by name; any other one is a link on the page of its deployment.
_OFFERED = 20


class SubjectFilter(admin.SimpleListFilter):
    """The part before the dot of an action's code says what it was done to."""

    title = _("action group")
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        codes = AuditEntry.objects.order_by().values_list("action", flat=True).distinct()
        groups = sorted({code.partition(".")[0] for code in codes})
        return [(group, group.replace("_", " ")) for group in groups]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(action__startswith=f"{self.value()}.") if self.value() else queryset


class DeploymentFilter(admin.SimpleListFilter):
    """The deployments that were changed last, and the one that is chosen."""

    title = _("deployment")
    parameter_name = "deployment_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        seen = deployments.visible_deployments(request.user).select_related(None)
        found = {str(pk): name for pk, name in seen.values_list("pk", "name")[:_OFFERED]}
        chosen = _as_id(request.GET.get(self.parameter_name, ""))
        if chosen is not None and str(chosen) not in found:
            # One that was deleted since has no name any more, and a trail all the same.
            name = seen.filter(pk=chosen).values_list("name", flat=True).first()
            found[str(chosen)] = name or str(chosen)
        return list(found.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        if not self.value():
            return queryset
        chosen = _as_id(self.value() or "")
        return queryset.filter(deployment_id=chosen) if chosen else queryset.none()


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadingAdmin):
    use_case = "audit.read"
    list_display = ("at", "sentence", "actor", "action", "about", "address", "request_id")
    list_filter = (("at", admin.DateFieldListFilter), SubjectFilter, "actor", DeploymentFilter)
    list_select_related = ("actor",)
    search_fields = (
        "subject",
        "subject_id",
        "request_id",
        "action",
        "actor__username",
        "address",
        "sentence__values",
    )
    date_hierarchy = "at"
    exported_as: ClassVar[dict[str, Column]] = {
        **ReadingAdmin.exported_as,
        "about": {"subject": lambda row: row.subject},
    }

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return ["about" if name == "subject" else name for name in super().get_fields(request, obj)]

    @admin.display(description=_("subject"), ordering="subject")
    def about(self, obj: AuditEntry) -> SafeString | str:
        """Tasks are written down by the code of their kind, which people know by its title."""
        kind = obj.subject.partition(" ")[0] if obj.action.startswith("task.") else ""
        if kind not in KINDS:
            return obj.subject
        return format_html('{} <span class="code">{}</span>', KINDS[kind].title, kind)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        # Only who is known comes here.
        return audit_trail.visible_entries(cast(Operator, request.user))


@admin.register(AuditSeal)
class AuditSealAdmin(ReadingAdmin):
    use_case = "audit.read"
    list_display = ("place", "entry", "digest", "sealed_at")
    list_select_related = ("entry",)
    search_fields = ("digest", "entry__action", "entry__subject")
    date_hierarchy = "sealed_at"


@admin.register(AuditHead)
class AuditHeadAdmin(ReadingAdmin):
    use_case = "audit.read"
    list_display = ("place", "digest")
    search_fields = ("digest",)


def _as_id(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None
