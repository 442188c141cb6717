"""What was handed over, with which key it was signed, and who said what when something was taken out of service."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from wizard.console.reading import OfDeployment, ReadingAdmin
from wizard.models import DecommissionStep, HandOverPack, SigningKey


@admin.register(HandOverPack)
class HandOverPackAdmin(OfDeployment):
    """A pack is downloaded on the page of its deployment, where that is written down."""

    list_display = ("file_name", "deployment_page", "made_at", "made_by", "size", "sha256")
    list_select_related = ("deployment", "made_by")
    list_filter = ("made_by",)
    search_fields = ("file_name", "sha256", "deployment__name")
    date_hierarchy = "made_at"
    exclude = ("content",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[HandOverPack]:
        return super().get_queryset(request).defer("content")


@admin.register(SigningKey)
class SigningKeyAdmin(ReadingAdmin):
    list_display = ("public_key", "made_at")
    search_fields = ("public_key",)
    date_hierarchy = "made_at"
    exclude = ("sealed",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SigningKey]:
        return super().get_queryset(request).defer("sealed")


@admin.register(DecommissionStep)
class DecommissionStepAdmin(OfDeployment):
    list_display = ("step", "deployment_page", "subject", "confirmed_by", "confirmed_at", "note")
    list_filter = ("step",)
    list_select_related = ("deployment", "confirmed_by")
    search_fields = ("deployment__name", "subject", "note")
    date_hierarchy = "confirmed_at"
