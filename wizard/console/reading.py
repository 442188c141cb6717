"""What all record pages of the console share: they are for reading. Changes go through the services, by the other doors."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _


class ReadingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def link_to(obj: Model | None, text: object | None = None) -> SafeString | str:
    """A link to the object's own page in the product."""
    if obj is None:
        return "–"
    url = obj.get_absolute_url()  # type: ignore[attr-defined]
    return format_html('<a href="{}">{}</a>', url, text or obj)


class OfDeployment(ReadingAdmin):
    """Records of a deployment link to its page."""

    list_select_related = ("deployment",)

    @admin.display(description=_("deployment"), ordering="deployment__name")
    def deployment_page(self, obj: Any) -> SafeString | str:
        return link_to(obj.deployment)
