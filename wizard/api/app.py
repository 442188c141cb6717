"""The task API: everything that automation does, under /api/v1/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path, re_path
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Swagger
from ninja.errors import ValidationErrorContext
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from wizard.api import (
    additions,
    approvals,
    attestations,
    audit,
    azure_accounts,
    checks,
    components,
    conflicts,
    credentials,
    decommission,
    deployments,
    description,
    facts,
    guard,
    hand_over,
    handouts,
    installation,
    machines,
    manual_steps,
    migration,
    observations,
    physical_servers,
    plan,
    privileges,
    problems,
    profiles,
    sizing,
    tasks,
    teams,
    template_passwords,
    vault_machines,
    vcenters,
    webhooks,
)
from wizard.api.addresses import meant_by
from wizard.api.auth import TokenAuth
from wizard.api.parsing import StrictParser

View = Callable[..., HttpResponse]


class TaskApi(NinjaAPI):
    """Ninja, with a problem document for every refusal that it would answer in plain words, and a complete description."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._documents: dict[tuple[str | None, str | None], OpenAPISchema] = {}

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = self._guarded(pattern.name or "", pattern.callback)
        # Before ninja's own root, which answers with a page, and after everything else.
        root, rest = path("", _nothing_here, name="api-root"), re_path(r"", _nothing_here)
        return [root, *patterns, rest], app, namespace

    def _guarded(self, name: str, view: View) -> View:
        match name:
            case "openapi-view":
                return login_required(view)
            case "openapi-json":
                return guard.for_readers(_token, view)
        return guard.guarded(self, _token, view)

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        # It takes a second to make, and is another one in each language.
        key = (get_language(), path_prefix)
        if key not in self._documents:
            document = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
            description.complete(document)
            self._documents[key] = document
        return self._documents[key]

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> problems.InvalidRequest:
        return problems.InvalidRequest(error_contexts)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        name: str = operation.view_func.__name__
        return name


@csrf_exempt
def _nothing_here(request: HttpRequest) -> HttpResponse:
    return problems.absent(meant_by(request.path))


class Docs(Swagger):
    """Ninja's page in our frame, with nothing from outside: by default it would show every document to a validator."""

    template = "api/docs.html"

    def __init__(self) -> None:
        super().__init__(
            {"validatorUrl": "none", "persistAuthorization": False, "defaultModelsExpandDepth": 0}
        )

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        settings = {**self.settings, "url": self.get_openapi_url(api, kwargs)}
        return render(request, self.template, {"swagger_settings": settings, "section": "api"})


_token = TokenAuth()

api = TaskApi(
    title="Foothold task API",
    version="1",
    description=(
        "Everything that an operator can do in the browser. Sign in with `Authorization: Bearer <token>`; "
        "`manage.py token create` or the account page makes one. Errors are RFC 9457 problem documents."
    ),
    urls_namespace="api",
    auth=_token,
    parser=StrictParser(),
    docs=Docs(),
)
problems.install(api)
api.add_decorator(guard.notes_that_it_began, "operation")
api.add_router("/profiles", profiles.router)
for part in (
    deployments,
    additions,
    decommission,
    facts,
    checks,
    attestations,
    installation,
    manual_steps,
    handouts,
    privileges,
    plan,
    template_passwords,
    vault_machines,
    hand_over,
    observations,
    components,
    physical_servers,
    migration,
):
    api.add_router("/deployments", part.router)
api.add_router("/azure-accounts", azure_accounts.router)
api.add_router("/conflicts", conflicts.router)
api.add_router("/sizing", sizing.router)
api.add_router("/credentials", credentials.router)
api.add_router("/vcenters", vcenters.router)
api.add_router("/machines", machines.router)
api.add_router("/components", components.of_all)
api.add_router("/teams", teams.router)
api.add_router("/webhooks", webhooks.router)
api.add_router("/approvals", approvals.of_all)
api.add_router("/audit", audit.router)
api.add_router("/deployments", approvals.router)
api.add_router("/deployments", audit.history)
api.add_router("", tasks.router)
