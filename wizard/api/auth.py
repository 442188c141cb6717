"""Bearer tokens, and what their scope lets them do."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from ninja.security import HttpBearer

from wizard.models import ApiToken, Operator
from wizard.services import accounts
from wizard.services.errors import NotAllowed
from wizard.text import Text, _

_RANK: Final = {scope: rank for rank, scope in enumerate(ApiToken.Scope.values)}


class TokenAuth(HttpBearer):
    """`Authorization: Bearer <token>`; the person behind the token becomes `request.user`."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        found = accounts.token_bearer(token)
        if found is not None:
            request.user = found.user
        return found


def caller(request: Any, scope: str = ApiToken.Scope.READ) -> Operator:
    """The person who calls, if their token reaches that far. What the person may do is for the services to say."""
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
    return token.user
