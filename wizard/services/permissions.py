"""Who may do what: one row for each use case. Every service asks here first; what is not in the table nobody may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from wizard.models import Operator
from wizard.services.errors import NotAllowed
from wizard.text import Text, _

Permission = Literal["view", "operate", "review", "administer"]

USE_CASES: Final[Mapping[str, Permission]] = MappingProxyType(
    {
        # To be here at all.
        "product.use": "view",
        "overview.see": "view",
        "export.take": "view",
        "console.open": "review",
        # Deployments and what follows from their answers.
        "deployment.create": "operate",
        "deployment.rename": "operate",
        "deployment.give_to_team": "operate",
        "deployment.answer": "operate",
        "deployment.delete": "operate",
        "calendar.see": "view",
        "conflicts.see": "view",
        "endings.see": "view",
        "firewall.see": "view",
        "privileges.see": "view",
        "task_sheets.see": "view",
        # Another person says that it may be set up.
        "approval.ask": "operate",
        "approval.decide": "review",
        "approval.demand": "review",
        # Who did what; the history of one deployment is for whoever sees that.
        "audit.read": "review",
        # Work in the background.
        "task.launch": "operate",
        "task.cancel": "operate",
        "task.retry": "operate",
        # What is not met, or not to be measured.
        "waiver.ask": "operate",
        "waiver.take_back": "operate",
        "waiver.approve": "review",
        "waiver.refuse": "review",
        "attestation.see": "view",
        "attestation.give": "operate",
        "attestation.withdraw": "operate",
        "facts.give": "operate",
        "facts.order_script": "operate",
        # Installation and what comes after it.
        "installation.give_secret": "operate",
        "installation.take_bundle": "operate",
        "manual_step.confirm": "operate",
        "addition.plan": "operate",
        "addition.change": "operate",
        "addition.remove": "operate",
        "physical_server.change": "operate",
        "machine.move": "operate",
        "machine.compare_with_vault": "operate",
        "vault.choose_account": "operate",
        "vault.correct_role": "operate",
        "notice.mark_seen": "operate",
        "hand_over.take": "operate",
        "decommission.confirm": "operate",
        "decommission.finish": "operate",
        # Accounts for remote parts.
        "credential.see": "view",
        "credential.store": "operate",
        "credential.delete": "operate",
        "vcenter.probe": "operate",
        "azure_account.change": "operate",
        "azure_account.test": "operate",
        # Programs that are told: about one deployment, or about all that somebody may see.
        "webhook.see": "operate",
        "webhook.change": "operate",
        "webhook.change_general": "administer",
        # The installation itself.
        "team.change": "administer",
        "token.create_for_others": "administer",
        "token.revoke_for_others": "administer",
        "token.be_told_when_others_end": "administer",
        "person.change": "administer",
        "person.reset_second_factor": "administer",
        "person.forget_refusals": "administer",
        "keys.rotate": "administer",
    }
)

_GRANTS: Final[Mapping[str, frozenset[Permission]]] = MappingProxyType(
    {
        Operator.Role.VIEWER: frozenset({"view"}),
        Operator.Role.OPERATOR: frozenset({"view", "operate"}),
        Operator.Role.REVIEWER: frozenset({"view", "review"}),
        Operator.Role.ADMIN: frozenset({"view", "operate", "review", "administer"}),
    }
)

_REFUSALS: Final[Mapping[Permission, str]] = MappingProxyType(
    {
        "view": _("Sign in to see this."),
        "operate": _("Your role lets you look, not change. Ask an administrator for the operator role."),
        "review": _("Only reviewers may do this. Ask an administrator for the reviewer role."),
        "administer": _("Only administrators may do this."),
    }
)
_NOT_YOURS: Final = _("This belongs to a team that you are not in. Ask an administrator to add you to it.")


class OfTeam(Protocol):
    """What may belong to a team: a deployment, a credential, an Azure account."""

    @property
    def team_id(self) -> Any: ...


def may(actor: Operator | AnonymousUser, use_case: str, on: OfTeam | None = None) -> bool:
    """Whether `actor` may, by the role; with `on` also whether with this one: a team's is its members' and administrators'."""
    return _granted(actor, use_case) and (on is None or reaches(actor, on))


def require(actor: Operator | AnonymousUser, use_case: str, on: OfTeam | None = None) -> None:
    """Raises NotAllowed where `actor` may not."""
    if not _granted(actor, use_case):
        raise NotAllowed(Text(_REFUSALS[USE_CASES.get(use_case, "administer")]))
    if on is not None and not reaches(actor, on):
        raise NotAllowed(Text(_NOT_YOURS))


def reaches(actor: Operator | AnonymousUser, on: OfTeam) -> bool:
    """Whether it is `actor`'s or everybody's, whatever the role."""
    if not isinstance(actor, Operator):
        return False
    return on.team_id is None or sees_all_teams(actor) or on.team_id in team_ids(actor)


def of_teams(actor: Operator, path: str = "") -> Q:
    """The same as a condition on rows: `path` leads to what may belong to a team, such as "deployment__"."""
    if sees_all_teams(actor):
        return Q()
    # Asked in the same query: most pages then need none for the teams.
    memberships = Operator.teams.through.objects.filter(operator=actor.pk)
    mine = Q(**{f"{path}team": None}) | Q(**{f"{path}team__in": memberships.values("team_id")})
    launched = _launched.get()
    if launched is not None and launched.actor == actor.pk and launched.team is not None:
        mine |= Q(**{f"{path}team": launched.team})
    return mine


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
    launched = _launched.get()
    return known | {launched.team} if launched is not None and launched.actor == actor.pk else known


def forget_teams(actor: Operator) -> None:
    """To be called for whose membership has changed."""
    actor.__dict__.pop("_team_ids", None)


# --- work in the background -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Launched:
    actor: object
    team: object


_launched: ContextVar[_Launched | None] = ContextVar("launched", default=None)


@contextmanager
def as_checked_at_launch(actor: Operator, on: OfTeam) -> Iterator[None]:
    """Work that was launched is done to its end with the rights that its launch asked for, whoever its person is by now.

    Else a task would break off half way where somebody changes role or team while it runs.
    """
    token = _launched.set(_Launched(actor=actor.pk, team=on.team_id))
    try:
        yield
    finally:
        _launched.reset(token)


@contextmanager
def by_the_rights_of_today() -> Iterator[None]:
    """Within work in the background: what people may now, whatever its launch allowed."""
    token = _launched.set(None)
    try:
        yield
    finally:
        _launched.reset(token)


def _granted(actor: Operator | AnonymousUser, use_case: str) -> bool:
    needed = USE_CASES.get(use_case)
    if needed is None or not isinstance(actor, Operator):
        return False
    launched = _launched.get()
    if launched is not None and launched.actor == actor.pk and needed in _GRANTS[Operator.Role.OPERATOR]:
        return True
    return actor.is_active and needed in _GRANTS.get(role_of(actor), frozenset())
