"""Teams: made and changed by administrators, chosen by their members for what is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet

from wizard.journey.errors import FieldError
from wizard.models import DeploymentState, Operator, Team
from wizard.services import audit
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.services.permissions import forget_teams, require, sees_all_teams
from wizard.services.storable import storable
from wizard.services.visibility import rows_for
from wizard.text import Text, _, verbatim


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What belongs to a team; as long as there is any, it is not deleted."""

    deployments: int
    credentials: int
    azure_accounts: int
    webhooks: int

    @property
    def empty(self) -> bool:
        return not (self.deployments or self.credentials or self.azure_accounts or self.webhooks)


def visible_teams(actor: Operator) -> QuerySet[Team]:
    """For administrators all, for others those that they are in; `people` and `in_service` are how many of each it has."""
    return rows_for(
        actor,
        Team.objects.annotate(
            people=Count("members", distinct=True),
            in_service=Count(
                "deployments", ~Q(deployments__state=DeploymentState.DECOMMISSIONED), distinct=True
            ),
        ),
    )


def get(team_id: UUID, *, actor: Operator) -> Team:
    """Raises NotFound, for a team that is not there and for one that is not the caller's alike."""
    team = visible_teams(actor).filter(pk=team_id).first()
    if team is None:
        raise NotFound(Text(_("There is no such team.")))
    return team


def choices(actor: Operator) -> list[Team]:
    """The teams that this person may choose for something new."""
    rows = Team.objects.all() if sees_all_teams(actor) else Team.objects.filter(members=actor)
    return list(rows)


def usual(actor: Operator) -> str:
    """What is chosen unless the person says otherwise: the only team that they are in."""
    own = list(Team.objects.filter(members=actor).values_list("name", flat=True)[:2])
    return own[0] if len(own) == 1 else ""


def named(name: str, *, actor: Operator) -> Team | None:
    """The team of that name that `actor` may choose; none for an empty name. Raises Invalid for any other."""
    if not name:
        return None
    team = next((row for row in choices(actor) if row.name == name), None)
    if team is None:
        # The same for one of others: which teams there are is for their members.
        text = Text(_("You are in no team named “%(name)s”."), name=name[:100])
        raise Invalid([FieldError(path="team", message=text, code="unknown_team")])
    return team


@transaction.atomic
def create(*, name: str, actor: Operator) -> Team:
    """Raises Invalid for a name that is missing, too long or taken."""
    require(actor, "team.change")
    team = Team()
    _write_name(team, name)
    _note(team, "team.created", _("%(who)s made the team %(team)s."), actor)
    return team


@transaction.atomic
def rename(team: Team, *, name: str, actor: Operator) -> Team:
    """Raises Invalid for a name that is missing, too long or taken."""
    require(actor, "team.change")
    _hold(team)
    before = team.name
    _write_name(team, name)
    if team.name != before:
        sentence = _("%(who)s renamed the team %(before)s to %(team)s.")
        _note(team, "team.renamed", sentence, actor, before=before)
    return team


@transaction.atomic
def delete(team: Team, *, actor: Operator) -> None:
    """Raises Conflict `team_in_use` as long as something belongs to it."""
    require(actor, "team.change")
    _hold(team)
    held = holdings(team)
    if not held.empty:
        raise Conflict(
            Text(
                _(
                    "%(team)s still has deployments (%(deployments)s), credentials (%(credentials)s), Azure accounts "
                    "(%(accounts)s) or webhooks (%(webhooks)s)."
                ),
                team=team.name,
                deployments=held.deployments,
                credentials=held.credentials,
                accounts=held.azure_accounts,
                webhooks=held.webhooks,
            ),
            remedy=Text(_("Give its deployments to another team, and delete the rest, first.")),
            code="team_in_use",
        )
    _note(team, "team.deleted", _("%(who)s deleted the team %(team)s."), actor)
    team.delete()


def holdings(team: Team) -> Holdings:
    return Holdings(
        deployments=team.deployments.count(),
        credentials=team.credentials.filter(azure_accounts=None).count(),
        azure_accounts=team.azure_accounts.count(),
        webhooks=team.webhooks.count(),
    )


@transaction.atomic
def add_member(team: Team, *, username: str, actor: Operator) -> Operator:
    """Raises Invalid where there is no such active person. Who is in it already stays so."""
    require(actor, "team.change")
    _hold(team)
    person = Operator.objects.filter(username=storable(username).strip(), is_active=True).first()
    if person is None:
        text = Text(_("There is no active person named “%(name)s”."), name=username.strip()[:150])
        raise Invalid([FieldError(path="username", message=text, code="unknown_person")])
    if not team.members.filter(pk=person.pk).exists():
        team.members.add(person)
        forget_teams(person)
        sentence = _("%(who)s added %(person)s to the team %(team)s.")
        _note(team, "team.member_added", sentence, actor, person=person.get_username())
    return person


@transaction.atomic
def remove_member(team: Team, *, username: str, actor: Operator) -> None:
    """What the person began stays the team's. Raises NotFound where they are not in it."""
    require(actor, "team.change")
    _hold(team)
    person = team.members.filter(username=storable(username)).first()
    if person is None:
        raise NotFound(Text(_("%(name)s is not in this team."), name=username[:150]))
    team.members.remove(person)
    forget_teams(person)
    sentence = _("%(who)s took %(person)s out of the team %(team)s.")
    _note(team, "team.member_removed", sentence, actor, person=person.get_username())


# --- inside -----------------------------------------------------------------------------------------------------------


_LONGEST: Final = 100


def _hold(team: Team) -> None:
    """As it is now, and nobody else changes it meanwhile. Raises NotFound where it is gone."""
    if not Team.objects.select_for_update().filter(pk=team.pk).exists():
        raise NotFound(Text(_("There is no such team.")))
    team.refresh_from_db()


def _write_name(team: Team, name: str) -> None:
    team.name = storable(name).strip()
    if not team.name:
        text = Text(_("Give the team a name, such as Lyon."))
        raise Invalid([FieldError(path="name", message=text, code="missing")])
    if len(team.name) > _LONGEST or not team.name.isprintable():
        text = Text(
            _("The name has %(found)s characters; expected are at most %(most)s, on one line."),
            found=len(team.name),
            most=_LONGEST,
        )
        raise Invalid([FieldError(path="name", message=text, code="too_long")])
    try:
        team.full_clean()
    except ValidationError as error:
        text = verbatim("; ".join(error.messages))
        raise Invalid([FieldError(path="name", message=text, code="name_taken")]) from None
    team.save()


def _note(team: Team, action: str, template: str, actor: Operator, **values: str) -> None:
    audit.record(
        action,
        subject=team,
        actor=actor,
        sentence=Text(template, who=actor.username, team=team.name, **values),
    )
