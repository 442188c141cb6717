"""Every noun of the work in the console: useful columns, filters, search; secrets never among them."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from wizard.console.reading import OfDeployment, ReadingAdmin, Seen
from wizard.models import (
    Attestation,
    CheckResult,
    CollectorIssue,
    Credential,
    HostFacts,
    InstallationSecret,
    ManualStepConfirmation,
)
from wizard.services import told_names


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

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> CheckResult | None:
        row: CheckResult | None = super().get_object(request, object_id, from_field)
        if row is not None:
            told_names.hide_in_results(row.deployment, [row])
        return row


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
    list_display = ("name", "kind", "username", "address", "team", "standing", "created_by", "changed_at")
    list_filter = ("kind", "standing", ("team", Seen))
    list_select_related = ("created_by", "team")
    search_fields = ("name", "username", "address")
    date_hierarchy = "changed_at"
    exclude = ("sealed",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Credential]:
        return super().get_queryset(request).defer("sealed")
