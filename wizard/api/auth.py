"""Bearer tokens, and what their scope lets them do."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from wizard.models import ApiToken, Operator
from wizard.services import accounts
from wizard.services.errors import NotAllowed
from wizard.services.permissions import require
from wizard.text import Text, _

_RANK: Final = {scope: rank for rank, scope in enumerate(ApiToken.Scope.values)}


class TokenAuth(HttpBearer):
    """`Authorization: Bearer <token>`; nothing else signs in here, least of all a cookie."""

    openapi_description = "A token of a person, made in the account page or with `manage.py token create`."

    def __call__(self, request: HttpRequest) -> ApiToken | None:
        # Asked before an operation and by it: looked up once.
        if not hasattr(request, "bearer"):
            request.bearer = super().__call__(request)  # type: ignore[attr-defined]
        found: ApiToken | None = request.bearer  # type: ignore[attr-defined]
        return found

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        return accounts.token_bearer(token.strip())


def still_good(request: Any) -> None:
    """For whoever was made to wait: the token is looked up again, with its person. Raises AuthenticationError."""
    found = accounts.token_bearer(request.headers["Authorization"].partition(" ")[2].strip())
    if found is None:
        raise AuthenticationError
    request.bearer = request.auth = found


def caller(request: Any, scope: str = ApiToken.Scope.READ) -> Operator:
    """The person who calls, if their token reaches that far. What the person may change is for the services to say."""
    token: ApiToken = request.auth
    if _RANK[token.scope] < _RANK[scope]:
        raise NotAllowed(
            Text(
                _("This token's scope is “%(scope)s”; “%(needed)s” is needed."),
                scope=token.scope,
                needed=str(scope),
            ),
            remedy=Text(_("Make a token with that scope.")),
            code="scope_too_small",
        )
    require(token.user, "product.use")
    return token.user
