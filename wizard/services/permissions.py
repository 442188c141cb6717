"""Who may do what. Every use case asks here first; nothing is allowed that is not listed."""

from __future__ import annotations

from typing import Final, Literal

from django.contrib.auth.models import AnonymousUser

from wizard.models import Deployment, Operator
from wizard.services.errors import NotAllowed
from wizard.text import Text, _

Permission = Literal["view", "operate", "review", "administer"]

_GRANTS: Final[dict[str, frozenset[Permission]]] = {
    Operator.Role.VIEWER: frozenset({"view"}),
    Operator.Role.OPERATOR: frozenset({"view", "operate"}),
    Operator.Role.REVIEWER: frozenset({"view", "review"}),
    Operator.Role.ADMIN: frozenset({"view", "operate", "review", "administer"}),
}

_REFUSALS: Final[dict[Permission, str]] = {
    "view": _("Sign in to see this."),
    "operate": _("Your role lets you look, not change. Ask an administrator for the operator role."),
    "review": _("Only reviewers may do this. Ask an administrator for the reviewer role."),
    "administer": _("Only administrators may do this."),
}


def may(actor: Operator | AnonymousUser, permission: Permission, on: Deployment | None = None) -> bool:
    """Whether `actor` may; with a deployment, whether with this one: those of a team are its members' alone."""
    if not isinstance(actor, Operator) or not actor.is_active:
        return False
    if permission not in _GRANTS.get(role_of(actor), frozenset()):
        return False
    return on is None or on.team_id is None or sees_all_teams(actor) or on.team_id in team_ids(actor)


def require(actor: Operator | AnonymousUser, permission: Permission, on: Deployment | None = None) -> None:
    """Raises NotAllowed where `actor` may not."""
    if not may(actor, permission, on):
        raise NotAllowed(Text(_REFUSALS[permission]))


def role_of(actor: Operator) -> str:
    return Operator.Role.ADMIN if actor.is_superuser else actor.role


def sees_all_teams(actor: Operator) -> bool:
    return role_of(actor) == Operator.Role.ADMIN


def team_ids(actor: Operator) -> frozenset[object]:
    """The teams that somebody is in; read once for each time that the person was read."""
    known: frozenset[object] | None = getattr(actor, "_team_ids", None)
    if known is None:
        known = frozenset(actor.teams.values_list("pk", flat=True))
        actor._team_ids = known  # type: ignore[attr-defined]  # kept with the object that it is true of
    return known
