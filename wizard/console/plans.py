"""Which plans of imports were recorded, and who approved them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from wizard.console.reading import OfDeployment
from wizard.models import DeploymentPlan


@admin.register(DeploymentPlan)
class DeploymentPlanAdmin(OfDeployment):
    """What is in a plan is read on the page of its deployment."""

    list_display = ("sha256", "deployment_page", "made_at", "approved_by", "approved_at")
    list_filter = ("approved_by",)
    list_select_related = ("deployment", "approved_by")
    search_fields = ("sha256", "deployment__name")
    date_hierarchy = "made_at"
    exclude = ("record",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeploymentPlan]:
        return super().get_queryset(request).defer("record")
