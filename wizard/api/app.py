"""The task API: everything that automation does, under /api/v1/."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from ninja import NinjaAPI, Swagger

from wizard.api import deployments, problems, tasks
from wizard.api.auth import TokenAuth

api = NinjaAPI(
    title="Foothold task API",
    version="1",
    description=(
        "Everything that an operator can do in the browser. Sign in with `Authorization: Bearer <token>`; "
        "`manage.py token create` or the account page makes one. Errors are RFC 9457 problem documents."
    ),
    urls_namespace="api",
    auth=TokenAuth(),
    docs=Swagger(settings={"persistAuthorization": False}),
    docs_decorator=login_required,
)
problems.install(api)
api.add_router("/deployments", deployments.router)
api.add_router("", tasks.router)
