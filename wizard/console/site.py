"""The admin site of the reviewers."""

from __future__ import annotations

from functools import partial
from typing import Any, Final, cast

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wizard.console import keys
from wizard.console.reading import list_title
from wizard.models import Operator
from wizard.services.overview import overview
from wizard.services.permissions import may

# How the index is grouped; what is in none of them comes last, so that no record can be forgotten here.
_GROUPS: Final = (
    (
        "setups",
        _("Setups"),
        ("Deployment", "Approval", "Task", "CheckResult", "DeploymentPlan", "Attestation", "Waiver"),
    ),
    (
        "machines",
        _("Target machines"),
        ("HostFacts", "CollectorIssue", "InstallationSecret", "ManualStepConfirmation"),
    ),
    ("vsphere", _("vSphere"), ("VCenter", "Machine", "InventoryObject", "Credential", "SignInAccount")),
    ("vault", _("Vault"), ("VaultObservation", "Notice", "VaultWatch", "ProtectableItem", "AzureAccount")),
    ("topology", _("Topology"), ("TopologySnapshot", "Component", "Link", "Addition", "DecommissionStep")),
    (
        "people",
        _("People and sign-ins"),
        ("Operator", "Team", "BrowserSession", "ApiToken", "SignInLink", "AccessAttempt", "AccessLog"),
    ),
    (
        "operations",
        _("Operations"),
        ("Pulse", "Webhook", "WebhookDelivery", "IdempotencyRecord"),
    ),
    (
        "trail",
        _("What happened"),
        ("AuditEntry", "AuditSeal", "AuditHead", "HandOverPack", "SigningKey"),
    ),
)


class ConsoleSite(admin.AdminSite):
    site_header = _("Foothold console")
    site_title = _("Foothold console")
    index_title = _("Overview")
    index_template = "admin/index.html"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Reviewers and administrators, and whoever an administrator gave access."""
        user = request.user
        return may(user, "console.open") or (
            may(user, "product.use") and bool(getattr(user, "is_staff", False))
        )

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        # Only who is known comes here.
        found = overview(actor=cast(Operator, request.user))
        context = {
            "overview": found,
            "may_rotate": may(request.user, "keys.rotate"),
            "may_read_trail": may(request.user, "audit.read"),
            **(extra_context or {}),
        }
        return super().index(request, context)

    def get_urls(self) -> list[Any]:
        view = self.admin_view(partial(keys.rotation, self))
        return [path("keys/", view, name="rotate_keys"), *super().get_urls()]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one sign-in, that of the product. Who is signed in and has no business here is told so."""
        wanted = request.GET.get("next", reverse("admin:index"))
        if not request.user.is_authenticated:
            return redirect_to_login(wanted)
        if not self.has_permission(request):
            raise PermissionDenied(
                gettext("The console is for reviewers. An administrator can give you access to it.")
            )
        return redirect("admin:index")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Built where it is read: Django asks for it on every page, for a sidebar that is switched off here."""
        return cast(list[Any], SimpleLazyObject(lambda: self._records(request, app_label)))

    def _records(self, request: HttpRequest, app_label: str | None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        left = {model["object_name"]: model for app in apps for model in app["models"]}
        groups = []
        for label, name, wanted in _GROUPS:
            found = [left.pop(model) for model in wanted if model in left]
            models = [{**model, "name": list_title(model["model"]._meta)} for model in found]
            groups.append(_group(label, name, models))
        groups.append(_group("other", _("Other"), list(left.values())))
        return [group for group in groups if group["models"]]


def _group(label: str, name: Any, models: list[Any]) -> dict[str, Any]:
    return {"name": name, "app_label": label, "app_url": "", "has_module_perms": True, "models": models}
