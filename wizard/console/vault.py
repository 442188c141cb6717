"""What vaults showed, and what became worse in them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from wizard.console.reading import OfDeployment
from wizard.models import Notice, VaultObservation, VaultWatch
from wizard.services.vault_observation import showing


@admin.register(VaultObservation)
class VaultObservationAdmin(OfDeployment):
    list_display = ("number", "deployment_page", "severity", "first_seen_at", "last_seen_at", "digest")
    list_filter = ("severity",)
    search_fields = ("deployment__name", "digest")
    date_hierarchy = "first_seen_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[VaultObservation]:
        """A list shows none of the documents, of which fifty are tens of megabytes; a page reads its own."""
        rows: QuerySet[VaultObservation] = super().get_queryset(request)
        return rows.defer("document", "differences", "health")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> VaultObservation | None:
        row: VaultObservation | None = super().get_object(request, object_id, from_field)
        if row is not None:
            row.document = showing.document_of(row)
        return row


@admin.register(VaultWatch)
class VaultWatchAdmin(OfDeployment):
    list_display = (
        "deployment_page",
        "refreshed_at",
        "next_refresh_at",
        "refresh_failed_at",
        "refresh_failure",
    )
    list_display_links = ("refreshed_at",)
    list_filter = (("refresh_failed_at", admin.EmptyFieldListFilter),)
    search_fields = ("deployment__name",)
    date_hierarchy = "refreshed_at"


@admin.register(Notice)
class NoticeAdmin(OfDeployment):
    list_display = ("sentence", "deployment_page", "severity", "began_at", "ended_at", "seen_by", "seen_at")
    list_filter = ("severity", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("deployment", "seen_by")
    search_fields = ("key", "deployment__name")
    date_hierarchy = "began_at"
