"""Accounts of Azure without their secrets, and the machines that vaults list."""

from __future__ import annotations

from django.contrib import admin

from wizard.console.reading import OfDeployment, ReadingAdmin, Seen
from wizard.models import AzureAccount, ProtectableItem


@admin.register(AzureAccount)
class AzureAccountAdmin(ReadingAdmin):
    list_display = (
        "name",
        "how",
        "cloud",
        "client_id",
        "tested_at",
        "failure",
        "team",
        "created_by",
        "changed_at",
    )
    list_filter = ("how", "cloud", ("team", Seen))
    list_select_related = ("created_by", "team")
    search_fields = ("name", "tenant", "client_id")
    date_hierarchy = "created_at"


@admin.register(ProtectableItem)
class ProtectableItemAdmin(OfDeployment):
    list_display = (
        "friendly_name",
        "deployment_page",
        "machine",
        "discovery_type",
        "os_type",
        "protection_status",
        "seen_at",
    )
    list_filter = ("discovery_type", "protection_status")
    list_select_related = ("deployment", "machine")
    search_fields = ("friendly_name", "name", "deployment__name")
    date_hierarchy = "seen_at"
