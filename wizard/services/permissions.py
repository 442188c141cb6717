"""Who may do what. Every use case asks here first; nothing is allowed that is not listed."""

from __future__ import annotations

from typing import Final, Literal

from django.contrib.auth.models import AnonymousUser

from wizard.models import Operator
from wizard.services.errors import NotAllowed
from wizard.text import Text, _

Permission = Literal["view", "operate", "administer"]

_GRANTS: Final[dict[str, frozenset[Permission]]] = {
    Operator.Role.VIEWER: frozenset({"view"}),
    Operator.Role.OPERATOR: frozenset({"view", "operate"}),
    Operator.Role.ADMIN: frozenset({"view", "operate", "administer"}),
}

_REFUSALS: Final[dict[Permission, str]] = {
    "view": _("Sign in to see this."),
    "operate": _("Your role lets you look, not change. Ask an administrator for the operator role."),
    "administer": _("Only administrators may do this."),
}


def may(actor: Operator | AnonymousUser, permission: Permission) -> bool:
    if not isinstance(actor, Operator) or not actor.is_active:
        return False
    role = Operator.Role.ADMIN if actor.is_superuser else actor.role
    return permission in _GRANTS.get(role, frozenset())


def require(actor: Operator | AnonymousUser, permission: Permission) -> None:
    """Raises NotAllowed where `actor` may not."""
    if not may(actor, permission):
        raise NotAllowed(Text(_REFUSALS[permission]))
