"""What was added to deployments after their first setup."""

from __future__ import annotations

from django.contrib import admin

from wizard.console.reading import OfDeployment
from wizard.models import Addition


@admin.register(Addition)
class AdditionAdmin(OfDeployment):
    list_display = (
        "name",
        "deployment_page",
        "kind",
        "state",
        "address",
        "recorded_at",
        "remind_at",
        "removed_at",
    )
    list_filter = ("kind", "state")
    list_select_related = ("deployment", "created_by")
    search_fields = ("name", "address", "deployment__name")
    date_hierarchy = "created_at"
